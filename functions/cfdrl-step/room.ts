import type { Capacity, Observation } from "../../domain/learning/model.ts";
import type { Claim, ClusterKnown } from "../../state/clusters.ts";

/** What is left of a cluster for one workload: allocatable, less what the other workloads that are scaled here may use. */
export function roomFor(workload: string, { facts, claims }: ClusterKnown): Capacity {
  const others = Object.entries(claims).filter(([name]) => name !== workload);
  const left = (has: number, of: keyof Claim): number => Math.max(0, has - others.reduce((sum, [, claim]) => sum + claim[of], 0));
  return {
    allocatable: { cpuCores: left(facts.cpuCores, "cpuCores"), ramBytes: left(facts.ramBytes, "ramBytes") },
    pods: left(facts.pods, "pods"),
    usable: facts.usable,
  };
}

/** What so many pods of the workload may use; undefined where their limits are not known. */
export function claimOf({ limits }: Observation, pods: number): Claim | undefined {
  const claim = { cpuCores: pods * limits.cpuCores, ramBytes: pods * limits.ramBytes, pods };
  return Object.values(claim).every(Number.isFinite) ? claim : undefined;
}
