import { normalTail } from "./demand.ts";
import type { Random } from "./model.ts";
import { below, normal, poisson } from "./random.ts";

/*
 * Demands to train on. The same days over and over teach the days; so each segment is drawn with another gain and another size of a pod,
 * and some are made up (domain randomisation, Tobin et al. 2017).
 */

const MINUTES_OF_SEGMENT = 1440;
/** What the maximum of 12 pods can serve without violation is 9.6. */
const MOST_PODS_OF_WORK = 9;

const uniform = (random: Random, from: number, to: number): number => from + (to - from) * random();
const logUniform = (random: Random, from: number, to: number): number => Math.exp(uniform(random, Math.log(from), Math.log(to)));

/** A demand, and what it was drawn from where that is known. */
export interface Segment {
  /** Pods of work a tick. */
  readonly demand: Float32Array;
  /** Chance that a tick's demand is above so many pods of work. */
  readonly chanceAbove: (t: number, podsOfWork: number) => number;
}

/** Two ticks of 30 s a minute. */
const asTicks = (perMinute: Float32Array): Float32Array =>
  Float32Array.from({ length: 2 * perMinute.length }, (_, t) => Math.min(perMinute[t >> 1] as number, MOST_PODS_OF_WORK));

const recorded = (perMinute: Float32Array): Segment => {
  const demand = asTicks(perMinute);
  return { demand, chanceAbove: (t, podsOfWork) => ((demand[t] as number) > podsOfWork ? 1 : 0) };
};

/** Mean over a window of minutes around each. */
function smoothed(values: Float32Array, minutes: number): Float32Array {
  const half = minutes >> 1;
  return values.map((_, i) => {
    const part = values.subarray(Math.max(0, i - half), i + half + 1);
    return part.reduce((sum, x) => sum + x, 0) / part.length;
  });
}

/**
 * Poisson arrivals of a rate (pods of work), counted in requests of which a pod serves so many a minute. Where the rate is known, a violation
 * need not happen to be learnt from: its chance is known.
 */
function drawn(rate: Float32Array, podRequestsPerMinute: number, random: Random): Segment {
  const requests = rate.map((x) => Math.min(x, MOST_PODS_OF_WORK) * podRequestsPerMinute);
  return {
    demand: asTicks(requests.map((mean) => poisson(random, mean) / podRequestsPerMinute)),
    chanceAbove(t, podsOfWork) {
      const mean = requests[t >> 1] as number;
      return normalTail((podsOfWork * podRequestsPerMinute + 0.5 - mean) / Math.sqrt(mean + 1e-9));
    },
  };
}

/** A day's wave, a wandering level, steps and flash crowds. */
function madeUp(random: Random): Float32Array {
  const level = uniform(random, 0.5, 4);
  const wave = uniform(random, 0, 0.8);
  const period = logUniform(random, 120, 1440);
  const phase = uniform(random, 0, 2 * Math.PI);
  const wander = logUniform(random, 0.001, 0.03);
  const crowdEvery = logUniform(random, 60, 3000);
  let drift = 0;
  let crowd = 0;
  let decay = 0.9;
  let step = 1;
  return Float32Array.from({ length: MINUTES_OF_SEGMENT }, (_, m) => {
    drift = 0.999 * drift + wander * normal(random);
    crowd *= decay;
    if (random() < 1 / crowdEvery) {
      crowd += uniform(random, 0.3, 2);
      decay = uniform(random, 0.6, 0.98);
    }
    if (random() < 1 / 600) step = uniform(random, 0.5, 1.5);
    return Math.max(0, level * step * Math.exp(drift) * (1 + wave * Math.sin((2 * Math.PI * m) / period + phase)) + level * crowd);
  });
}

/**
 * One day of demand.
 * @param perMinute the training trace, in pods of work a minute, at least a day long.
 */
export function drawSegment(perMinute: Float32Array, random: Random): Segment {
  const kind = random();
  if (kind < 0.15) return drawn(madeUp(random), logUniform(random, 20, 5000), random);
  const from = below(random, perMinute.length - MINUTES_OF_SEGMENT + 1);
  const gain = uniform(random, 1, 3);
  const day = perMinute.slice(from, from + MINUTES_OF_SEGMENT).map((x) => x * gain);
  // As it was; or its rate with arrivals drawn anew, for pods that serve few requests (rough) or many (smooth).
  return kind < 0.8 ? recorded(day) : drawn(smoothed(day, 2 + below(random, 20)), logUniform(random, 20, 2000), random);
}
