import { z } from "zod";

/** D2.3 2.1: the four states of a workload, current and past. What Kubernetes calls otherwise keeps its word in `phase`. */
export const Status = z.enum(["Running", "Restart", "Ready", "Failure"]);
export type Status = z.infer<typeof Status>;

/** D2.3 6.1.1: a status block holds the last changes, so that no restart is missed. */
export const HISTORY_LENGTH = 20;

const time = z.iso.datetime({ offset: true });
const count = z.int().nonnegative();
/** Unknown is null, never 0. */
const known = z.number().nonnegative().nullable();
const knownCount = count.nullable();
const text = z.string().max(1024);

/** What the twin is of: one component (a Deployment, a StatefulSet, a lone Pod, …) of one workload of one user. */
export const About = z.strictObject({
  /** `<cluster>/<namespace>/<kind>/<name>`. */
  twinId: z.string().min(1).max(1024),
  cluster: text,
  namespace: text,
  component: z.strictObject({ kind: text, name: text }),
  /** Null: no label, owner or intent says which workload this is. It is told of all the same, in the bucket `unmapped`. */
  workloadId: z.string().min(1).max(128).nullable(),
  mappedBy: z.enum(["label", "owner-label", "intent"]).nullable(),
  userId: z.string().min(1).max(128).nullable(),
});
export type About = z.infer<typeof About>;

/** One entry of the history. k restarts between two looks at a container are one entry of count k. */
export const Change = z.strictObject({
  /** Of the pod's change that it was seen in: the order of things, since Kubernetes' times are whole seconds. */
  seq: count,
  pod: text,
  podUid: text,
  container: text.nullable(),
  /** Null: a state that NEMO has no word for; `phase` has Kubernetes' one. */
  status: Status.nullable(),
  phase: text,
  reason: text.nullable(),
  exitCode: z.int().nullable(),
  /** Restarts in this entry; 0 for any other change. */
  count,
  /** When Kubernetes says that it happened. */
  at: time.nullable(),
  /** When the watch saw it. */
  observedAt: time,
});
export type Change = z.infer<typeof Change>;

export const PodTwin = z.strictObject({
  name: text,
  uid: text,
  node: text.nullable(),
  ip: text.nullable(),
  /** Pending, Running, Succeeded, Failed, Unknown, or Terminating while it is being deleted. */
  phase: text,
  status: Status.nullable(),
  reason: text.nullable(),
  ready: z.boolean(),
  /** Of all its containers, since the pod exists. */
  restarts: count,
  since: time,
  /** Whether a Linkerd proxy runs in it. */
  meshed: z.boolean(),
  /** Of the latest change that was taken in. */
  seq: count,
  resourceVersion: text,
});
export type PodTwin = z.infer<typeof PodTwin>;

export const StatusBlock = z.strictObject({
  current: Status.nullable(),
  phase: text,
  reason: text.nullable(),
  since: time,
  /** The last changes of the component's pods, the newest first. */
  history: z.array(Change).max(HISTORY_LENGTH),
});
export type StatusBlock = z.infer<typeof StatusBlock>;

export const Replicas = z.strictObject({ desired: knownCount, current: knownCount, ready: knownCount, available: knownCount });
export type Replicas = z.infer<typeof Replicas>;

export const Resources = z.strictObject({
  cpuCores: known,
  memoryBytes: known,
  cpuRequestCores: known,
  cpuLimitCores: known,
  memoryRequestBytes: known,
  memoryLimitBytes: known,
  source: z.enum(["cadvisor", "resource", "summary"]).nullable(),
  sampledAt: time.nullable(),
});
export type Resources = z.infer<typeof Resources>;

/** Quantiles of what buckets hold. `saturated`: the quantile lies beyond the last bound, and the value is that bound. */
export const Latency = z.strictObject({
  p50: known,
  p95: known,
  p99: known,
  samples: count,
  saturated: z.boolean(),
  /** The bounds of the bucket that each quantile was interpolated in: how exact it can be at best. `null`: no upper bound. */
  bounds: z.strictObject({
    p50: z.tuple([z.number(), z.number().nullable()]).nullable(),
    p95: z.tuple([z.number(), z.number().nullable()]).nullable(),
    p99: z.tuple([z.number(), z.number().nullable()]).nullable(),
  }),
});
export type Latency = z.infer<typeof Latency>;

const perCode = <T extends z.ZodType>(value: T) => z.record(z.string().max(32), value);

