import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bin, isEnough, throughputOf } from "./throughput.ts";

/** Cumulative bins of a transfer whose rate is a function of time. */
function transfer(ms: number, mbitAt: (ms: number) => number, everyMs = 10): readonly Bin[] {
  const bins: Bin[] = [];
  let bytes = 0;
  for (let at = 0; at <= ms; at += everyMs) {
    bins.push({ ms: at, bytes: Math.round(bytes) });
    bytes += (mbitAt(at) * 1e6 * (everyMs / 1e3)) / 8;
  }
  return bins;
}
const rateOf = (bins: readonly Bin[]): number => {
  const seen = throughputOf(bins);
  if (!seen.ok) throw new Error(seen.code);
  return seen.value.meanMbitPerS;
};

describe("throughput", () => {
  it("is the rate, of any steady transfer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 200, max: 5_000 }), (mbit, ms) => {
        expect(rateOf(transfer(ms, () => mbit)) / mbit).toBeCloseTo(1, 3);
      }),
    );
  });

  it("leaves the first half second out: slow start, and a shaper's full bucket", () => {
    expect(rateOf(transfer(2_000, (ms) => (ms < 500 ? 5_000 : 200)))).toBeCloseTo(200, 6);
    expect(rateOf(transfer(2_000, (ms) => (ms < 500 ? 1 : 200)))).toBeCloseTo(200, 6);
  });

  it("leaves a quarter out of a short one", () => {
    expect(rateOf(transfer(400, (ms) => (ms < 100 ? 1 : 200)))).toBeCloseTo(200, 6);
  });

  it("is not moved in its median by a stall, which the mean includes", () => {
    const seen = throughputOf(transfer(2_000, (ms) => (ms >= 1_000 && ms < 1_400 ? 0 : 200)));
    if (!seen.ok) throw new Error(seen.code);
    expect(seen.value.medianMbitPerS).toBeCloseTo(200, 6);
    expect(seen.value.meanMbitPerS).toBeLessThan(150);
    expect(seen.value.ci95).toBeGreaterThan(20);
  });

  it("scatters less the steadier it is", () => {
    const noisy = throughputOf(transfer(2_000, (ms) => 100 + 50 * Math.sin(ms / 77)));
    const steady = throughputOf(transfer(2_000, () => 100));
    if (!noisy.ok || !steady.ok) throw new Error("both were long enough");
    expect(steady.value.ci95).toBeLessThan(0.01);
    expect(noisy.value.ci95).toBeGreaterThan(1);
  });

  it.each([
    ["nothing", []],
    ["one look", [{ ms: 0, bytes: 9 }]],
    ["a moment", transfer(30, () => 100)],
    ["all at once", Array.from({ length: 9 }, () => ({ ms: 0, bytes: 1_000 }))],
  ])("is not told of %s, and is never zero for it", (_, bins) => {
    expect(throughputOf(bins)).toMatchObject({ ok: false, code: "THROUGHPUT_TOO_SHORT" });
  });
});

describe("a test that has seen enough", () => {
  it("has run a second, and is steady", () => {
    expect(isEnough(transfer(990, () => 100))).toBe(false);
    expect(isEnough(transfer(1_000, () => 100))).toBe(true);
    expect(isEnough(transfer(1_900, (ms) => 100 + 50 * Math.sin(ms / 77)))).toBe(false);
    expect(isEnough([])).toBe(false);
  });
});
