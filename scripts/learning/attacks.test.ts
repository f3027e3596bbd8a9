import { describe, expect, it } from "vitest";
import { aggregate, krumSelection, normOf } from "../../domain/learning/aggregate.ts";
import type { AggregationRule } from "../../domain/learning/model.ts";
import { normal, seeded } from "../../domain/learning/random.ts";
import { type Attack, flipped, forge } from "./attacks.ts";

const random = seeded(3);
/** Eight honest clients who pull in one direction, each with an opinion of its own. */
const honest = Array.from({ length: 8 }, () => Float32Array.from({ length: 200 }, () => 1 + 0.5 * normal(random)));
const own = Float32Array.from({ length: 200 }, () => 1 + 0.5 * normal(random));
const withLiars = (attack: Attack): Float32Array[] => [...honest, forge(attack, own, honest, random), forge(attack, own, honest, random)];
const agreed = (rule: AggregationRule, attack: Attack): Float32Array => {
  const outcome = aggregate(rule, withLiars(attack), 2);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.value;
};
const truth = Float32Array.from({ length: 200 }, (_, k) => honest.reduce((sum, delta) => sum + (delta[k] as number), 0) / honest.length);
const errorOf = (delta: Float32Array): number => normOf(delta.map((x, k) => x - (truth[k] as number))) / normOf(truth);

describe("attacks", () => {
  it("sign-flip is four times the own update, backwards", () =>
    expect(forge("sign-flip", Float32Array.of(1, -2), honest, random)).toEqual(Float32Array.of(-4, 8)));
  it("inner-product is twice the honest mean, backwards", () =>
    expect(normOf(forge("inner-product", own, honest, random).map((x, k) => x + 2 * (truth[k] as number)))).toBeLessThan(1e-4));
  it("alie stays within two deviations of the honest ones", () => {
    const forged = forge("alie", own, honest, random);
    expect(forged.every((x, k) => Math.abs(x - (truth[k] as number)) < 2 * 1.5)).toBe(true);
  });
  it("noise is ten times as large as an update", () =>
    expect(normOf(forge("noise", own, honest, random)) / normOf(own)).toBeCloseTo(10, 0));
  it("a flipped reward turns and does not let idleness pay", () => expect([flipped(-1), flipped(0)]).toEqual([0.5, -0.5]));

  it.each(["sign-flip", "noise", "inner-product"] as const)(
    "%s is outside of what multi-krum keeps, and moves the plain mean far away",
    (attack) => {
      expect(krumSelection(withLiars(attack), 2)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(errorOf(agreed("fed-avg", attack))).toBeGreaterThan(0.5);
      expect(errorOf(agreed("multi-krum", attack))).toBeLessThan(1e-4);
    },
  );
  it("inner-product hides from multi-krum among clients who disagree much, and not from cosine-krum", () => {
    const wide = Array.from({ length: 8 }, () => Float32Array.from({ length: 2000 }, () => 1 + 10 * normal(random)));
    const forged = forge("inner-product", own, wide, random);
    const sent = [...wide, forged, forged];
    expect(krumSelection(sent, 2)).toEqual(expect.arrayContaining([8, 9]));
    const [fooled, sound, mean] = (["multi-krum", "cosine-krum", "fed-avg"] as const).map((rule) => {
      const outcome = aggregate(rule, rule === "fed-avg" ? wide : sent, 2);
      if (!outcome.ok) throw new Error(outcome.reason);
      return outcome.value;
    }) as [Float32Array, Float32Array, Float32Array];
    const along = (delta: Float32Array): number => delta.reduce((sum, x, k) => sum + x * (mean[k] as number), 0) / normOf(mean) ** 2;
    expect(along(fooled)).toBeLessThan(0.5);
    expect(along(sound)).toBeGreaterThan(0.9);
  });
  it.each(["sign-flip", "noise", "inner-product", "alie"] as const)("%s moves trimmed mean and median little", (attack) => {
    for (const rule of ["trimmed-mean", "median"] as const) expect(errorOf(agreed(rule, attack))).toBeLessThan(0.3);
  });
});
