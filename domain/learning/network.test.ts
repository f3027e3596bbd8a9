import { describe, expect, it } from "vitest";
import { activationsFor, backward, forward, initialWeights, isSound, parametersOf } from "./network.ts";
import { normal, seeded } from "./random.ts";

const layout = [5, 8, 7, 3];
const inputOf = (random: () => number): Float32Array => Float32Array.from({ length: 5 }, () => normal(random));

describe("the network", () => {
  it("computes what is worked out by hand", () => {
    // 2 inputs, 2 hidden units, 1 output: relu(1·2 − 1·3 + 0.5) = 0, relu(2·2 + 1·3 − 1) = 6; 3·0 − 2·6 + 1 = −11.
    const weights = { layout: [2, 2, 1], values: Float32Array.of(1, -1, 2, 1, 0.5, -1, 3, -2, 1) };
    expect([...forward(weights, Float32Array.of(2, 3))]).toEqual([-11]);
  });

  it("has as many parameters as its layout says", () => {
    expect(parametersOf([15, 64, 64, 6])).toBe(5574);
    expect(initialWeights(layout, seeded(1)).values).toHaveLength(parametersOf(layout));
  });

  it("starts the same from the same seed, and otherwise from another", () => {
    expect(initialWeights(layout, seeded(1))).toEqual(initialWeights(layout, seeded(1)));
    expect(initialWeights(layout, seeded(1))).not.toEqual(initialWeights(layout, seeded(2)));
  });

  it("has the gradient that central differences find, within a thousandth", () => {
    const random = seeded(3);
    const weights = initialWeights(layout, random);
    const input = inputOf(random);
    const wanted = [0.5, -1, 2];
    const lossOf = (): number => forward(weights, input).reduce((sum, q, i) => sum + 0.5 * (q - (wanted[i] ?? 0)) ** 2, 0);
    const activations = activationsFor(layout);
    const slopes = activationsFor(layout);
    const gradient = new Float32Array(weights.values.length);
    const outputs = forward(weights, input, activations);
    slopes.at(-1)?.set(outputs.map((q, i) => q - (wanted[i] ?? 0)));
    backward(weights, activations, slopes, gradient);
    const step = 1e-2;
    let difference = 0;
    let size = 0;
    for (let k = 0; k < gradient.length; k += 1) {
      const value = weights.values[k] as number;
      weights.values[k] = value + step;
      const above = lossOf();
      weights.values[k] = value - step;
      const numeric = (above - lossOf()) / (2 * step);
      weights.values[k] = value;
      difference += (numeric - (gradient[k] as number)) ** 2;
      size += numeric ** 2;
    }
    expect(size).toBeGreaterThan(0);
    expect(Math.sqrt(difference / size)).toBeLessThan(1e-3);
  });

  it("is unsound with a number too few or one that is not finite", () => {
    const { values } = initialWeights(layout, seeded(1));
    expect(isSound({ layout, values })).toBe(true);
    expect(isSound({ layout, values: values.subarray(1) })).toBe(false);
    expect(isSound({ layout, values: values.with(9, Number.NaN) })).toBe(false);
  });
});
