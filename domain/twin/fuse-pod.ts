import { judge, toldBy } from "./anomalies.ts";
import { componentOf, twinIdOf } from "./component.ts";
import { compose } from "./compose.ts";
import { becoming, entry, isSameState, keep, latecomers, type Look, restartsSince } from "./history.ts";
import type { Anomaly, Change, PodTwin, Status } from "./model.ts";
import type { Ownership } from "./ownership.ts";
import type { Pod } from "./pod.ts";
import type { Memory, TwinRecord } from "./record.ts";
import { type PodStatus, statusOf } from "./status.ts";
import { emptyWindow } from "./window.ts";

/** What pod-watch told, as the event pod.changed carries it. */
export interface PodNews extends Look {
  readonly kind: "added" | "modified" | "deleted";
  readonly cluster: string;
}

/** Enough for the words of deleted pods that are still under way. */
const GONE_KEPT = 50;
/** Linkerd's injector adds the one and writes the other. */
const PROXY_CONTAINER = "linkerd-proxy";
const PROXY_LABEL = "linkerd.io/control-plane-ns";

export const causeOfPod = ({ pod, seq }: Pick<PodNews, "pod" | "seq">): string => `pod:${pod.uid}:${String(seq)}`;

/** Takes a change of a pod into its component's twin. A change that was taken in before gives the same record back. */
export function takePod(known: TwinRecord | undefined, news: PodNews, ownership: Ownership): TwinRecord {
  const record = known ?? newRecord(news, ownership);
  const { uid } = news.pod;
  if (record.memory.gone.some(([gone]) => gone === uid)) return record;
  const look = record.memory.looks[uid];
  if (look !== undefined && news.seq <= look.seq) return lateLook(record, news, look.seq);
  const seen = compose(news.kind === "deleted" ? withoutPod(record, news) : withPod(record, news, ownership), news.observedAt, "look");
  return judge(seen, Date.parse(news.observedAt), causeOfPod(news));
}

/** What a change made new, the oldest first: also when it is asked again after a redelivery. */
export function newsOfPod(record: TwinRecord, news: PodNews): { readonly changes: Change[]; readonly anomalies: Anomaly[] } {
  const changes = record.twin.status.history.filter(({ podUid, seq }) => podUid === news.pod.uid && seq === news.seq);
  return { changes: changes.toReversed(), anomalies: toldBy(record, causeOfPod(news)) };
}

function withPod(record: TwinRecord, news: PodNews, ownership: Ownership): TwinRecord {
  const { twin, memory } = record;
  const { pod } = news;
  const before = twin.pods.find(({ uid }) => uid === pod.uid);
  const was = statusOf(pod);
  const restarts = restartsSince(countsIn(memory, pod.uid), news, was);
  // What restarted before anybody looked is history, and not what the pod is doing now.
  const status: Status | null = before !== undefined && restarts.length > 0 && was.status !== "Failure" ? "Restart" : was.status;
  const isNew = before === undefined || !isSameState(before, { status, phase: was.phase });
  const changes = [...restarts, ...(isNew && status !== "Restart" ? [becoming(news, was)] : [])];
  const twinOfPod = podTwin(news, was, status, isNew || before === undefined ? news.observedAt : before.since);
  const others = twin.pods.filter(({ uid }) => uid !== pod.uid);
  return {
    twin: {
      ...twin,
      ...ownership,
      pods: [...others, twinOfPod].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.uid < b.uid ? -1 : 1)),
      status: { ...twin.status, history: keep(twin.status.history, changes) },
    },
    memory: {
      ...memory,
      looks: { ...memory.looks, [pod.uid]: lookOf(news) },
      ownerReplicas: pod.owners.findLast(({ replicas }) => replicas !== undefined)?.replicas ?? memory.ownerReplicas,
      sources: { ...memory.sources, watch: { isFresh: true, at: news.observedAt, reason: null } },
    },
  };
}

function withoutPod(record: TwinRecord, news: PodNews): TwinRecord {
  const { twin, memory } = record;
  const { uid, name } = news.pod;
  const restarts = restartsSince(countsIn(memory, uid), news, statusOf(news.pod));
  const left = entry(news, {
    container: null,
    status: null,
    phase: "Deleted",
    reason: null,
    exitCode: null,
    count: 0,
    at: news.pod.deletionAt,
  });
  const without = <T>(all: Readonly<Record<string, T>>, isIt: (key: string) => boolean): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([key]) => !isIt(key)));
  const pods = twin.pods.filter((pod) => pod.uid !== uid);
  const isLastOfItsName = !pods.some((pod) => pod.name === name);
  return {
    twin: { ...twin, pods, status: { ...twin.status, history: keep(twin.status.history, [...restarts, left]) } },
    memory: {
      ...memory,
      looks: without(memory.looks, (key) => key === uid),
      proxies: without(memory.proxies, (key) => key === uid),
      used: without(memory.used, (key) => isLastOfItsName && key.startsWith(`${name}/`)),
      gone: [...memory.gone, [uid, news.seq] satisfies [string, number]].slice(-GONE_KEPT),
    },
  };
}

