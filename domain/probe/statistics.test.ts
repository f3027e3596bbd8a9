import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jitterOf, meanWithin, summaryOf } from "./statistics.ts";

describe("a summary", () => {
  it("has nearest-rank percentiles: values that were seen", () => {
    expect(summaryOf([15, 20, 35, 40, 50])).toEqual({ n: 5, min: 15, p50: 35, p99: 50, max: 50, mean: 32 });
    expect(summaryOf([7])).toEqual({ n: 1, min: 7, p50: 7, p99: 7, max: 7, mean: 7 });
  });

  it("of nothing is nothing", () => {
    expect(summaryOf([])).toBeUndefined();
  });

  it("is in order, of values from the sample, and the same for every order of it", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((v) => v + 0),
          { minLength: 1 },
        ),
        (values) => {
          const summary = summaryOf(values);
          if (summary === undefined) throw new Error("a sample that is not empty has a summary");
          const { min, p50, p99, max } = summary;
          expect([min, p50, p99, max]).toEqual([min, p50, p99, max].toSorted((a, b) => a - b));
          for (const value of [min, p50, p99, max]) expect(values).toContain(value);
          expect(summaryOf(values.toReversed())).toEqual(summary);
        },
      ),
    );
  });
});

describe("jitter", () => {
  it("needs two transit times", () => {
    expect(jitterOf([])).toBeUndefined();
    expect(jitterOf([3])).toBeUndefined();
    expect(jitterOf([3, 3])).toBe(0);
  });

  it("is RFC 3550's estimate by hand", () => {
    // J1 = 0 + (2 − 0)/16 = 0.125; J2 = 0.125 + (1 − 0.125)/16
    expect(jitterOf([10, 12, 11])).toBeCloseTo(0.1796875, 12);
  });
});

describe("a mean with its interval", () => {
  it("is Student's: of 2, 4, 4, 4, 5, 5, 7, 9 it is 5 ± 2.365 · 2.138 / √8", () => {
    const within = meanWithin([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(within?.mean).toBe(5);
    expect(within?.ci95).toBeCloseTo(1.7877, 3);
  });

  it("of one value is unknown", () => {
    expect(meanWithin([5])).toBeUndefined();
  });
});
