import { expect, it } from "vitest";
import { seeded } from "./random.ts";
import { chooseFrom, learnStep, newTable } from "./tabular.ts";

/*
 * A small world of replicas 0 to 4 and a demand that is low or high and changes at random: the action is to take one away, keep, or add one.
 */
const GAMMA = 0.8;
const STATES = 10;
const ACTIONS = 3;
const STAYS = 0.7;

const after = (state: number, action: number): { readonly replicas: number; readonly reward: number } => {
  const replicas = Math.min(4, Math.max(0, (state >> 1) + action - 1));
  const demand = state % 2 === 0 ? 1 : 3;
  return { replicas, reward: -replicas - (replicas < demand ? 10 : 0) };
};
const stateOf = (replicas: number, isHigh: boolean): number => 2 * replicas + (isHigh ? 1 : 0);

function valueIteration(): Float64Array {
  let q = new Float64Array(STATES * ACTIONS);
  const best = (state: number): number => Math.max(...q.subarray(state * ACTIONS, (state + 1) * ACTIONS));
  for (let i = 0; i < 500; i += 1)
    q = q.map((_, k) => {
      const [state, action] = [Math.floor(k / ACTIONS), k % ACTIONS];
      const { replicas, reward } = after(state, action);
      const isHigh = state % 2 === 1;
      return reward + GAMMA * (STAYS * best(stateOf(replicas, isHigh)) + (1 - STAYS) * best(stateOf(replicas, !isHigh)));
    });
  return q;
}

it("tabular Q-learning comes to value iteration's values, within a hundredth", () => {
  const random = seeded(11);
  const table = newTable(STATES, ACTIONS);
  const mask = [true, true, true];
  let state = 0;
  for (let step = 0; step < 6_000_000; step += 1) {
    const action = chooseFrom(table, state, mask, 1, random);
    const { replicas, reward } = after(state, action);
    const next = stateOf(replicas, random() < STAYS === (state % 2 === 1));
    learnStep(table, { state, action, reward, next, nextMask: mask }, GAMMA);
    state = next;
  }
  const exact = valueIteration();
  const worst = Math.max(...table.values.map((q, k) => Math.abs(q - (exact[k] as number))));
  expect(worst).toBeLessThan(1e-2 * Math.max(...exact.map(Math.abs)));
});
