import { parseArgs } from "node:util";
import { type ArrangementName, arrangements } from "./bench/arrangement.ts";
import { type BenchOptions, type Part, parts, runBench, runProfile, runScenario, runSmoke } from "./bench/bench.ts";
import { describe } from "./bench/describe.ts";
import { describeProfile } from "./bench/profile.ts";
import { isTrue, selfTest } from "./bench/self-test.ts";
import { runK6 } from "./k6-shim/run.ts";
import { benchTsn } from "./tsn.ts";

const USAGE = `npm run load                      every figure with its bounds and its goal; twenty minutes
npm run load -- --short           correctness only, a minute
npm run load -- --only PART,…     ${parts.join(", ")}
npm run load -- profile [NAME,…]  where the time of the process goes: ${Object.keys(arrangements).join(", ")}
npm run load -- self-test         what the generator makes of a known delay
npm run load -- tsn               the TSN scheduler's figures; --help says more
npm run load -- k6 SCENARIO       intents, plans, event or a file, without k6 and on a system of its own; with -e TARGET=URL on that one

  --pairs N (8)  --seconds N (5)  --warm-up N (3)  --log-level LEVEL (warn)  -o json  --strict (a missed goal is exit code 99)`;

const option = { type: "string" } as const;
const { values, positionals } = parseArgs({
  args: process.argv[2] === "tsn" ? [] : process.argv.slice(2),
  allowPositionals: true,
  options: {
    short: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
    only: { ...option, default: parts.join(",") },
    pairs: { ...option, default: "8" },
    seconds: { ...option, default: "5" },
    "warm-up": { ...option, default: "3" },
    "log-level": { ...option, default: "warn" },
    output: { ...option, short: "o", default: "text" },
    env: { ...option, short: "e", multiple: true, default: [] },
  },
});

/** What each scenario of load/k6 is aimed at. */
const scenarios: Readonly<Record<string, { readonly file: string; readonly on: ArrangementName }>> = {
  intents: { file: "load/k6/intents.ts", on: "system" },
  plans: { file: "load/k6/plans.ts", on: "system" },
  event: { file: "load/k6/event.ts", on: "intent-classify over HTTP" },
};

function k6(name: string): Promise<number> {
  const env = Object.fromEntries(values.env.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)])) as Record<
    string,
    string
  >;
  const { file, on } = scenarios[name] ?? { file: name, on: "system" };
  return env["TARGET"] === undefined ? runScenario(file, on, env, console.log) : runK6(file, env, console.log);
}

const number = (name: "pairs" | "seconds" | "warm-up"): number => {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} takes a number`);
  return value;
};

const isPart = (text: string): text is Part => (parts as readonly string[]).includes(text);
const isArrangement = (text: string): text is ArrangementName => text in arrangements;

function listOf<T extends string>(text: string, is: (item: string) => item is T): readonly T[] {
  const items = text.split(",");
  const wanted = items.filter(is);
  if (wanted.length < items.length) throw new Error(`unknown: ${items.filter((item) => !is(item)).join(", ")}\n\n${USAGE}`);
  return wanted;
}

const isJson = values.output === "json";
const progress = (line: string): void => console.error(`  ${line}`);
const print = (data: unknown, text: () => string): void => console.log(isJson ? JSON.stringify(data, undefined, 2) : text());
const timing = (): Pick<BenchOptions, "warmMs" | "runMs" | "logLevel"> => ({
  warmMs: 1000 * number("warm-up"),
  runMs: 1000 * number("seconds"),
  logLevel: values["log-level"],
});

async function main([command, ...rest]: readonly string[]): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  switch (command) {
    case undefined: {
      if (values.short) {
        await runSmoke(300, progress);
        return 0;
      }
      const report = await runBench({ ...timing(), parts: new Set(listOf(values.only, isPart)), pairs: number("pairs"), say: progress });
      print(report, () => describe(report));
      return values.strict && report.figures.some(({ verdict }) => verdict === "missed" || verdict === "undecided") ? 99 : 0;
    }
    case "profile": {
      const names = listOf(rest[0] ?? "hops,hops without controller,fused", isArrangement);
      const profiles = await runProfile(names, timing());
      print(profiles, () =>
        Object.entries(profiles)
          .map(([name, summary]) => `${name}\n\n${describeProfile(summary)}\n`)
          .join("\n"),
      );
      return 0;
    }
    case "self-test": {
      const tests = await selfTest(3_000);
      print(tests, () =>
        tests
          .map(({ rate, delayMs, seen }) => `a sink of ${String(delayMs)} ms at ${String(rate)}/s: p50 ${seen.p50Ms.toFixed(1)} ms`)
          .join("\n"),
      );
      return tests.every(isTrue) ? 0 : 1;
    }
    case "k6":
      return k6(rest[0] ?? "intents");
    default:
      console.error(USAGE);
      return 2;
  }
}

// Its options are its own.
const [verb, ...own] = process.argv.slice(2);
process.exitCode =
  verb === "tsn"
    ? benchTsn(own)
    : await main(positionals).catch((error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        return 1;
      });
