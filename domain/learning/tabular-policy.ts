import { prefer } from "./act.ts";
import { demandOf, remember } from "./demand.ts";
import { DEVIATIONS, emptyMemory, EnvelopeSettings, type Mask, type Random, type State } from "./model.ts";
import { practise, type PracticeSettings } from "./practice.ts";
import type { Policy } from "./simulate.ts";
import { FEATURES, maskOf, outlookOf, stateOf } from "./state.ts";
import { learnStep, newTable, rowOf, type Table } from "./tabular.ts";

/*
 * The simplest learner: the same states and actions as the network's, the states in coarse cells. What it knows can be read.
 */

const COORDINATES = [
  ["margin", [1.5, 2, 2.5, 3, 4]],
  ["rise1min", [-0.1, 0.1, 0.3]],
  ["podsMinusCentre", [-0.5, 0.5]],
] as const satisfies readonly (readonly [(typeof FEATURES)[number], readonly number[]])[];

const INDICES = COORDINATES.map(([name]) => FEATURES.indexOf(name));
export const CELLS = COORDINATES.reduce((product, [, edges]) => product * (edges.length + 1), 1);

/** Which cell features are in: margin of the rule's replicas, trend, pods over or under the rule's. */
export const cellOf = (features: Float32Array): number =>
  COORDINATES.reduce((cell, [, edges], i) => {
    const x = features[INDICES[i] as number] as number;
    return cell * (edges.length + 1) + edges.filter((edge) => x >= edge).length;
  }, 0);

const chooseFrom =
  (table: Table, hurdle: number) =>
  ({ features }: State, mask: Mask): number =>
    prefer(rowOf(table, cellOf(features)), mask, hurdle);

/** A table that has practised so many minutes. */
export function trainTable(perMinute: Float32Array, random: Random, settings: PracticeSettings, minutes: number, hurdle: number): Table {
  const table = newTable(CELLS, DEVIATIONS.length);
  const experience = practise(chooseFrom(table, hurdle), perMinute, random, settings, () => 0.3);
  for (let i = 0; i < minutes; i += 1)
    for (const { features, action, reward, steps, nextFeatures, nextMask } of experience.next().value)
      learnStep(table, { state: cellOf(features), action, reward, next: cellOf(nextFeatures), nextMask }, settings.gamma ** steps);
  return table;
}

/** The table as a policy, without guard or fallback. */
export function tablePolicy(table: Table, hurdle: number): Policy {
  const choose = chooseFrom(table, hurdle);
  const envelope = EnvelopeSettings.parse({});
  let memory = emptyMemory;
  return (observation) => {
    const { replicas } = observation;
    const demand = demandOf(observation);
    memory = remember(memory, demand);
    const state = stateOf(outlookOf(memory.demand), replicas, demand / Math.max(1, replicas.ready));
    return state.centre + (DEVIATIONS[choose(state, maskOf(state, replicas, envelope))] ?? 0);
  };
}
