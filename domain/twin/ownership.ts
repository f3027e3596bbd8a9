import type { Intent } from "../intent/model.ts";
import type { About } from "./model.ts";
import type { Pod } from "./pod.ts";

/** Labels that say whose a pod is. */
export interface OwnershipLabels {
  readonly workload: string;
  readonly user: string;
  /** The id of an intent, whose context NEMO_WORKLOAD (D2.3 table 5) names the workload. */
  readonly intent: string;
}

export const OWNERSHIP_LABELS: OwnershipLabels = { workload: "nemo.eu/workload", user: "nemo.eu/user", intent: "nemo.eu/intent" };

export type Ownership = Pick<About, "workloadId" | "mappedBy" | "userId">;

/** On the pod or, failing that, on the nearest of its owners that has it. */
function labelOf(pod: Pod, label: string): { readonly value: string; readonly isOwners: boolean } | undefined {
  const own = pod.labels[label] ?? "";
  if (own !== "") return { value: own, isOwners: false };
  const owners = pod.owners.map(({ labels }) => labels[label] ?? "").find((value) => value !== "");
  return owners === undefined ? undefined : { value: owners, isOwners: true };
}

/** The intent that a pod says it belongs to, where it does not name its workload itself. */
export const intentOf = (pod: Pod, labels: OwnershipLabels): string | undefined =>
  labelOf(pod, labels.workload) === undefined ? labelOf(pod, labels.intent)?.value : undefined;

/** The pod's label, its owners' label, the intent's context, in this order; otherwise nobody knows, and the twin is `unmapped`. */
export function ownershipOf(pod: Pod, labels: OwnershipLabels, workloadOfIntent?: string): Ownership {
  const workload = labelOf(pod, labels.workload);
  const userId = labelOf(pod, labels.user)?.value ?? null;
  if (workload !== undefined) return { workloadId: workload.value, mappedBy: workload.isOwners ? "owner-label" : "label", userId };
  return workloadOfIntent === undefined
    ? { workloadId: null, mappedBy: null, userId }
    : { workloadId: workloadOfIntent, mappedBy: "intent", userId };
}

/** The NEMO uuid in an intent's context (D2.3 table 5: NEMO_WORKLOAD IS_EQUAL_TO). */
export function workloadOf({ intentContexts }: Pick<Intent, "intentContexts">): string | undefined {
  const context = intentContexts.find(
    ({ contextAttribute, contextCondition }) => contextAttribute === "NEMO_WORKLOAD" && contextCondition === "IS_EQUAL_TO",
  );
  return typeof context?.contextValueRange === "string" && context.contextValueRange !== "" ? context.contextValueRange : undefined;
}
