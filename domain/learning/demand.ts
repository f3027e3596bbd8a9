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

/** Periods over which the rule takes the greatest demand: 5 min of 30 s. It is also what keeps it from scaling down at once. */
const RULE_TICKS = 10;

/** The calibrated rule: enough pods for the greatest demand of the last 5 min at a target utilisation. */
export const ruleReplicas = (demand: readonly number[], targetUtilisation: number): number =>
  Math.max(1, Math.ceil(Math.max(0, ...demand.slice(-RULE_TICKS)) / targetUtilisation));
