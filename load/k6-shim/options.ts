import { z } from "zod";
import { aggregate, builtIn, type Metric, metrics } from "./metrics.ts";

const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const duration = z
  .string()
  .regex(/^(?:\d+(?:ms|s|m|h))+$/, "a time as 30s or 1m30s")
  .transform((text) => [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce((sum, [, n, u]) => sum + Number(n) * unit[u as keyof typeof unit], 0));

/** Of k6's executors the one that is an open loop at one rate. Whatever is not listed is an error: half of a scenario measures something else. */
const Scenario = z.strictObject({
  executor: z.literal("constant-arrival-rate"),
  rate: z.number().positive(),
  timeUnit: duration.default(1_000),
  duration,
  preAllocatedVUs: z.int().positive(),
  maxVUs: z.int().positive().optional(),
  startTime: duration.default(0),
  gracefulStop: duration.default(30_000),
  exec: z.string().default("default"),
});
export type Scenario = z.output<typeof Scenario>;

export const Options = z.strictObject({
  scenarios: z.record(z.string(), Scenario).refine((scenarios) => Object.keys(scenarios).length > 0, "there is no scenario"),
  thresholds: z.record(z.string(), z.array(z.string())).default({}),
});
export type Options = z.output<typeof Options>;

const operators = {
  "<": (a: number, b: number) => a < b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  ">=": (a: number, b: number) => a >= b,
  "==": (a: number, b: number) => a === b,
  "!=": (a: number, b: number) => a !== b,
} as const;

export interface Threshold {
  readonly metric: Metric;
  readonly expression: string;
  /** Judged when the test is over. */
  judge(seconds: number): { readonly holds: boolean; readonly value: number };
}

/** Read before the first request, so that a threshold which could never fail is found then, and not believed. */
export function readThresholds(asked: Options["thresholds"]): readonly Threshold[] {
  return Object.entries(asked).flatMap(([name, expressions]) => {
    const metric = metrics.get(name);
    if (metric === undefined) throw new Error(`a threshold on ${name}, which is no metric: ${[...metrics.keys()].join(", ")}`);
    if (metric === builtIn.iterationFromIntended) throw new Error(`${name} is not known to k6, so there is no threshold on it`);
    return expressions.map((expression) => readThreshold(metric, expression));
  });
}

function readThreshold(metric: Metric, expression: string): Threshold {
  const [, method = "", operator = "", number = ""] =
    /^\s*([a-z]+(?:\([\d.]+\))?)\s*(<=|>=|==|!=|<|>)\s*(-?[\d.]+)\s*$/.exec(expression) ?? [];
  const compare = operators[operator as keyof typeof operators] as ((a: number, b: number) => boolean) | undefined;
  if (compare === undefined || aggregate(metric, method, 1) === undefined)
    throw new Error(`threshold "${expression}" cannot be read for the ${metric.kind} ${metric.name}`);
  return {
    metric,
    expression,
    judge(seconds) {
      const value = aggregate(metric, method, seconds) ?? Number.NaN;
      const looked = metric.kind === "counter" || metric.values.length > 0; // nothing counted is 0; nothing measured is no answer
      return { holds: looked && compare(value, Number(number)), value };
    },
  };
}
