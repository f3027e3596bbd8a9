import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** The text of a golden file beside a test. UPDATE=1 writes what is compared otherwise. */
export function goldenText(file: URL, now: string): string {
  if (process.env["UPDATE"] === "1") writeFileSync(file, now);
  if (!existsSync(file)) throw new Error(`there is no golden file ${file.pathname}: UPDATE=1 writes it`);
  return readFileSync(file, "utf8");
}

/** The same of a JSON file, which the formatter may lay out otherwise: as one line, in the order of its members. */
export const goldenJson = (file: URL, now: unknown): string =>
  JSON.stringify(JSON.parse(goldenText(file, `${JSON.stringify(now, null, 2)}\n`)));
