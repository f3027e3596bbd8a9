import { type Memory, type Observation, WINDOW_TICKS } from "./model.ts";

/**
 * Demand of the last period in pods of work. From the request rate where it is known; otherwise from CPU, which saturates: it is then a lower
 * bound, and what lies above 100 % cannot be seen.
 */
export function demandOf({ requestsPerSecond, podRequestsPerSecond, usage, limits }: Observation): number {
  if (requestsPerSecond !== undefined && podRequestsPerSecond !== undefined) return requestsPerSecond / podRequestsPerSecond;
  return usage.cpuCores / limits.cpuCores;
}

/** The memory with the newest demand in it, and what is older than the window out of it. */
export const remember = (memory: Memory, demand: number): Memory => ({
  ...memory,
  demand: [...memory.demand.slice(1 - WINDOW_TICKS), demand],
});

/** Utilisation beyond which response times are held to break the objective. */
export const VIOLATION_UTILISATION = 0.8;

/** Periods from a demand that is seen to the first one that a decision about it serves: one of lag, two of start-up. */
export const HORIZON = 3;

/** How far the smoothed level follows each new demand. */
const FOLLOW = 0.15;

/** Periods over which a rise is measured: a minute, since traces and rates are of minutes. */
const RISE_TICKS = 2;

export interface Forecast {
  /** What the demand will be about, pods of work. */
  readonly level: number;
  /** What demand was above the level of HORIZON periods before, over the window, oldest first. */
  readonly errors: readonly number[];
  /** Their root mean square. */
  readonly noise: number;
}

type Forecaster = (demand: readonly number[]) => readonly number[];

/** Exponentially weighted mean: the best that can be said of a demand that jumps to and fro, since chance does not go on. */
const smoothed: Forecaster = (demand) => {
  let level = demand[0] ?? 0;
  return demand.map((now) => (level += FOLLOW * (now - level)));
};

/** The last demand: for one that stays where it is until it jumps. */
const steady: Forecaster = (demand) => demand;

/**
 * The last demand, and its rise if that goes on to the horizon: for one that moves smoothly, where a mean comes late. A fall is not carried
 * on: pods are gone at once, and come back HORIZON periods later.
 */
const rising: Forecaster = (demand) =>
  demand.map((now, t) => now + (Math.max(0, now - (demand[Math.max(0, t - RISE_TICKS)] as number)) * HORIZON) / RISE_TICKS);

/** The others must err by so much less than the mean, which a lucky hour does not do. Of 1, 0.9, 0.8 and 0.7, on the training days as they are and made coarser. */
const CLEARLY = 0.9;

function judged(forecaster: Forecaster, demand: readonly number[]): Forecast {
  const levels = forecaster(demand);
  const errors: number[] = [];
  let squares = 0.01;
  for (let t = HORIZON; t < demand.length; t += 1) {
    const error = (demand[t] as number) - (levels[t - HORIZON] as number);
    squares += error * error;
    errors.push(error);
  }
  return { level: levels.at(-1) ?? 0, errors, noise: Math.sqrt(squares / (errors.length + 1)) };
}

/**
 * What can be said of the demand HORIZON periods from now, by whoever has erred least over the window: workloads differ in how they move, and
 * so do the hours of one workload.
 * @param demand pods of work a period, oldest first, at least one.
 */
export function forecast(demand: readonly number[]): Forecast {
  const calm = judged(smoothed, demand);
  const [still, keen] = [judged(steady, demand), judged(rising, demand)];
  const keenest = keen.noise < still.noise ? keen : still;
  return keenest.noise < CLEARLY * calm.noise ? keenest : calm;
}

/** 1 − Φ(z): Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** Half the width by which each past error is blurred, in noises: with 120 of them the chance would else jump. */
const BLUR = 0.5;

/** Chance that demand will be above what so many pods serve without violation: the share of past errors that would. */
export function violationChance({ level, errors, noise }: Forecast, pods: number): number {
  const room = VIOLATION_UTILISATION * pods - level;
  if (errors.length === 0) return normalTail(room / noise);
  const width = 2 * BLUR * noise;
  let chance = 0;
  for (let i = 0; i < errors.length; i += 1) chance += Math.min(Math.max(0.5 + ((errors[i] as number) - room) / width, 0), 1);
  return chance / errors.length;
}

/** Errors of the forecast that are kept free. Calibrated on the training days only: of 1.5, 1.75, 2 and 2.25 the cheapest there. */
export const MARGIN = 1.75;

/**
 * The calibrated rule: pods for the level and for so many of its errors, at the utilisation that must not be passed. The newsvendor's answer:
 * a pod too many costs 1, a violation 20, so a quantile near 95 % is bought.
 */
export const marginReplicas = ({ level, noise }: Forecast, margin = MARGIN): number =>
  Math.max(1, Math.ceil((level + margin * noise) / VIOLATION_UTILISATION));

/** Periods over which the demand rule takes the greatest demand: 5 min of 30 s. */
const RULE_TICKS = 10;

/** The demand rule: pods for the greatest demand of the last 5 min at a target utilisation. */
export const ruleReplicas = (demand: readonly number[], targetUtilisation: number): number =>
  Math.max(1, Math.ceil(Math.max(0, ...demand.slice(-RULE_TICKS)) / targetUtilisation));