/** Of one direction, over the window. Rates are per second; a response without a status has the code `none`. */
export const Traffic = z.strictObject({
  requestRate: known,
  successRatio: known,
  responseRateByCode: perCode(z.number().nonnegative()),
  responseCountByCode: perCode(count),
  /** By gRPC status, apart from the HTTP codes: gRPC answers 200 with a status of its own. */
  grpcCountByCode: perCode(count),
  latencyMs: Latency.nullable(),
  tcp: z.strictObject({ openConnections: knownCount, readBytesPerSecond: known, writeBytesPerSecond: known }),
});
export type Traffic = z.infer<typeof Traffic>;

export const Destination = z.strictObject({
  namespace: text,
  kind: text,
  name: text,
  requestRate: known,
  successRatio: known,
});

/** Of the inbound requests, over the newest part of the window: what the demand is now, where the whole window says what it was on average. */
export const Latest = z.strictObject({
  /** How much time the counts cover: half a minute to a minute where every round is answered. */
  windowSeconds: z.number().positive(),
  requestRate: z.number().nonnegative(),
});
export type Latest = z.infer<typeof Latest>;

export const Network = z.strictObject({
  /** Null: no pod has told yet whether a Linkerd proxy runs in it. */
  meshed: z.boolean().nullable(),
  source: z.enum(["proxy", "prometheus"]).nullable(),
  /** How much time the counts cover. Less than the configured window while the twin is young. */
  windowSeconds: z.number().nonnegative(),
  inbound: Traffic.nullable(),
  outbound: Traffic.nullable(),
  byDestination: z.array(Destination).max(20),
  /** Null: nothing has been counted yet. Absent in twins of a time before it was told. */
  latest: Latest.nullish(),
});
export type Network = z.infer<typeof Network>;

export const ANOMALY_RULES = [
  "server-errors",
  "latency-shift",
  "restart-loop",
  "memory-near-limit",
  "replicas-below-desired",
  "source-stale",
] as const;

/** Something is wrong since `since`. Opened once and closed once, each told by one event. */
export const Anomaly = z.strictObject({
  /** Names this occurrence: the rule, what it is about, and the change that it began with. */
  anomalyId: z.string().min(1).max(512),
  rule: z.enum(ANOMALY_RULES),
  /** A container, a source, a response code; null where the rule is about the whole component. */
  what: text.nullable(),
  state: z.enum(["open", "closed"]),
  severity: z.enum(["warning", "critical"]),
  since: time,
  closedAt: time.nullable(),
  /** One sentence with the figures in it. */
  summary: text,
  /** The figures that it rests on, with their units in the names. */
  evidence: z.record(z.string().max(64), z.union([z.number(), z.string().max(256), z.null()])),
  /** From the nearest cause that the twin knows of to the farthest. */
  causes: z.array(z.strictObject({ what: text, at: time.nullable(), seq: knownCount })).max(8),
});
export type Anomaly = z.infer<typeof Anomaly>;

/** What is known of one source: whether it answers, and how old its last answer is. */
export const SourceQuality = z.strictObject({ isFresh: z.boolean(), at: time.nullable(), reason: text.nullable() }).nullable();
export type SourceQuality = z.infer<typeof SourceQuality>;

/** Null: nobody has configured that source. */
export const Quality = z.strictObject({
  watch: SourceQuality,
  linkerd: SourceQuality,
  usage: SourceQuality,
  kubeStateMetrics: SourceQuality,
});
export type Quality = z.infer<typeof Quality>;

/** The digital twin of one component (D2.3 2.1). Additive: the list of fields is not fixed. */
export const Twin = z.strictObject({
  ...About.shape,
  /** Grows with every change of this twin. */
  seq: count,
  updatedAt: time,
  status: StatusBlock,
  pods: z.array(PodTwin),
  /** Pods that a message leaves out: what carries events need not carry more than 64 KiB (CloudEvents 1.0, size limits). The store has them all. */
  omittedPods: count,
  replicas: Replicas,
  resources: Resources,
  network: Network,
  /** Open ones. */
  anomalies: z.array(Anomaly),
  quality: Quality,
});
export type Twin = z.infer<typeof Twin>;

export const aboutOf = ({ twinId, cluster, namespace, component, workloadId, mappedBy, userId }: Twin): About => ({
  twinId,
  cluster,
  namespace,
  component,
  workloadId,
  mappedBy,
  userId,
});
