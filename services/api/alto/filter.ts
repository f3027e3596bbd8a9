import { z } from "zod";
import { costSources } from "../../../domain/topology/alto.ts";
import { canonicalJson, canonicalObject } from "../../../domain/topology/canonical.ts";
import { readConstraint, type Test } from "../../../domain/topology/constraints.ts";
import { missing, wrongValue } from "./errors.ts";
import { costTypeOf, pairsOf, vtagOf, type View } from "./view.ts";

const CostType = z.object({ "cost-mode": z.string(), "cost-metric": z.string() });
type CostType = z.infer<typeof CostType>;

/** What RFC 7285 §11.3.2.3 and RFC 8189 let a client choose of costs, whether between PIDs or between endpoints. */
export const CostChoice = z.object({
  "cost-type": CostType.optional(),
  "multi-cost-types": z.array(CostType).min(1).max(costSources.length).optional(),
  "testable-cost-types": z.array(CostType).min(1).max(costSources.length).optional(),
  constraints: z.array(z.string().max(64)).max(64).optional(),
  "or-constraints": z
    .array(z.array(z.string().max(64)).max(64))
    .max(64)
    .optional(),
});

const PidNames = z.array(z.string().max(64)).max(10_000);
export const CostMapFilter = CostChoice.extend({ pids: z.object({ srcs: PidNames, dsts: PidNames }).optional() });
export const NetworkMapFilter = z.object({ pids: PidNames, "address-types": z.array(z.string().max(32)).max(16).optional() });

/** Which costs a response carries, and of which pairs. */
export interface Chosen {
  /** Places in `costSources`. */
  readonly costs: readonly number[];
  readonly isMulti: boolean;
  readonly isWanted: (costs: Float64Array) => boolean;
  /** The part of `meta` that names the cost types. */
  readonly meta: object;
}

function placeOf(type: CostType, field: string): number {
  if (type["cost-mode"] !== "numerical") throw wrongValue(`${field}/cost-mode`, type["cost-mode"]);
  const place = costSources.findIndex(({ costMetric }) => costMetric === type["cost-metric"]);
  if (place === -1) throw wrongValue(`${field}/cost-metric`, type["cost-metric"]);
  return place;
}

export function choose(choice: z.infer<typeof CostChoice>): Chosen {
  const { "cost-type": single, "multi-cost-types": several, "testable-cost-types": testable } = choice;
  if (single === undefined && several === undefined) throw missing("cost-type");
  if (single !== undefined && several !== undefined) throw wrongValue("multi-cost-types", several);
  const costs = several?.map((type) => placeOf(type, "multi-cost-types")) ?? (single === undefined ? [] : [placeOf(single, "cost-type")]);
  const tested = testable?.map((type) => placeOf(type, "testable-cost-types")) ?? costs;
  const types = costs.map((place) => costTypeOf(costSources[place]?.costMetric ?? ""));
  return {
    costs,
    isMulti: several !== undefined,
    isWanted: testOf(choice, tested),
    meta: several === undefined ? { "cost-type": types[0] } : { "multi-cost-types": types },
  };
}

/** All of `constraints`, or all of one of the lists of `or-constraints`; not both (RFC 8189). */
function testOf({ constraints, "or-constraints": either }: z.infer<typeof CostChoice>, tested: readonly number[]): Chosen["isWanted"] {
  if (constraints !== undefined && either !== undefined) throw wrongValue("or-constraints", either);
  if (constraints === undefined && either === undefined) return () => true;
  const read = (text: string, field: string): Test => {
    const test = readConstraint(text, tested.length);
    if (test === undefined) throw wrongValue(field, text);
    return test;
  };
  const lists = either?.map((texts) => texts.map((text) => read(text, "or-constraints"))) ?? [
    (constraints ?? []).map((text) => read(text, "constraints")),
  ];
  return (costs) => {
    const of = tested.map((place) => costs[place] ?? Number.NaN);
    return lists.some((tests) => tests.every((test) => test(of)));
  };
}

/** The costs of one pair as a response carries them; undefined where there is none, or none that is wanted. Of several, those that are missing are null. */
export function costsIn(costs: Float64Array | undefined, { costs: places, isMulti, isWanted }: Chosen): unknown {
  if (costs === undefined || !isWanted(costs)) return undefined;
  const values = places.map((place) => costs[place] ?? Number.NaN).map((cost) => (Number.isNaN(cost) ? null : cost));
  if (values.every((value) => value === null)) return undefined;
  return isMulti ? values : values[0];
}

/** As canonical JSON: of many pairs a text is made faster than an object and then its text. */
export function filteredCostMap(view: View, { pids, ...choice }: z.infer<typeof CostMapFilter>): string {
  const chosen = choose(choice);
  const named = (names: readonly string[] | undefined): ReadonlySet<string> | undefined =>
    names === undefined || names.length === 0 ? undefined : new Set(names);
  const [srcs, dsts] = [named(pids?.srcs), named(pids?.dsts)];
  const rows: [string, string][] = [];
  for (const [source, row] of view.rows) {
    if (srcs?.has(source) === false) continue;
    const cells: [string, string][] = [];
    for (const [destination, costs] of pairsOf(row)) {
      const cost = dsts?.has(destination) === false ? undefined : costsIn(costs, chosen);
      if (cost !== undefined) cells.push([destination, JSON.stringify(cost)]);
    }
    if (cells.length > 0) rows.push([source, canonicalObject(cells)]);
  }
  return canonicalObject([
    ["cost-map", canonicalObject(rows)],
    ["meta", canonicalJson({ "dependent-vtags": [vtagOf(view)], ...chosen.meta })],
  ]);
}

/** What is not known is as if it had not been asked for (RFC 7285 §11.3.1.6). */
export function filteredNetworkMap(
  { networkMap }: View,
  { pids, "address-types": types = [] }: z.infer<typeof NetworkMapFilter>,
): View["networkMap"] {
  const isNamed = (pid: string): boolean => pids.length === 0 || pids.includes(pid);
  return Object.fromEntries(
    Object.entries(networkMap)
      .filter(([pid]) => isNamed(pid))
      .map(([pid, group]) => [
        pid,
        Object.fromEntries(Object.entries(group).filter(([type]) => types.length === 0 || types.includes(type))),
      ]),
  );
}
