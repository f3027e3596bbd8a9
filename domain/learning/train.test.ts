import { describe, expect, it } from "vitest";
import { drawSegment } from "./load.ts";
import { DEVIATIONS, NO_DEVIATION } from "./model.ts";
import { initialWeights } from "./network.ts";
import { practise } from "./practice.ts";
import { fork, seeded } from "./random.ts";
import { FEATURES } from "./state.ts";
import { newTrainee, normalisationOf, TRAIN_DEFAULTS } from "./train.ts";

const perMinute = Float32Array.from({ length: 2 * 1440 }, (_, m) => 2 + Math.sin(m / 100) + ((m * 7919) % 13) / 20);
const SETTINGS = { gamma: 0.95, steps: 5, rewardScale: 1 };

describe("practice", () => {
  it("tries every allowed action from one state on one demand", () => {
    const experience = practise(
      () => NO_DEVIATION,
      perMinute,
      seeded(1),
      SETTINGS,
      () => 0,
    );
    for (let i = 0; i < 500; i += 1) {
      const transitions = experience.next().value;
      expect(new Set(transitions.map(({ features }) => features)).size).toBe(1);
      expect(new Set(transitions.map(({ action }) => action)).size).toBe(transitions.length);
    }
  });

  it("follows the same demand again: ways that lead to the same pods have the same next state", () => {
    const experience = practise(
      () => NO_DEVIATION,
      perMinute,
      seeded(1),
      SETTINGS,
      () => 0,
    );
    let met = 0;
    for (let i = 0; i < 500; i += 1) {
      const transitions = experience.next().value;
      met += transitions.length - new Set(transitions.map(({ nextFeatures }) => nextFeatures)).size;
    }
    expect(met).toBeGreaterThan(500);
  });

  it("says that a pod too many costs about a pod for each tick that it runs", () => {
    const experience = practise(
      () => NO_DEVIATION,
      new Float32Array(1440).fill(2),
      seeded(3),
      { ...SETTINGS, gamma: 1 },
      () => 0,
    );
    const gains: number[] = [];
    for (let i = 0; i < 3000; i += 1) {
      const transitions = experience.next().value;
      const [stay, more] = [2, 4].map((action) => transitions.find((transition) => transition.action === action));
      if (stay !== undefined && more !== undefined) gains.push(more.reward - stay.reward);
    }
    const median = gains.toSorted((a, b) => a - b)[gains.length >> 1] as number;
    // Two pods for one tick, started and stopped again.
    expect(median).toBeCloseTo(-2 - 2 * 2 * 0.2, 1);
  });
});

describe("segments", () => {
  it("are a day of at most 9 pods of work, the same from the same seed", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const { demand } = drawSegment(perMinute, fork(seed, 0));
      expect(demand).toHaveLength(2880);
      expect(demand.every((work) => work >= 0 && work < 12)).toBe(true);
      expect(drawSegment(perMinute, fork(seed, 0)).demand).toEqual(demand);
    }
  });

  it("know the chance of what was drawn: it is as often above as they say", () => {
    const random = seeded(4);
    let expected = 0;
    let happened = 0;
    for (let i = 0; i < 40; i += 1) {
      const { demand, chanceAbove } = drawSegment(perMinute, random);
      demand.forEach((work, t) => {
        expected += chanceAbove(t, 2.4);
        happened += work > 2.4 ? 1 : 0;
      });
    }
    expect(Math.abs(happened / expected - 1)).toBeLessThan(0.02);
  });
});

it("practice gives the same weights for the same seed, and others for another", () => {
  const layout = [FEATURES.length, 16, DEVIATIONS.length];
  const normalisation = normalisationOf(perMinute, seeded(1), 200);
  const [a, again, other] = [5, 5, 6].map((seed) => {
    const model = { weights: initialWeights(layout, fork(seed, 1)), normalisation, hurdle: 0.01 };
    const { learner, practise: go } = newTrainee(model, perMinute, fork(seed, 2), TRAIN_DEFAULTS);
    go(600, (minute) => minute / 600);
    return learner.target.values;
  });
  expect(again).toEqual(a);
  expect(other).not.toEqual(a);
});
