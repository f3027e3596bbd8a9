import { best } from "./act.ts";
import type { Mask, Random } from "./model.ts";
import { below } from "./random.ts";

/** A table of Q-values, states × actions, and how often each was visited. */
export interface Table {
  readonly states: number;
  readonly actions: number;
  readonly values: Float64Array;
  readonly visits: Float64Array;
}

export const newTable = (states: number, actions: number): Table => ({
  states,
  actions,
  values: new Float64Array(states * actions),
  visits: new Float64Array(states * actions),
});

export const rowOf = ({ values, actions }: Table, state: number): Float64Array => values.subarray(state * actions, (state + 1) * actions);

export interface TableStep {
  readonly state: number;
  readonly action: number;
  readonly reward: number;
  readonly next: number;
  readonly nextMask: Mask;
}

/**
 * Q-learning (Watkins 1989) in place. The step size falls as visits^-0.7 (Even-Dar and Mansour 2003: polynomial step sizes converge faster
 * than 1 ÷ visits).
 */
export function learnStep(table: Table, { state, action, reward, next, nextMask }: TableStep, gamma: number): void {
  const at = state * table.actions + action;
  const row = rowOf(table, next);
  const then = best(row, nextMask);
  const wanted = reward + gamma * (then < 0 ? 0 : (row[then] as number));
  const visits = (table.visits[at] as number) + 1;
  table.visits[at] = visits;
  table.values[at] = (table.values[at] as number) + visits ** -0.7 * (wanted - (table.values[at] as number));
}

/** Epsilon-greedy. */
export function chooseFrom(table: Table, state: number, mask: Mask, epsilon: number, random: Random): number {
  const allowed = mask.flatMap((may, i) => (may ? [i] : []));
  return random() < epsilon ? (allowed[below(random, allowed.length)] as number) : best(rowOf(table, state), mask);
}