/** Events overtake each other on their way; the order of things is `seq`. */
function lateLook(record: TwinRecord, news: PodNews, latestSeq: number): TwinRecord {
  const pod = record.twin.pods.find(({ uid }) => uid === news.pod.uid);
  const look = record.memory.looks[news.pod.uid];
  if (news.seq === latestSeq || pod === undefined || look === undefined) return record;
  const latest: Change = {
    ...entry(news, { container: null, status: pod.status, phase: pod.phase, reason: pod.reason, exitCode: null, count: 0, at: null }),
    seq: latestSeq,
    observedAt: look.observedAt,
  };
  const changes = latecomers(record.twin.status.history, news, statusOf(news.pod), latest);
  if (changes.length === 0) return record;
  const { status } = record.twin;
  return compose(
    { ...record, twin: { ...record.twin, status: { ...status, history: keep(status.history, changes) } } },
    record.twin.updatedAt,
    "look",
  );
}

const countsIn = ({ looks }: Memory, uid: string): Record<string, number> | undefined => {
  const containers = looks[uid]?.containers;
  return containers && Object.fromEntries(Object.entries(containers).map(([name, { restarts }]) => [name, restarts]));
};

const lookOf = ({ seq, observedAt, pod }: PodNews): Memory["looks"][string] => ({
  seq,
  observedAt,
  containers: Object.fromEntries(
    pod.containers.map((c) => [
      c.name,
      {
        restarts: c.restartCount,
        isInit: c.kind === "init",
        waitingFor: c.state.kind === "waiting" ? c.state.reason : null,
        asked: {
          cpuRequestCores: c.cpuRequestCores,
          cpuLimitCores: c.cpuLimitCores,
          memoryRequestBytes: c.memoryRequestBytes,
          memoryLimitBytes: c.memoryLimitBytes,
        },
      },
    ]),
  ),
});

const podTwin = ({ pod, seq }: PodNews, was: PodStatus, status: Status | null, since: string): PodTwin => ({
  name: pod.name,
  uid: pod.uid,
  node: pod.node,
  ip: pod.ip,
  phase: was.phase,
  status,
  reason: was.reason,
  ready: was.status === "Ready" || (was.phase !== "Terminating" && isReady(pod)),
  restarts: pod.containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
  since,
  meshed: pod.labels[PROXY_LABEL] !== undefined || pod.containers.some(({ name }) => name === PROXY_CONTAINER),
  seq,
  resourceVersion: pod.resourceVersion,
});

const isReady = (pod: Pod): boolean => pod.conditions.some(({ type, status }) => type === "Ready" && status === "True");

function newRecord({ cluster, pod, observedAt }: PodNews, ownership: Ownership): TwinRecord {
  const unknown = { desired: null, current: null, ready: null, available: null };
  return {
    twin: {
      twinId: twinIdOf(cluster, pod),
      cluster,
      namespace: pod.namespace,
      component: componentOf(pod),
      ...ownership,
      seq: 0,
      updatedAt: observedAt,
      status: { current: null, phase: "Absent", reason: null, since: observedAt, history: [] },
      pods: [],
      omittedPods: 0,
      replicas: unknown,
      resources: {
        cpuCores: null,
        memoryBytes: null,
        cpuRequestCores: null,
        cpuLimitCores: null,
        memoryRequestBytes: null,
        memoryLimitBytes: null,
        source: null,
        sampledAt: null,
      },
      network: { meshed: null, source: null, windowSeconds: 0, inbound: null, outbound: null, byDestination: [], latest: null },
      anomalies: [],
      quality: { watch: null, linkerd: null, usage: null, kubeStateMetrics: null },
    },
    memory: {
      round: -1,
      looks: {},
      gone: [],
      proxies: {},
      window: emptyWindow(),
      openConnections: { inbound: null, outbound: null },
      networkSource: null,
      used: {},
      usageSource: null,
      ownerReplicas: null,
      ksmReplicas: null,
      ksmAsked: null,
      sources: { watch: null, linkerd: null, usage: null, kubeStateMetrics: null },
      belowSince: null,
      anomalies: [],
    },
  };
}
