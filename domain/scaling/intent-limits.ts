import { z } from "zod";
import { parseQuantity } from "../cluster/quantity.ts";
import type { Resources } from "../learning/model.ts";

/*
 * CPU and RAM limits in what NEMO's intent API answers. D2.3 shows its body only as a picture, so this reads tolerantly what TS 28.312 and
 * D2.3's tables have: the workload is the context NEMO_WORKLOAD (Table 5), limits are targets.
 */

const Context = z.looseObject({ contextAttribute: z.string(), contextValueRange: z.unknown() });
const Target = z.looseObject({
  targetName: z.string(),
  targetCondition: z.string().optional(),
  targetValueRange: z.unknown(),
  targetUnit: z.string().optional(),
});
const list = <T extends z.ZodType>(of: T) => z.array(of.nullable().catch(null)).catch([]).default([]);
const Expectation = z.looseObject({
  expectationObject: z
    .looseObject({ objectContexts: list(Context) })
    .nullish()
    .catch(undefined),
  expectationTargets: list(Target),
  expectationContexts: list(Context),
});
const Intent = z.looseObject({ intentExpectations: list(Expectation), intentContexts: list(Context) });

/** Conditions that set an upper bound. */
const limiting: ReadonlySet<string> = new Set([
  "IS_LESS_THAN",
  "IS_LESS_THAN_OR_EQUAL_TO",
  "IS_EQUAL_TO",
  "IS_EQUAL_TO_OR_LESS_THAN",
  "IS_WITHIN_RANGE",
]);
const units: Readonly<Record<string, number>> = {
  core: 1,
  cores: 1,
  millicores: 1e-3,
  b: 1,
  byte: 1,
  bytes: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** @returns limits of one pod, by NEMO's workload UUID; of several intents about one workload the smallest. */
export function readIntentLimits(answer: unknown): ReadonlyMap<string, Partial<Resources>> {
  const limits = new Map<string, Partial<Resources>>();
  for (const one of intentsIn(answer)) {
    const read = Intent.safeParse(one);
    if (!read.success) continue;
    const { intentExpectations, intentContexts } = read.data;
    for (const expectation of intentExpectations) {
      if (expectation === null) continue;
      const contexts = [...intentContexts, ...expectation.expectationContexts, ...(expectation.expectationObject?.objectContexts ?? [])];
      for (const workload of workloadsIn(contexts))
        for (const target of expectation.expectationTargets) if (target !== null) keep(limits, workload, target);
    }
  }
  return limits;
}

/** A list, a page of one (`results`, `intents`, `items`), or a single intent; each bare or as `{"Intent": …}`. */
function intentsIn(answer: unknown): readonly unknown[] {
  const page = z.looseObject({
    results: z.array(z.unknown()).optional(),
    intents: z.array(z.unknown()).optional(),
    items: z.array(z.unknown()).optional(),
  });
  const read = page.safeParse(answer);
  const all = Array.isArray(answer)
    ? (answer as readonly unknown[])
    : read.success
      ? (read.data.results ?? read.data.intents ?? read.data.items ?? [answer])
      : [];
  return all.map((one) => {
    const wrapped = z.looseObject({ Intent: z.unknown() }).safeParse(one);
    return wrapped.success && wrapped.data.Intent !== undefined ? wrapped.data.Intent : one;
  });
}

const workloadsIn = (contexts: readonly (z.infer<typeof Context> | null)[]): readonly string[] =>
  contexts.flatMap((context) => {
    if (context?.contextAttribute.toUpperCase() !== "NEMO_WORKLOAD") return [];
    const { contextValueRange: value } = context;
    return (Array.isArray(value) ? (value as readonly unknown[]) : [value]).filter(
      (one): one is string => typeof one === "string" && one !== "",
    );
  });

function keep(
  limits: Map<string, Partial<Resources>>,
  workload: string,
  { targetName, targetCondition = "IS_LESS_THAN", targetValueRange, targetUnit = "" }: z.infer<typeof Target>,
): void {
  const resource = /cpu/i.test(targetName) ? "cpuCores" : /ram|mem/i.test(targetName) ? "ramBytes" : undefined;
  if (resource === undefined || !limiting.has(targetCondition.toUpperCase())) return;
  // Of a range the upper end limits. A share of something unknown (%) is no amount.
  const value = Array.isArray(targetValueRange) ? (targetValueRange as readonly unknown[]).at(-1) : targetValueRange;
  const unit = targetUnit === "" ? 1 : units[targetUnit.toLowerCase()];
  const amount = parseQuantity(value);
  if (unit === undefined || !amount.ok || amount.value <= 0) return;
  const known = limits.get(workload) ?? {};
  limits.set(workload, { ...known, [resource]: Math.min(known[resource] ?? Number.POSITIVE_INFINITY, amount.value * unit) });
}
