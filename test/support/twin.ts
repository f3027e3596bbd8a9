import { Twin } from "../../domain/twin/model.ts";
import { TwinSnapshotTaken } from "../../events/twin.ts";
import type { Event } from "../../events/define.ts";

export interface TwinOf {
  readonly name?: string;
  readonly cluster?: string;
  readonly workloadId?: string | null;
  readonly takenAt: string;
  readonly ready?: number | null;
  readonly desired?: number | null;
  readonly cpuCores?: number | null;
  readonly memoryBytes?: number | null;
  /** One pod's. */
  readonly cpuLimitCores?: number | null;
  readonly memoryLimitBytes?: number | null;
  readonly requestRate?: number | null;
  readonly isFresh?: boolean;
  readonly kind?: string;
}

const times = (limit: number | null, pods: number | null): number | null => (limit === null || pods === null ? null : limit * pods);

/** A whole twin, as cmdt-fuse makes them. */
export function twinOf(of: TwinOf): Twin {
  const { name = "web", cluster = "kind-1", workloadId = null, takenAt, ready = 3, desired = ready, kind = "Deployment" } = of;
  const { cpuCores = 1.5, memoryBytes = 3e8, cpuLimitCores = 1, memoryLimitBytes = 1e9, requestRate = null, isFresh = true } = of;
  const quality = { isFresh, at: takenAt, reason: null };
  const nothing = { successRatio: null, responseRateByCode: {}, responseCountByCode: {}, grpcCountByCode: {}, latencyMs: null };
  return Twin.parse({
    twinId: `${cluster}/app/${kind}/${name}`,
    cluster,
    namespace: "app",
    component: { kind, name },
    workloadId,
    mappedBy: workloadId === null ? null : "label",
    userId: null,
    seq: 1,
    updatedAt: takenAt,
    status: { current: "Ready", phase: "Running", reason: null, since: takenAt, history: [] },
    pods: [],
    replicas: { desired, current: desired, ready, available: ready },
    resources: {
      cpuCores,
      memoryBytes,
      cpuRequestCores: null,
      cpuLimitCores: times(cpuLimitCores, desired),
      memoryRequestBytes: null,
      memoryLimitBytes: times(memoryLimitBytes, desired),
      source: "cadvisor",
      sampledAt: takenAt,
    },
    network: {
      meshed: true,
      source: "proxy",
      windowSeconds: 30,
      inbound: { requestRate, ...nothing, tcp: { openConnections: null, readBytesPerSecond: null, writeBytesPerSecond: null } },
      outbound: null,
      byDestination: [],
    },
    omittedPods: 0,
    anomalies: [],
    quality: { watch: quality, linkerd: quality, usage: quality, kubeStateMetrics: null },
  });
}

/** The event that tells of it. The id follows from workload and time, as a redelivery's does. */
export function snapshotOf(of: TwinOf, id?: string): Event {
  const twin = twinOf(of);
  return TwinSnapshotTaken.make({
    source: "/mncc/cmdt-fuse",
    subject: twin.twinId,
    id: id ?? `${twin.twinId} ${twin.updatedAt}`,
    data: { twin },
  });
}
