import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasPromtool, promtoolQuantiles } from "../../test/support/promtool.ts";
import { latencyOf, quantile } from "./latency.ts";

const bounds = [1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 1_000, 50_000];
const cumulative = (counts: readonly number[]): (readonly [string, number])[] => {
  let below = 0;
  return [...bounds.map(String), "+Inf"].map((le, i) => [le, (below += counts[i] ?? 0)] as const);
};

describe("quantile", () => {
  const counts = [3, 0, 7, 0, 0, 40, 10, 0, 0, 0, 4, 0, 0, 1];

  // By promtool test rules of Prometheus 2.42.
  const judged: readonly (readonly [number, number])[] = [
    [0.5, 7.8125],
    [0.95, 71.875],
    [0.99, 50_000],
    [1, 50_000],
    [0.01, 0.21666666666666667],
  ];

  it.each(judged)("gives at %f what Prometheus' histogram_quantile gives", (q, value) => {
    expect(quantile(q, { bounds, counts }).value).toBeCloseTo(value, 9);
  });

  it("agrees with Prometheus, where it is installed, on histograms of all kinds", () => {
    if (!hasPromtool) return;
    const histograms = [
      counts,
      [1],
      [0, 0, 0, 0, 0, 5],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
      [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
      [1e6, 1],
    ];
    for (const these of histograms) {
      const wanted = [0.5, 0.9, 0.95, 0.99].map((q) => [q, quantile(q, { bounds, counts: these }).value ?? Number.NaN] as const);
      expect(promtoolQuantiles(cumulative(these), wanted)).toContain("SUCCESS");
    }
  });

  it("lies in the bucket that it says it was interpolated in, and never falls as q rises", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: bounds.length + 1 }), (these) => {
        const values = [0.1, 0.5, 0.9, 0.95, 0.99].map((q) => quantile(q, { bounds, counts: these }));
        for (const { value, bounds: bucket } of values) {
          if (these.every((n) => n === 0)) expect(value).toBeNull();
          else expect(value !== null && bucket !== null && value >= bucket[0] && value <= (bucket[1] ?? bucket[0])).toBe(true);
        }
        const known = values.map(({ value }) => value ?? 0);
        expect(known).toEqual(known.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("latencyOf", () => {
  it("is unknown where nothing was counted", () => {
    expect(latencyOf({ bounds, counts: [] })).toBeNull();
    expect(latencyOf({ bounds, counts: [0, 0] })).toBeNull();
  });

  it("says that a quantile beyond the last bound is that bound, and more", () => {
    const beyond = latencyOf({ bounds, counts: [9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] });
    expect(beyond).toMatchObject({ p50: expect.closeTo(0.5556, 4), p99: 50_000, samples: 10, saturated: true });
    expect(beyond?.bounds.p99).toEqual([50_000, null]);
    expect(latencyOf({ bounds, counts: [9, 1] })).toMatchObject({ saturated: false, bounds: { p99: [1, 2] } });
  });
});
