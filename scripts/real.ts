import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { provide } from "./real/build.ts";
import { Matrix, tableOf } from "./real/matrix.ts";
import { type Part, parts } from "./real/parts.ts";
import { startServices } from "./services.ts";
import { tally } from "./test/tally.ts";
import { runVitest } from "./test/vitest.ts";

const USAGE = `npm run test:real [-- filter…]
  (nothing)      everything in test/real, against real programs of OpenFaaS, Knative and Kubernetes
  filter…        only the files whose path contains it; options go on to vitest (-t "name")
Needs Go on PATH to build the programs, once, into the user's cache; a variable named in scripts/real/parts.ts names one that is there already.
What there is no program for is skipped, and said so.`;

const given = process.argv.slice(2);
if (given.includes("--help")) {
  console.log(USAGE);
  process.exit(0);
}

const filters = given.filter((arg) => !arg.startsWith("-"));
const isWanted = ({ usedBy }: Part): boolean =>
  filters.length === 0 ||
  usedBy.some((folder) => filters.some((filter) => `test/real/${folder}/`.includes(filter) || filter.includes(folder)));

async function main(): Promise<number> {
  const found: Record<string, Awaited<ReturnType<typeof provide>>> = {};
  const said: string[] = [];
  for (const part of parts.filter(isWanted)) {
    const there = await provide(part, (line) => console.log(line));
    found[part.name] = there;
    const line = "path" in there ? `${part.name} ${part.version}, ${there.how}` : `${part.name}: none, because ${there.why}`;
    said.push(line);
    console.log(line);
  }

  const services = await startServices();
  console.log(`${services.how}\n`);
  const dir = await mkdtemp(join(tmpdir(), "underlay-real-"));
  const matrix = join(dir, "matrix.json");
  const { exitCode, report } = await runVitest(["--project=real", ...given], {
    AMQP_URL: services.amqpUrl,
    REDIS_URL: services.redisUrl,
    REAL_PARTS: JSON.stringify(found),
    REAL_MATRIX: matrix,
  });
  await services.stop();
  const seen = await readFile(matrix, "utf8").catch(() => undefined);
  await rm(dir, { recursive: true, force: true });

  // Skipped is neither passed nor failed here: a part that cannot be had is the registry's doing.
  const statuses = report?.testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status)) ?? [];
  const skipped = statuses.filter((status) => status !== "passed" && status !== "failed").length;
  const counted = tally(report, exitCode, { filtered: true });
  const isAllSkipped = exitCode === 0 && skipped > 0 && skipped === statuses.length;
  const failed = isAllSkipped ? 0 : counted.failed;
  for (const note of isAllSkipped ? ["nothing ran, so nothing is shown"] : counted.notes) console.log(note);
  if (seen !== undefined) console.log(`${tableOf(Matrix.parse(JSON.parse(seen)))}\n`);
  console.log(`ran with\n  ${[...said, ...services.how.split("\n")].join("\n  ")}\n`);
  console.log(`${String(counted.passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : fault);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
