import type { Capacity, Change, EnvelopeSettings, Guarded, GuardReason, Observation } from "./model.ts";

/** What a wish is held against. */
export interface Surroundings {
  readonly observation: Observation;
  readonly changes: readonly Change[];
  /** Unknown where the meta-orchestrator has not said: then only the other limits hold. */
  readonly capacity?: Capacity;
}

/** Pods that the workload must have so that each stays within its CPU and RAM limits, given what they use together now. */
export function podsNeeded({ usage, limits }: Observation, settings: EnvelopeSettings): { readonly cpu: number; readonly ram: number } {
  const pods = (used: number, limit: number, utilisation: number): number =>
    Math.ceil(Number((used / (limit * utilisation)).toPrecision(12)));
  return {
    cpu: pods(usage.cpuCores, limits.cpuCores, settings.maxCpuUtilisation),
    ram: pods(usage.ramBytes, limits.ramBytes, settings.maxRamUtilisation),
  };
}

/** Pods that fit into the cluster. */
export const podsThatFit = ({ allocatable, pods }: Capacity, { limits }: Observation): number =>
  Math.floor(Math.min(pods, allocatable.cpuCores / limits.cpuCores, allocatable.ramBytes / limits.ramBytes));

/**
 * Brings a wish for replicas within what is allowed. Order: step, cooldown, CPU and RAM, min and max, capacity: the later is the stronger.
 * It guarantees the decision, given the last observation, and not what happens until new pods serve.
 */
export function envelope(wish: number, { observation, changes, capacity }: Surroundings, settings: EnvelopeSettings): Guarded {
  const { ready, starting } = observation.replicas;
  const current = ready + starting;
  const reasons: GuardReason[] = [];
  let replicas = wish;
  const limit = (to: number, reason: GuardReason): void => {
    if (to !== replicas) reasons.push(reason);
    replicas = to;
  };

  limit(Math.min(Math.max(replicas, current - settings.maxStepDown), current + settings.maxStepUp), "STEP");
  const cools = changes.some(({ atMs, by }) => by > 0 && atMs > observation.atMs - settings.cooldownMs);
  if (cools) limit(Math.max(replicas, current), "COOLDOWN");
  // Never fewer than what is used now needs; never more than what a step allows, because new pods do not come faster for it.
  const needed = podsNeeded(observation, settings);
  const atLeast = (pods: number): number => Math.max(replicas, Math.min(pods, current + settings.maxStepUp));
  limit(atLeast(needed.cpu), "CPU");
  limit(atLeast(needed.ram), "RAM");
  limit(Math.max(replicas, settings.minReplicas), "MIN_REPLICAS");
  limit(Math.min(replicas, settings.maxReplicas), "MAX_REPLICAS");
  if (capacity !== undefined && replicas > current) {
    if (!capacity.usable) limit(Math.min(replicas, current), "CLUSTER_UNUSABLE");
    else limit(Math.min(replicas, Math.max(current, podsThatFit(capacity, observation))), "CAPACITY");
  }
  return { replicas, reasons };
}
