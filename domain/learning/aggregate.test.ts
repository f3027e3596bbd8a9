import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addNoise, aggregate, checkUpdate, clip, krumSelection, normOf } from "./aggregate.ts";
import { AggregationRule, type ModelUpdate } from "./model.ts";
import { normal, seeded } from "./random.ts";

const valueOf = (rule: AggregationRule, deltas: readonly Float32Array[], f: number): number[] => {
  const outcome = aggregate(rule, deltas, f);
  if (!outcome.ok) throw new Error(outcome.reason);
  return [...outcome.value];
};
const vectors = (...values: number[]): Float32Array[] => values.map((x) => Float32Array.of(x));

describe("rules of aggregation", () => {
  const honest = fc.array(
    fc.array(
      fc.integer({ min: -1000, max: 1000 }).map((thousandths) => thousandths / 1000),
      { minLength: 3, maxLength: 3 },
    ),
    {
      minLength: 8,
      maxLength: 8,
    },
  );
  const seven = vectors(1, 2, 3, 4, 5, 100, -100);
  it("fed-avg is the mean, liars included", () => expect(valueOf("fed-avg", seven, 2)[0]).toBeCloseTo(15 / 7, 5));
  it("trimmed-mean leaves the f lowest and f highest out", () => expect(valueOf("trimmed-mean", seven, 2)).toEqual([3]));
  it("median is the one in the middle, of an even number the mean of two", () => {
    expect(valueOf("median", seven, 2)).toEqual([3]);
    expect(valueOf("median", vectors(4, 1, 2, 100), 1)).toEqual([3]);
  });
  it("multi-krum keeps the n − f nearest to their neighbours; of equals the first", () => {
    expect(krumSelection(seven, 2)).toEqual([0, 1, 2, 3, 4]);
    expect(krumSelection(vectors(0, 0, 0, 0, 0, 0, 0), 2)).toEqual([0, 1, 2, 3, 4]);
    expect(valueOf("multi-krum", seven, 2)).toEqual([3]);
    // Three neighbours count (7 − 2 − 2); with five, the one in the middle would be everybody's friend.
    expect(krumSelection(vectors(0, 0, 0, 2.5, 6, 6, 6), 2)).toEqual([0, 1, 2, 4, 5]);
  });
  it("cosine-krum keeps those that point the same way, and none of them longer than the median", () => {
    const at = (degrees: number, length: number): Float32Array =>
      Float32Array.of(length * Math.cos((degrees * Math.PI) / 180), length * Math.sin((degrees * Math.PI) / 180));
    const deltas = [at(0, 1), at(10, 1), at(-10, 1), at(5, 1), at(-5, 1000), at(180, 0.1), at(170, 1)];
    const [x = 0, y = 0] = valueOf("cosine-krum", deltas, 2);
    expect(Math.hypot(x, y)).toBeLessThanOrEqual(1);
    expect(Math.hypot(x, y)).toBeGreaterThan(0.98);
    expect(Math.abs(y)).toBeLessThan(0.01);
    // Nobody has moved: there is no direction, and nothing to add.
    expect(valueOf("cosine-krum", vectors(0, 0, 0, 0, 0, 0, 0), 2)).toEqual([0]);
  });
  it("cosine-krum is at most as long as the median update, whatever two of ten send", () => {
    const lie = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(honest, lie, lie, (truths, a, b) => {
        const deltas = [...truths, a, b].map((values) => Float32Array.from(values));
        const norms = truths.map((values) => normOf(Float32Array.from(values)));
        expect(normOf(Float32Array.from(valueOf("cosine-krum", deltas, 2)))).toBeLessThanOrEqual(Math.max(...norms) + 1e-6);
      }),
    );
  });
  it.each([
    ["multi-krum", 6],
    ["cosine-krum", 6],
    ["trimmed-mean", 4],
    ["median", 4],
    ["fed-avg", 0],
  ] as const)("%s refuses %i updates with two liars", (rule, count) => {
    expect(
      aggregate(
        rule,
        Array.from({ length: count }, () => Float32Array.of(1)),
        2,
      ),
    ).toMatchObject({ ok: false, code: "QUORUM_MISSED" });
  });

  const columnwise = fc.constantFrom<AggregationRule>("fed-avg", "trimmed-mean", "median");
  it("with two liars of ten, every parameter of trimmed mean and median stays within what honest clients said", () => {
    const lie = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom<AggregationRule>("trimmed-mean", "median"), honest, lie, lie, (rule, truths, a, b) => {
        const result = valueOf(
          rule,
          [...truths, a, b].map((values) => Float32Array.from(values)),
          2,
        );
        result.forEach((x, k) => {
          const said = truths.map((values) => Math.fround(values[k] as number));
          expect(x).toBeGreaterThanOrEqual(Math.min(...said) - 1e-6);
          expect(x).toBeLessThanOrEqual(Math.max(...said) + 1e-6);
        });
      }),
    );
  });
  it("multi-krum keeps no liar that is far from everybody", () => {
    const far = fc.double({ min: 50, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(honest, far, far, (truths, a, b) => {
        const deltas = [Float32Array.of(a, a, a), ...truths.map((values) => Float32Array.from(values)), Float32Array.of(-b, -b, b)];
        expect(krumSelection(deltas, 2).filter((i) => i === 0 || i === 9)).toEqual([]);
      }),
    );
  });
  it("does not care who is first", () => {
    fc.assert(
      fc.property(columnwise, honest, (rule, truths) => {
        const deltas = truths.map((values) => Float32Array.from(values));
        const turned = valueOf(rule, [...deltas.slice(3), ...deltas.slice(0, 3)], 2);
        valueOf(rule, deltas, 2).forEach((x, k) => expect(turned[k]).toBeCloseTo(x, 5));
      }),
    );
  });
  it("of equals is what they all say", () => {
    fc.assert(
      fc.property(fc.constantFrom(...AggregationRule.options), fc.float({ noNaN: true, min: -100, max: 100 }), (rule, x) => {
        expect(
          valueOf(
            rule,
            Array.from({ length: 9 }, () => Float32Array.of(x, -x)),
            2,
          )[0],
        ).toBeCloseTo(x, 3);
      }),
    );
  });
});

