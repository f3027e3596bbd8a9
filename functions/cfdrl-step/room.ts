import { podsThatFit } from "../../domain/learning/envelope.ts";
import type { Capacity, Decision, Observation } from "../../domain/learning/model.ts";
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

/** The HPA knows nothing of clusters: what it would have on one that is full, or that the hub does not accept, is held to what there is. */
export function heldTo(capacity: Capacity | undefined, observation: Observation, decision: Decision): Decision {
  const current = observation.replicas.ready + observation.replicas.starting;
  if (capacity === undefined || decision.replicas <= current) return decision;
  const fit = podsThatFit(capacity, observation);
  const most = capacity.usable ? Math.max(current, Number.isFinite(fit) ? fit : current) : current;
  if (decision.replicas <= most) return decision;
  return { ...decision, replicas: most, guard: [...decision.guard, capacity.usable ? "CAPACITY" : "CLUSTER_UNUSABLE"] };
}
