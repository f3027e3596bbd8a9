import { z } from "zod";
import { existing, type Found } from "./build.ts";
import { type Part, type PartName, parts } from "./parts.ts";

/** The runner tells the tests in REAL_PARTS what it found. */
const Told = z.record(z.string(), z.union([z.object({ path: z.string(), how: z.string() }), z.object({ why: z.string() })]));

const partOf = (name: PartName): Part => parts.find((part) => part.name === name) as Part;

/** A part's program, or why there is none; builds nothing, which is the runner's work (`npm run test:real`). */
export function findPart(name: PartName): Found {
  const told = Told.parse(JSON.parse(process.env["REAL_PARTS"] ?? "{}"))[name];
  return told ?? existing(partOf(name)) ?? { why: "it is not built: npm run test:real builds it" };
}

/** The path of a part's program; without one the reason is printed, and the caller skips what needs it. */
export function partPath(name: PartName): Promise<string | undefined> {
  const found = findPart(name);
  if ("path" in found) return Promise.resolve(found.path);
  console.log(`skipped for want of ${name}: ${found.why}`);
  return Promise.resolve(undefined);
}
