import { z } from "zod";
import { Baseline } from "./counters.ts";
import { Anomaly, Replicas, SourceQuality, Twin } from "./model.ts";
import { Asked } from "./reading.ts";
import { Window } from "./window.ts";

const time = z.iso.datetime({ offset: true });
const known = z.number().nonnegative().nullable();

/** What the newest look at a pod said that its twin does not: of each container the restarts, and what it asks for. */
const Look = z.strictObject({
  seq: z.int().nonnegative(),
  observedAt: time,
  containers: z.record(
    z.string(),
    z.strictObject({ restarts: z.int().nonnegative(), asked: Asked, isInit: z.boolean(), waitingFor: z.string().nullable() }),
  ),
});

/** What one container used when it was last asked. */
const Used = z.strictObject({ atMs: z.number(), cpuSecondsTotal: known, cpuCores: known, memoryBytes: known });

/** What an anomaly came of and ended with, so that a redelivered cause tells the same again and no other does. */
const Told = z.strictObject({ anomaly: Anomaly, openedBy: z.string(), closedBy: z.string().nullable() });
export type Told = z.infer<typeof Told>;

/** What fusion has to remember of a twin, and nobody else needs. */
export const Memory = z.strictObject({
  /** The last round that was taken in; -1 before the first. */
  round: z.int(),
  /** The newest looks, by pod uid. */
  looks: z.record(z.string(), Look),
  /** Pods that were deleted, and the change that said so: a late word of one does not bring it back. */
  gone: z.array(z.tuple([z.string(), z.int()])),
  /** By pod uid. */
  proxies: z.record(z.string(), Baseline),
  window: Window,
  openConnections: z.strictObject({ inbound: known, outbound: known }),
  networkSource: z.enum(["proxy", "prometheus"]).nullable(),
  /** By `<pod>/<container>`. */
  used: z.record(z.string(), Used),
  usageSource: z.enum(["cadvisor", "resource", "summary"]).nullable(),
  /** What the owner says in the watch, and what kube-state-metrics says. */
  ownerReplicas: Replicas.nullable(),
  ksmReplicas: Replicas.nullable(),
  ksmAsked: Asked.nullable(),
  sources: z.strictObject({ watch: SourceQuality, linkerd: SourceQuality, usage: SourceQuality, kubeStateMetrics: SourceQuality }),
  /** Since when fewer replicas were ready than wanted; null while there are enough. */
  belowSince: time.nullable(),
  /** Open anomalies, and the last ones that were closed. */
  anomalies: z.array(Told),
});
export type Memory = z.infer<typeof Memory>;

export const TwinRecord = z.strictObject({ twin: Twin, memory: Memory });
export type TwinRecord = z.infer<typeof TwinRecord>;
