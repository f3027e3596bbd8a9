import type { Random } from "../../domain/learning/model.ts";
import { normal } from "../../domain/learning/random.ts";

/*
 * What malicious clients send. They know what the honest ones send, which is more than they could.
 */

export const ATTACKS = ["none", "sign-flip", "reward-flip", "noise", "alie", "inner-product"] as const;
export type Attack = (typeof ATTACKS)[number];

const columns = (deltas: readonly Float32Array[], combine: (mean: number, deviation: number) => number): Float32Array =>
  Float32Array.from({ length: deltas[0]?.length ?? 0 }, (_, k) => {
    const mean = deltas.reduce((sum, delta) => sum + (delta[k] as number), 0) / deltas.length;
    const variance = deltas.reduce((sum, delta) => sum + ((delta[k] as number) - mean) ** 2, 0) / deltas.length;
    return combine(mean, Math.sqrt(variance));
  });

const rmsOf = (values: Float32Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

/**
 * The update that a malicious client sends in place of its own.
 * @param own what honest training would have sent; with reward-flip it was trained on turned rewards, and is sent as it is.
 * @param honest the honest clients' updates.
 */
export function forge(attack: Attack, own: Float32Array, honest: readonly Float32Array[], random: Random): Float32Array {
  switch (attack) {
    case "none":
    case "reward-flip":
      return own;
    // −4 × the honest delta: two of ten cancel the eight.
    case "sign-flip":
      return own.map((x) => -4 * x);
    // Gaussian, ten times as large as an update.
    case "noise": {
      const deviation = 10 * rmsOf(own);
      return own.map(() => deviation * normal(random));
    }
    // "A Little Is Enough" (Baruch et al. 2019): 1.5 deviations from the mean, inside of what honest clients spread over.
    case "alie":
      return columns(honest, (mean, deviation) => mean - 1.5 * deviation);
    // Inner-product manipulation (Xie et al. 2019): against the honest mean, twice as long.
    case "inner-product":
      return columns(honest, (mean) => -2 * mean);
  }
}

/** What a reward-flipping client trains on: −r, and a little less, so that idleness does not pay either. */
export const flipped = (reward: number): number => -reward - 0.5;
