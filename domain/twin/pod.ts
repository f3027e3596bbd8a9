import { z } from "zod";

const name = z.string().min(1).max(253);
const labels = z.record(z.string().max(317), z.string().max(63));
const reason = z.string().max(1024).nullable();
/** RFC 3339, as Kubernetes writes it: whole seconds, so that order comes from `seq` and never from a time. */
const time = z.iso.datetime({ offset: true });

/** A desired or counted number of replicas, null where nobody has said. */
const replicaCount = z.int().nonnegative().nullable();

/** One link of the chain of owners, the nearest first: ReplicaSet, then Deployment. */
export const PodOwner = z.strictObject({
  kind: name,
  name,
  uid: z.string().min(1).max(128),
  /** Of the owner, where the watch has seen it: a workload may be labelled there and not on the pod. */
  labels: labels.default({}),
  /** From the owner's spec and status, where the watch has seen it. */
  replicas: z.strictObject({ desired: replicaCount, current: replicaCount, ready: replicaCount, available: replicaCount }).optional(),
});
export type PodOwner = z.infer<typeof PodOwner>;

/** How a container ended (ContainerStateTerminated). */
export const Termination = z.strictObject({ reason, exitCode: z.int(), finishedAt: time.nullable() });
export type Termination = z.infer<typeof Termination>;

const state = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("waiting"), reason }),
  z.strictObject({ kind: z.literal("running"), startedAt: time.nullable() }),
  z.strictObject({ kind: z.literal("terminated"), termination: Termination }),
]);

const quantity = z.number().nonnegative().nullable();

export const PodContainer = z.strictObject({
  name,
  /** `sidecar` is an init container that Kubernetes restarts (restartPolicy Always): it runs beside the others. */
  kind: z.enum(["init", "sidecar", "app"]),
  ready: z.boolean(),
  restartCount: z.int().nonnegative(),
  state,
  lastTermination: Termination.nullable(),
  /** From the pod's spec; null where it sets none. Cores and bytes. */
  cpuRequestCores: quantity,
  cpuLimitCores: quantity,
  memoryRequestBytes: quantity,
  memoryLimitBytes: quantity,
});
export type PodContainer = z.infer<typeof PodContainer>;

/** A Kubernetes pod, reduced to what a twin is made of. */
export const Pod = z.strictObject({
  uid: z.string().min(1).max(128),
  name,
  namespace: name,
  labels,
  /** From the nearest owner to the topmost; empty for a pod that nobody owns. */
  owners: z.array(PodOwner).max(8),
  node: name.nullable(),
  ip: z.union([z.ipv4(), z.ipv6()]).nullable(),
  /** Pending, Running, Succeeded, Failed or Unknown. */
  phase: z.string().min(1).max(32),
  /** Of the pod as a whole, as Evicted or NodeLost. */
  reason,
  conditions: z
    .array(z.strictObject({ type: z.string().max(317), status: z.string().max(16), reason, changedAt: time.nullable() }))
    .max(64),
  containers: z.array(PodContainer).max(128),
  createdAt: time.nullable(),
  startedAt: time.nullable(),
  /** Set while the pod is being deleted: kubectl calls it Terminating. */
  deletionAt: time.nullable(),
  resourceVersion: z.string().max(64),
});
export type Pod = z.infer<typeof Pod>;
