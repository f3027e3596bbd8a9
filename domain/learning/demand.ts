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

/** How far the level follows each new demand. */
const FOLLOW = 0.15;

export interface Forecast {
  /** Exponentially weighted mean, pods of work. */
  readonly level: number;
  /** What demand was above the level of HORIZON periods before, over the window, oldest first. */
  readonly errors: readonly number[];
  /** Their root mean square. */
  readonly noise: number;
}

/**
 * What can be said of the demand HORIZON periods from now.
 * @param demand pods of work a period, oldest first, at least one.
 */
export function forecast(demand: readonly number[]): Forecast {
  const levels: number[] = [];
  const errors: number[] = [];
  let level = demand[0] ?? 0;
  let squares = 0.01;
  for (let t = 0; t < demand.length; t += 1) {
    const now = demand[t] as number;
    level += FOLLOW * (now - level);
    levels.push(level);
    if (t < HORIZON) continue;
    const error = now - (levels[t - HORIZON] as number);
    squares += error * error;
    errors.push(error);
  }
  return { level, errors, noise: Math.sqrt(squares / (errors.length + 1)) };
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
