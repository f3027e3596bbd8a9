import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Finding, type Gate, gates, verdict } from "./check/gates.ts";

const USAGE = `npm run check [-- --only ${gates.map(({ name }) => name.replace(" ", "-")).join(",")}]`;

const root = join(import.meta.dirname, "..");

async function pass(gate: Gate): Promise<boolean> {
  const since = performance.now();
  const fault = (cause: unknown): Finding => ({
    looked: 0,
    at: "nothing",
    problems: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
  });
  const finding = await gate.run(root).catch(fault);
  const said = verdict(finding);
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(`${said === "" ? "ok    " : "FAILED"}  ${gate.name.padEnd(11)} ${finding.at}, ${seconds} s`);
  if (said !== "") console.log(`${said.replaceAll(/^/gm, "        ")}\n`);
  return said === "";
}

const { values } = parseArgs({ options: { only: { type: "string" }, help: { type: "boolean" } } });
if (values.help === true) {
  console.log(USAGE);
  process.exit(0);
}
const wanted = values.only?.split(",").map((name) => name.replace("-", " "));
const unknown = wanted?.filter((name) => !gates.some((gate) => gate.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`no gate is called ${unknown.join(", ")}\n${USAGE}`);
  process.exit(1);
}

const waiting = gates.filter(({ name }) => wanted === undefined || wanted.includes(name));
const results: boolean[] = [];
const worker = async (): Promise<void> => {
  for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) results.push(await pass(gate));
};
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));

const passed = results.filter(Boolean).length;
console.log(`\n${String(passed)} passed, ${String(results.length - passed)} failed`);
process.exit(passed === results.length ? 0 : 1);
