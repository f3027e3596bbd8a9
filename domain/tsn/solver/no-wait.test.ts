import fc from "fast-check";
import { expect, it } from "vitest";
import { gcd, lcm, mod } from "./arithmetic.ts";
import { type Constraints, earliestPhase } from "./no-wait.ts";
import { eachFreeStretch } from "./stretches.ts";
import { lightest } from "./sweep.ts";

interface Frame {
  readonly at: number;
  readonly length: number;
  readonly period: number;
}

const frame = fc
  .constantFrom(6, 8, 10, 12, 15)
  .chain((period) => fc.record({ at: fc.nat(period - 1), length: fc.integer({ min: 1, max: 4 }), period: fc.constant(period) }));

/** Frames of which no two of one link meet, over their common period. */
const meets = (a: Frame, b: Frame): boolean => {
  const cycle = lcm(a.period, b.period);
  const taken = new Set<number>();
  for (let t = a.at; t < a.at + cycle; t += a.period) for (let i = 0; i < a.length; i++) taken.add(mod(t + i, cycle));
  for (let t = b.at; t < b.at + cycle; t += b.period) for (let i = 0; i < b.length; i++) if (taken.has(mod(t + i, cycle))) return true;
  return false;
};

const constraintsOf = (own: Omit<Frame, "at">, busy: readonly Frame[]): Constraints => {
  const g = busy.map((b) => gcd(own.period, b.period));
  return {
    g,
    lo: busy.map((b, i) => mod(b.at - own.length, g[i] as number)),
    len: busy.map((b) => own.length + b.length),
    job: busy.map((_, i) => i),
    size: busy.length,
  };
};

const fits = (own: Omit<Frame, "at">, busy: readonly Frame[], at: number): boolean => busy.every((b) => !meets({ ...own, at }, b));

it("finds the earliest offset at which a frame meets no other one in any period, and none where there is none", () => {
  fc.assert(
    fc.property(frame, fc.array(frame, { maxLength: 6 }), (own, busy) => {
      const constraints = constraintsOf(own, busy);
      const wanted = Array.from({ length: own.period }, (_, at) => at).find((at) => fits(own, busy, at)) ?? -1;
      if (constraints.len.some((len, i) => len > (constraints.g[i] as number))) expect(wanted).toBe(-1);
      else expect(earliestPhase(constraints, { first: 0, last: own.period - 1 })).toBe(wanted);
    }),
    { numRuns: 3000 },
  );
});

it("walks through exactly the offsets that are free", () => {
  fc.assert(
    fc.property(frame, fc.array(frame, { maxLength: 6 }), fc.nat(20), fc.nat(20), (own, busy, first, width) => {
      const found: number[] = [];
      eachFreeStretch(constraintsOf(own, busy), { first, last: first + width }, (from, to) => {
        for (let at = from; at <= to; at++) found.push(at);
        return false;
      });
      const wanted = Array.from({ length: width + 1 }, (_, i) => first + i).filter((at) => fits(own, busy, at));
      expect(found).toEqual(wanted);
    }),
    { numRuns: 3000 },
  );
});

it("finds an offset at which those in the way weigh least", () => {
  fc.assert(
    fc.property(
      frame,
      fc.array(frame, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }),
      (own, busy, weigh) => {
        const weightAt = (at: number): number => busy.reduce((sum, b, i) => sum + (meets({ ...own, at }, b) ? (weigh[i] as number) : 0), 0);
        const least = Math.min(...Array.from({ length: own.period }, (_, at) => weightAt(at)));
        const options = { weights: Float64Array.from(weigh), limit: Number.POSITIVE_INFINITY, random: () => 0.5 };
        const found = lightest(constraintsOf(own, busy), { first: 0, last: own.period - 1 }, options);
        expect(found?.weight).toBe(least);
        expect(weightAt(found?.phase ?? -1)).toBe(least);
      },
    ),
    { numRuns: 3000 },
  );
});
