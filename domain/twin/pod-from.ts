import { z } from "zod";
import { parseQuantity } from "../cluster/quantity.ts";
import { ok, type Outcome, refuse } from "../outcome.ts";
import { Pod, type PodContainer, type PodOwner, type Termination } from "./pod.ts";

const text = z.string().nullish();
const labels = z.record(z.string(), z.string()).nullish();
const terminated = z.object({ reason: text, exitCode: z.int(), finishedAt: text });
const state = z
  .object({
    waiting: z.object({ reason: text }).nullish(),
    running: z.object({ startedAt: text }).nullish(),
    terminated: terminated.nullish(),
  })
  .nullish();
const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean(),
  restartCount: z.int().nonnegative(),
  state,
  lastState: state,
});
const quantities = z.record(z.string(), z.unknown()).nullish();
const container = z.object({
  name: z.string(),
  restartPolicy: text,
  resources: z.object({ requests: quantities, limits: quantities }).nullish(),
});
const ownerReference = z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().nullish() });

/** Of a Pod of the Kubernetes API (core/v1), as an API server or a kubelet writes it, what is read. All else is left alone. */
const RawPod = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    labels,
    resourceVersion: text,
    creationTimestamp: text,
    deletionTimestamp: text,
    ownerReferences: z.array(ownerReference).nullish(),
  }),
  spec: z.object({ nodeName: text, containers: z.array(container).nullish(), initContainers: z.array(container).nullish() }).nullish(),
  status: z
    .object({
      phase: text,
      reason: text,
      podIP: text,
      startTime: text,
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: text, lastTransitionTime: text })).nullish(),
      containerStatuses: z.array(containerStatus).nullish(),
      initContainerStatuses: z.array(containerStatus).nullish(),
    })
    .nullish(),
});
type RawContainer = z.infer<typeof container>;
type RawStatus = z.infer<typeof containerStatus>;

/** The controller's reference, which a pod has one of at most; what else owns a pod has no say in its replicas. */
export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** What somebody who watches owners knows of one: what owns it in turn, and what is worth keeping of it. */
export type FindOwner = (
  reference: OwnerReference,
  namespace: string,
) => (Pick<PodOwner, "labels" | "replicas"> & { readonly owner?: OwnerReference }) | undefined;

const MAX_OWNERS = 8;
const MAX_REASON = 1024;

/**
 * Reduces a pod of the Kubernetes API to what a twin is made of. `findOwner` resolves its chain of owners (ReplicaSet, then Deployment); an owner
 * that it does not know ends the chain.
 */
export function podFrom(raw: unknown, findOwner: FindOwner = () => undefined): Outcome<Pod, "POD_INVALID"> {
  const read = RawPod.safeParse(raw);
  if (!read.success) return invalid(read.error);
  const { metadata, spec, status } = read.data;
  const specs = [
    ...(spec?.initContainers ?? []).map((c) => ({
      spec: c,
      kind: c.restartPolicy === "Always" ? ("sidecar" as const) : ("init" as const),
    })),
    ...(spec?.containers ?? []).map((c) => ({ spec: c, kind: "app" as const })),
  ];
  const specOf = (name: string) => specs.find(({ spec: s }) => s.name === name);
  const containers = [
    ...(status?.initContainerStatuses ?? []).map((s) => containerOf(s, specOf(s.name)?.kind ?? "init", specOf(s.name)?.spec)),
    ...(status?.containerStatuses ?? []).map((s) => containerOf(s, "app", specOf(s.name)?.spec)),
  ];
  const pod = Pod.safeParse({
    uid: metadata.uid,
    name: metadata.name,
    namespace: metadata.namespace,
    labels: metadata.labels ?? {},
    owners: ownersOf(
      metadata.ownerReferences?.find(({ controller }) => controller === true),
      metadata.namespace,
      findOwner,
    ),
    node: orNull(spec?.nodeName),
    ip: orNull(status?.podIP),
    phase: orNull(status?.phase) ?? "Unknown",
    reason: reasonOf(status?.reason),
    conditions: (status?.conditions ?? []).map((c) => ({
      type: c.type,
      status: c.status,
      reason: reasonOf(c.reason),
      changedAt: orNull(c.lastTransitionTime),
    })),
    containers,
    createdAt: orNull(metadata.creationTimestamp),
    startedAt: orNull(status?.startTime),
    deletionAt: orNull(metadata.deletionTimestamp),
    resourceVersion: metadata.resourceVersion ?? "",
  } satisfies Pod);
  return pod.success ? ok(pod.data) : invalid(pod.error);
}

const orNull = (value: string | null | undefined): string | null => (value === undefined || value === "" ? null : value);
const reasonOf = (value: string | null | undefined): string | null => orNull(value)?.slice(0, MAX_REASON) ?? null;

/** The chain from a first owner upwards, as far as anybody knows it. */
export function ownersOf(first: OwnerReference | undefined, namespace: string, findOwner: FindOwner): PodOwner[] {
  const owners: PodOwner[] = [];
  let reference = first;
  while (reference !== undefined && owners.length < MAX_OWNERS) {
    const { kind, name, uid } = reference;
    if (owners.some((owner) => owner.uid === uid)) break;
    const { owner, ...known } = findOwner({ kind, name, uid }, namespace) ?? { labels: {} };
    owners.push({ kind, name, uid, ...known });
    reference = owner;
  }
  return owners;
}

const terminationOf = ({ reason, exitCode, finishedAt }: z.infer<typeof terminated>): Termination => ({
  reason: reasonOf(reason),
  exitCode,
  finishedAt: orNull(finishedAt),
});

function containerOf(status: RawStatus, kind: PodContainer["kind"], spec: RawContainer | undefined): PodContainer {
  const { requests, limits } = spec?.resources ?? {};
  const last = status.lastState?.terminated ?? null;
  return {
    name: status.name,
    kind,
    ready: status.ready,
    restartCount: status.restartCount,
    state: stateOf(status.state),
    lastTermination: last === null ? null : terminationOf(last),
    cpuRequestCores: amountOf(requests?.["cpu"]),
    cpuLimitCores: amountOf(limits?.["cpu"]),
    memoryRequestBytes: amountOf(requests?.["memory"]),
    memoryLimitBytes: amountOf(limits?.["memory"]),
  };
}

/** An amount that a container may be given; null where there is none, or none that makes sense. */
function amountOf(quantity: unknown): number | null {
  const amount = parseQuantity(quantity);
  return amount.ok && amount.value >= 0 ? amount.value : null;
}

/** Kubernetes: a state with no member set is waiting. */
function stateOf(raw: RawStatus["state"]): PodContainer["state"] {
  if (raw?.terminated) return { kind: "terminated", termination: terminationOf(raw.terminated) };
  if (raw?.running) return { kind: "running", startedAt: orNull(raw.running.startedAt) };
  return { kind: "waiting", reason: reasonOf(raw?.waiting?.reason) };
}

function invalid(error: z.ZodError): Outcome<never, "POD_INVALID"> {
  const issue = error.issues[0];
  const path = `/${(issue?.path ?? []).map(String).join("/")}`;
  return refuse("POD_INVALID", issue === undefined ? "not a pod" : `not a pod of the Kubernetes API: ${issue.message}`, path);
}
