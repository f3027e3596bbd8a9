import { z } from "zod";

/*
 * What cfdrl-step reads of a twin, and the only place that knows the twin's names. Whatever is missing or null is left out, and what is
 * decided without it is not the learner's.
 */

const amount = z.number().nonnegative().nullish().catch(undefined);
const optional = <T extends z.ZodType>(of: T) => of.nullish().catch(undefined);
const Quality = optional(z.looseObject({ isFresh: z.boolean() }));

const Snapshot = z.looseObject({
  twin: z.looseObject({
    twinId: z.string().min(1).max(1024),
    cluster: optional(z.string()),
    namespace: optional(z.string()),
    component: z.looseObject({ kind: z.string(), name: z.string().min(1) }),
    workloadId: optional(z.string()),
    updatedAt: z.iso.datetime({ offset: true }),
    replicas: optional(z.looseObject({ desired: amount, current: amount, ready: amount })),
    resources: optional(z.looseObject({ cpuCores: amount, memoryBytes: amount, cpuLimitCores: amount, memoryLimitBytes: amount })),
    network: optional(
      z.looseObject({
        windowSeconds: amount,
        inbound: optional(z.looseObject({ requestRate: amount })),
        /** Of inbound, over the newest part of the window. */
        latest: optional(z.looseObject({ windowSeconds: amount, requestRate: amount })),
      }),
    ),
    quality: optional(z.looseObject({ linkerd: Quality, usage: Quality, watch: Quality })),
  }),
});

/** One component as its twin shows it. Usage is of all pods together, limits are one pod's. */
export interface Reading {
  /** The twin's id: `cluster/namespace/kind/name`. */
  readonly workload: string;
  /** NEMO's UUID. */
  readonly workloadId: string | undefined;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly takenAtMs: number;
  readonly desired: number | undefined;
  readonly ready: number | undefined;
  readonly cpuCores: number | undefined;
  readonly ramBytes: number | undefined;
  readonly cpuLimitCores: number | undefined;
  readonly ramLimitBytes: number | undefined;
  readonly requestsPerSecond: number | undefined;
}

/** What has a scale subresource. */
const scalable: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "ReplicaSet"]);
/** A rate over a longer window is an average of what was, and no demand of now. */
const LONGEST_WINDOW_S = 120;

/** @returns undefined where the twin is of nothing that can be scaled. */
export function readTwin(data: unknown): Reading | undefined {
  const read = Snapshot.safeParse(data);
  if (!read.success) return undefined;
  const { twinId, cluster, namespace, component, workloadId, updatedAt, replicas, resources, network, quality } = read.data.twin;
  if (!scalable.has(component.kind)) return undefined;
  // A source that has gone stale says what was, not what is.
  const seen = quality?.watch?.isFresh === false ? undefined : replicas;
  const used = quality?.usage?.isFresh === false ? undefined : resources;
  const rates =
    quality?.linkerd?.isFresh === false ? [] : [network?.latest, { windowSeconds: network?.windowSeconds, ...network?.inbound }];
  const ofNow = rates.find(
    (rate) => typeof rate?.requestRate === "number" && (rate.windowSeconds ?? Number.POSITIVE_INFINITY) <= LONGEST_WINDOW_S,
  );
  const perPod = (limit: number | null | undefined): number | undefined =>
    typeof limit === "number" && typeof replicas?.current === "number" && replicas.current > 0 ? limit / replicas.current : undefined;
  return {
    workload: twinId,
    workloadId: workloadId ?? undefined,
    cluster: cluster ?? undefined,
    namespace: namespace ?? undefined,
    kind: component.kind,
    name: component.name,
    takenAtMs: Date.parse(updatedAt),
    desired: seen?.desired ?? seen?.current ?? undefined,
    ready: seen?.ready ?? undefined,
    cpuCores: used?.cpuCores ?? undefined,
    ramBytes: used?.memoryBytes ?? undefined,
    cpuLimitCores: perPod(resources?.cpuLimitCores),
    ramLimitBytes: perPod(resources?.memoryLimitBytes),
    requestsPerSecond: ofNow?.requestRate ?? undefined,
  };
}
