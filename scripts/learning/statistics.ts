import type { Random } from "../../domain/learning/model.ts";
import { below } from "../../domain/learning/random.ts";

/** A value with its 95 % interval. */
export interface Estimate {
  readonly iqm: number;
  readonly low: number;
  readonly high: number;
}

/** Interquartile mean: of the middle half; quarters of a value count as quarters (Agarwal et al., "Deep RL at the Edge of the Statistical Precipice", 2021). */
export function iqm(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const cut = sorted.length / 4;
  let sum = 0;
  let weight = 0;
  sorted.forEach((x, i) => {
    const inside = Math.max(0, Math.min(i + 1, sorted.length - cut) - Math.max(i, cut));
    sum += x * inside;
    weight += inside;
  });
  return sum / weight;
}

const quantile = (sorted: readonly number[], q: number): number => {
  const at = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
};

/**
 * IQM of seeds × days with a percentile bootstrap. Both are drawn again, days too: what is claimed is about days to come, and not about these.
 * @param scores by seed, and in it by day.
 */
export function estimate(scores: readonly (readonly number[])[], random: Random, replications = 2000): Estimate {
  const days = scores[0]?.length ?? 0;
  const drawn = Array.from({ length: replications }, () => {
    const chosen = Array.from({ length: days }, () => below(random, days));
    return iqm(
      scores.flatMap(() => {
        const seed = scores[below(random, scores.length)] as readonly number[];
        return chosen.map((day) => seed[day] as number);
      }),
    );
  }).toSorted((a, b) => a - b);
  return { iqm: iqm(scores.flat()), low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
}

/** Share of pairs (seed, day) in which the first costs less; ties are half. */
export const probabilityOfImprovement = (costs: readonly (readonly number[])[], than: readonly number[]): number =>
  costs
    .flatMap((seed) => seed.map((cost, day): number => (cost < (than[day] as number) ? 1 : cost === than[day] ? 0.5 : 0)))
    .reduce((sum, x) => sum + x, 0) /
  (costs.length * than.length);
