import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forecast, HORIZON } from "./demand.ts";
import { normal, seeded } from "./random.ts";

const TICKS = 120;
const series = (of: (t: number) => number): number[] => Array.from({ length: TICKS }, (_, t) => of(t));

/** The exponentially weighted mean and its root mean square error at the horizon, written down once more. */
function meanAlone(demand: readonly number[]): { readonly level: number; readonly noise: number } {
  const levels: number[] = [];
  for (const now of demand) levels.push(levels.length === 0 ? now : 0.85 * (levels.at(-1) ?? 0) + 0.15 * now);
  const squares = demand.slice(HORIZON).map((now, i) => (now - (levels[i] ?? 0)) ** 2);
  return { level: levels.at(-1) ?? 0, noise: Math.sqrt((0.01 + squares.reduce((sum, x) => sum + x, 0)) / (squares.length + 1)) };
}

describe("the forecast of a demand", () => {
  it("that jumps to and fro is its mean: chance does not go on", () => {
    let asMean = 0;
    for (let seed = 0; seed < 300; seed += 1) {
      const random = seeded(seed);
      const demand = series(() => Math.max(0, 3 + normal(random)));
      if (Math.abs(forecast(demand).level - meanAlone(demand).level) < 1e-9) asMean += 1;
    }
    expect(asMean).toBe(300);
  });

  it("that climbs is where it will be when a pod that is asked for now serves", () => {
    const { level, noise } = forecast(series((t) => 1 + 0.02 * t));
    expect(level).toBeCloseTo(1 + 0.02 * (TICKS - 1 + HORIZON), 9);
    expect(noise).toBeLessThan(0.05);
  });

  it("that falls is where it is now: pods are gone at once, and come back later", () => {
    // It climbs for most of the hour, so that its rise is what is believed.
    const demand = series((t) => (t < 100 ? 1 + 0.05 * t : 6 - 0.05 * (t - 100)));
    expect(forecast(demand).level).toBeCloseTo(demand.at(-1) ?? 0, 9);
  });

  it("that stays where it is until it jumps is the last one", () => {
    const demand = series((t) => [2, 4, 1, 5, 3, 6][Math.floor(t / 20)] ?? 0);
    expect(forecast(demand).level).toBe(6);
  });

  it("of which one value is known is that value", () => expect(forecast([2.5])).toMatchObject({ level: 2.5, errors: [], noise: 0.1 }));

  it("errs over the last hour no more than the mean does", () => {
    const demands = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: TICKS });
    fc.assert(
      fc.property(demands, (demand) => {
        expect(forecast(demand).noise).toBeLessThanOrEqual(meanAlone(demand).noise + 1e-9);
      }),
    );
  });
});
