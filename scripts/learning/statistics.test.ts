import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../domain/learning/random.ts";
import { estimate, iqm, probabilityOfImprovement } from "./statistics.ts";

describe("the interquartile mean", () => {
  it("is the mean of the middle half", () => expect(iqm([100, 4, 2, 3, 1, -100, 5, 6])).toBe(3.5));
  it("counts quarters of values where the half does not end between two", () =>
    expect(iqm([0, 1, 2, 3, 10])).toBeCloseTo((0.75 * 1 + 2 + 0.75 * 3) / 2.5, 9));
  it("is the value itself of one", () => expect(iqm([7])).toBe(7));
  it("lies between the smallest and the largest", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1 }), (values) => {
        const mean = iqm(values);
        return mean >= Math.min(...values) - 1e-9 && mean <= Math.max(...values) + 1e-9;
      }),
    );
  });
});

describe("the interval", () => {
  it("is a point where seeds and days agree", () =>
    expect(
      estimate(
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
        seeded(1),
      ),
    ).toEqual({ iqm: 0.5, low: 0.5, high: 0.5 }));
  it("is wide where days differ, although seeds do not", () => {
    const { low, high } = estimate(
      [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
      ],
      seeded(1),
    );
    expect(high - low).toBeGreaterThan(1);
  });
  it("covers the true value about 19 times of 20", () => {
    const random = seeded(2);
    let covered = 0;
    for (let i = 0; i < 100; i += 1) {
      const day = Array.from({ length: 12 }, () => random() + random() - 1);
      const { low, high } = estimate(
        [1, 2, 3].map(() => day.map((x) => x + 0.1 * (random() - 0.5))),
        random,
        300,
      );
      covered += low <= 0 && high >= 0 ? 1 : 0;
    }
    expect(covered).toBeGreaterThan(82);
  });
});

it("the probability of improvement counts ties as halves", () => {
  expect(probabilityOfImprovement([[1, 2, 3, 4]], [2, 2, 2, 5])).toBe((1 + 0.5 + 0 + 1) / 4);
});
