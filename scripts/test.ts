import { startServices } from "./services.ts";
import { tally } from "./test/tally.ts";
import { runVitest } from "./test/vitest.ts";

const USAGE = `npm test [-- filter… | fault | --short-fault]
  (nothing)      unit, conformance, chain and golden tests, and the fault suite in its short form
  filter…        only the files whose path contains it; options go on to vitest (-t "name")
  fault          the fault suite in full; --short-fault: in its short form
A real RabbitMQ and Redis are found or started; AMQP_URL and REDIS_URL name others, UNDERLAY_SERVICES=own or =docker asks for fresh ones.`;

/** What runs real parts of the platforms has a verb of its own, `npm run test:real`: it builds them first. */
const NOT_REAL = "--project=!real";

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
  console.log(`${services.how}\n`);
  const { exitCode, report } = await runVitest([NOT_REAL, ...only, ...passedOn], {
    AMQP_URL: services.amqpUrl,
    REDIS_URL: services.redisUrl,
    FAULT: long ? "long" : "short",
  });
  await services.stop();
  const { passed, failed, notes } = tally(report, exitCode, { filtered });
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
