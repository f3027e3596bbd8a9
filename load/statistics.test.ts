import { expect, it } from "vitest";
import { judge, median, ratioOf } from "./bench/statistics.ts";

it("takes the geometric mean of the pairs' ratios, with Student's interval", () => {
  const { mean, low, high, pairs } = ratioOf([2, 8, 2, 8], [1, 1, 1, 1]);
  expect(mean).toBeCloseTo(4);
  expect(pairs).toBe(4);
  // log 2 apart from the mean: s = 0.8004, t = 3.18, so the bounds are 4 · e^(±1.2726)
  expect(low).toBeCloseTo(1.12, 2);
  expect(high).toBeCloseTo(14.28, 1);
});

it("knows no interval of one pair", () => {
  expect(ratioOf([3], [2]).low).toBe(0);
});

it("lets the bound decide, and says so when it cannot", () => {
  const ratio = { mean: 0.7, low: 0.62, high: 0.79, pairs: 8 };
  expect(judge(ratio, { is: "at least", goal: 0.6, stretch: 0.8 })).toBe("met");
  expect(judge(ratio, { is: "at least", goal: 0.5, stretch: 0.6 })).toBe("met, and the stretch goal too");
  expect(judge(ratio, { is: "at least", goal: 0.7 })).toBe("undecided");
  expect(judge(ratio, { is: "at least", goal: 0.8 })).toBe("missed");
  expect(judge(ratio, { is: "at most", goal: 0.8 })).toBe("met");
  expect(judge(ratio, { is: "at most", goal: 0.6 })).toBe("missed");
});

it("halves an even number of values between the two in the middle", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([5, 1, 3])).toBe(3);
});
