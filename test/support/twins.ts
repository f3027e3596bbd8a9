import { ownershipOf, OWNERSHIP_LABELS } from "../../domain/twin/ownership.ts";
import { podFrom } from "../../domain/twin/pod-from.ts";
import { takePod } from "../../domain/twin/fuse-pod.ts";
import type { TwinRecord } from "../../domain/twin/record.ts";

export interface TwinOf {
  readonly cluster?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly userId?: string;
  readonly workloadId?: string;
  readonly seq?: number;
}

/** The twin of a pod that nobody owns, as its fusion makes it. */
export function twinOf({ cluster = "one", namespace = "shop", name, userId, workloadId, seq = 1 }: TwinOf): TwinRecord {
  const read = podFrom({
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      resourceVersion: "7",
      labels: {
        ...(workloadId === undefined ? {} : { [OWNERSHIP_LABELS.workload]: workloadId }),
        ...(userId === undefined ? {} : { [OWNERSHIP_LABELS.user]: userId }),
      },
    },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  });
  if (!read.ok) throw new Error(read.reason);
  const pod = read.value;
  return takePod(
    undefined,
    { kind: "added", cluster, seq, observedAt: "2026-01-01T00:00:00.000Z", pod },
    ownershipOf(pod, OWNERSHIP_LABELS),
  );
}
