import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { closeConnections } from "./http.ts";
import { checkCounts } from "./k6.ts";
import { aggregate, type Metric, metrics } from "./metrics.ts";
import { Options, readThresholds } from "./options.ts";
import { runScenario } from "./scenario.ts";
import { defineGlobals } from "./virtual-user.ts";

/** k6's own exit code for a threshold that was crossed. */
const THRESHOLD_CROSSED = 99;
/** k6's exit code for a script that threw. */
const SCRIPT_FAILED = 107;

const parts: Readonly<Record<string, string>> = {
  k6: "k6.ts",
  "k6/http": "http.ts",
  "k6/metrics": "metrics.ts",
  "k6/execution": "execution.ts",
};
const LIFECYCLE = ["setup", "teardown", "handleSummary"];

function takeK6sPlace(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== "k6" && !specifier.startsWith("k6/")) return next(specifier, context);
      const part = parts[specifier];
      if (part === undefined) throw new Error(`this shim has no ${specifier}: ${Object.keys(parts).join(", ")}`);
      return { url: new URL(part, import.meta.url).href, shortCircuit: true };
    },
  });
}

function summary(metric: Metric, seconds: number): string {
  const value = (method: string): string => (aggregate(metric, method, seconds) ?? 0).toFixed(2);
  const count = metric.values.length;
  switch (metric.kind) {
    case "counter":
      return `${value("count")} (${value("rate")}/s)`;
    case "rate":
      return `${(100 * Number(value("rate"))).toFixed(2)} % of ${String(count)}`;
    case "trend":
      return `med ${value("med")}, p(95) ${value("p(95)")}, p(99) ${value("p(99)")}, max ${value("max")} of ${String(count)}`;
    default:
      return metric.kind satisfies never;
  }
}

/** Runs a script that was written for k6, and answers with the code that k6 would exit with. */
export async function runK6(file: string, env: Readonly<Record<string, string>>, say: (line: string) => void): Promise<number> {
  takeK6sPlace();
  defineGlobals(env);
  const script = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  const unknown = LIFECYCLE.find((name) => name in script);
  if (unknown !== undefined) throw new Error(`this shim runs no ${unknown}()`);
  const read = Options.safeParse(script["options"]);
  if (!read.success) throw new Error(`options of ${file}\n${z.prettifyError(read.error)}`);
  const thresholds = readThresholds(read.data.thresholds);
  const scenarios = Object.entries(read.data.scenarios).map(([name, scenario]) => {
    const iterate = script[scenario.exec];
    if (typeof iterate !== "function") throw new Error(`scenario ${name} wants ${scenario.exec}(), which is not exported`);
    return { name, scenario, iterate: iterate as () => unknown };
  });

  const from = performance.now();
  const errors = (await Promise.all(scenarios.map(({ name, scenario, iterate }) => runScenario(name, scenario, iterate)))).flat();
  const seconds = (performance.now() - from) / 1000;
  await closeConnections();

  for (const [name, { passes, fails }] of checkCounts)
    say(`${fails === 0 ? "✓" : "✗"} ${name}: ${String(passes)} of ${String(passes + fails)}`);
  for (const metric of metrics.values()) if (metric.values.length > 0) say(`${metric.name}: ${summary(metric, seconds)}`);
  const verdicts = thresholds.map((threshold) => ({ ...threshold, ...threshold.judge(seconds) }));
  for (const { metric, expression, holds, value } of verdicts)
    say(
      `${holds ? "✓" : "✗"} ${metric.name} ${expression}: ${metric.values.length === 0 && metric.kind !== "counter" ? "no sample" : value.toFixed(2)}`,
    );
  const [first] = errors;
  if (first !== undefined) say(`${String(errors.length)} iterations failed: ${first.message}`);
  if (verdicts.some(({ holds }) => !holds)) return THRESHOLD_CROSSED;
  return first === undefined ? 0 : SCRIPT_FAILED;
}
