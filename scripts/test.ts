import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServices } from "./services.ts";
import { type Report, tally } from "./test/tally.ts";

const USAGE = `npm test [-- filter… | fault | --short-fault]
  (nothing)      unit, conformance, chain and golden tests, and the fault suite in its short form
  filter…        only the files whose path contains it; options go on to vitest (-t "name")
  fault          the fault suite in full; --short-fault: in its short form
A real RabbitMQ and Redis are found or started; AMQP_URL and REDIS_URL name others, UNDERLAY_SERVICES=own or =docker asks for fresh ones.`;

const root = join(import.meta.dirname, "..");
const given = process.argv.slice(2);

if (given.includes("--help")) {
  console.log(USAGE);
  process.exit(0);
}
if (!process.versions.node.startsWith("24.")) {
  console.error(`this is Node ${process.versions.node}; the tests run on Node 24, which \`npm test\` takes from node_modules`);
  process.exit(1);
}

const long = given.includes("fault");
const short = given.includes("--short-fault");
const passedOn = given.filter((arg) => arg !== "fault" && arg !== "--short-fault");
const only = long || short ? ["test/fault"] : [];
const filtered = passedOn.some((arg) => arg === "-t" || arg.startsWith("--testNamePattern"));

async function main(): Promise<number> {
  const services = await startServices();
  const dir = await mkdtemp(join(tmpdir(), "underlay-test-"));
  const report = join(dir, "report.json");
  console.log(`${services.how}\n`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = spawn(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...reporters, ...only, ...passedOn], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, AMQP_URL: services.amqpUrl, REDIS_URL: services.redisUrl, FAULT: long ? "long" : "short" },
  });
  // Whoever stops us stops the tests; the servers are ended below.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => vitest.kill(signal));
  const [exitCode] = (await once(vitest, "exit")) as [number | null];
  await services.stop();

  const text = await readFile(report, "utf8").catch(() => undefined);
  await rm(dir, { recursive: true, force: true });
  const { passed, failed, notes } = tally(text === undefined ? undefined : (JSON.parse(text) as Report), exitCode ?? 1, { filtered });
  for (const note of notes) console.log(note);
  console.log(`ran against\n  ${services.how.replaceAll("\n", "\n  ")}\n`);
  console.log(`${String(passed)} passed, ${String(failed)} failed`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : fault);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
