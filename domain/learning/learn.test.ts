import { describe, expect, it } from "vitest";
import { LEARN_DEFAULTS, learn, newLearner } from "./learn.ts";
import type { Normalisation, Transition } from "./model.ts";
import { forward, initialWeights } from "./network.ts";
import { seeded } from "./random.ts";

const plain: Normalisation = { mean: new Float32Array(2), deviation: Float32Array.of(1, 1) };
const linear = (...values: number[]) => ({ layout: [2, 2], values: Float32Array.of(...values) });
const transition = (more: Partial<Transition>): Transition => ({
  features: Float32Array.of(1, 0),
  action: 0,
  reward: 0,
  steps: 1,
  nextFeatures: Float32Array.of(0, 1),
  nextMask: [true, true],
  ...more,
});

describe("a step of learning", () => {
  it("lets the network choose the next action and the target network value it (Double DQN), discounted by n steps", () => {
    // Q(next) = (1, 2) of the network, so action 1; the target network gives it 7 and the other 9. Q(now, 0) = 0.
    const learner = { ...newLearner(linear(0, 1, 0, 2, 0, 0)), target: linear(0, 9, 0, 7, 0, 0) };
    const { loss } = learn(learner, [transition({ reward: 3, steps: 2 })], plain, { ...LEARN_DEFAULTS, gamma: 0.5 });
    expect(loss).toBeCloseTo((3 + 0.25 * 7) ** 2, 5);
  });

  it("values only actions that may be taken next", () => {
    const learner = { ...newLearner(linear(0, 1, 0, 2, 0, 0)), target: linear(0, 9, 0, 7, 0, 0) };
    const { loss } = learn(learner, [transition({ nextMask: [true, false] })], plain, { ...LEARN_DEFAULTS, gamma: 0.5 });
    expect(loss).toBeCloseTo((0.5 * 9) ** 2, 5);
  });

  it("changes only what the chosen action's value depends on", () => {
    const learner = newLearner(linear(0, 0, 0, 0, 0, 0));
    learn(learner, [transition({ reward: 1, action: 1 })], plain);
    expect([...learner.weights.values].map((x) => x !== 0)).toEqual([false, false, true, false, false, true]);
  });

  it("counts hardly anything that all actions from one state got wrong alike", () => {
    const features = Float32Array.of(1, 0);
    const alike = [0, 1].map((action) => transition({ features, action, reward: 5 }));
    const unlike = [0, 1].map((action) => transition({ features, action, reward: action === 0 ? 5 : -5 }));
    const slopeOf = (batch: Transition[]): number => {
      const learner = newLearner(linear(0, 0, 0, 0, 0, 0));
      learn(learner, batch, plain, { ...LEARN_DEFAULTS, gamma: 0, commonWeight: 0.01 });
      return Math.abs(learner.optimiser.first[0] as number);
    };
    expect(slopeOf(alike)).toBeCloseTo(0.01 * slopeOf(unlike), 6);
  });

  it("moves the target network a little of the way", () => {
    const learner = newLearner(linear(0, 0, 0, 0, 0, 0));
    learn(learner, [transition({ reward: 1 })], plain, { ...LEARN_DEFAULTS, follow: 0.25 });
    expect(learner.target.values[0]).toBeCloseTo(0.25 * (learner.weights.values[0] as number), 7);
  });

  it("learns which of two actions pays, and gives the same weights for the same seed", () => {
    const learnt = [1, 1].map(() => {
      const random = seeded(4);
      const learner = newLearner(initialWeights([2, 16, 2], random));
      for (let i = 0; i < 400; i += 1) {
        const features = Float32Array.of(random() < 0.5 ? -1 : 1, 1);
        const action = random() < 0.5 ? 0 : 1;
        const pays = (features[0] as number) > 0 ? 1 : 0;
        learn(learner, [transition({ features, action, reward: action === pays ? 1 : -1 })], plain, {
          ...LEARN_DEFAULTS,
          gamma: 0,
          learningRate: 0.01,
        });
      }
      return learner;
    });
    const [q, again] = learnt.map(({ weights }) => [-1, 1].map((x) => [...forward(weights, Float32Array.of(x, 1))]));
    expect(q).toEqual(again);
    expect(q?.map((row) => row.map((x) => Math.round(x)))).toEqual([
      [1, -1],
      [-1, 1],
    ]);
  });
});
