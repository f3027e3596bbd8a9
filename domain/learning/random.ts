import { words32 } from "../random.ts";
import type { Random } from "./model.ts";

/**
 * A seeded generator of [0, 1): the same seed gives the same numbers everywhere.
 * xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2018), its state filled by splitmix32.
 */
export function seeded(seed: number): Random {
  const mix = words32(seed);
  let [a, b, c, d] = [mix(), mix(), mix(), mix()];
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result / 2 ** 32;
  };
}

/** A generator for each name, none of which repeats another: `fork(7, 3)` is the third of seed 7. */
export const fork = (seed: number, index: number): Random => seeded((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0);

/** A whole number of [0, n). */
export const below = (random: Random, n: number): number => Math.floor(random() * n);

/** Standard normal (Box and Muller). */
export const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Poisson: Knuth's product below 30, the rounded normal above, where their distance no longer shows. */
export function poisson(random: Random, mean: number): number {
  if (mean >= 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}