describe("the check of one update", () => {
  const expected = { round: 4, baseSha256: "base", parameters: 2, maxNorm: 10 };
  const update: ModelUpdate = { client: "spain", round: 4, baseSha256: "base", delta: Float32Array.of(3, 4), samples: 100 };
  it("lets a sound one through", () => expect(checkUpdate(update, expected)).toEqual({ ok: true, value: update }));
  it.each([
    ["ROUND_MISMATCH", { round: 3 }],
    ["BASE_MISMATCH", { baseSha256: "other" }],
    ["SHAPE_MISMATCH", { delta: new Float32Array(3) }],
    ["WEIGHT_NOT_FINITE", { delta: Float32Array.of(0, Number.NaN) }],
    ["WEIGHT_NOT_FINITE", { delta: Float32Array.of(0, Number.NEGATIVE_INFINITY) }],
    ["NORM_EXCEEDED", { delta: Float32Array.of(8, 8) }],
  ] as const)("refuses with %s", (code, more) => expect(checkUpdate({ ...update, ...more }, expected)).toMatchObject({ ok: false, code }));
});

describe("differential privacy", () => {
  it("clips to the norm, and leaves what is shorter as it is", () => {
    expect(normOf(clip(Float32Array.of(30, 40), 5))).toBeCloseTo(5, 5);
    expect([...clip(Float32Array.of(3, 4), 5)]).toEqual([3, 4]);
  });
  it("adds noise of multiplier × clipNorm ÷ clients, the same from the same seed", () => {
    const noisy = addNoise(new Float32Array(20_000), 10, { clipNorm: 2, multiplier: 1.5 }, seeded(1));
    expect(noisy).toEqual(addNoise(new Float32Array(20_000), 10, { clipNorm: 2, multiplier: 1.5 }, seeded(1)));
    expect(normOf(noisy) / Math.sqrt(20_000)).toBeCloseTo(0.3, 2);
    expect(normal(seeded(1))).toBe(normal(seeded(1)));
  });
});
