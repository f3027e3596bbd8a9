import { isSameState } from "./history.ts";
import { sumOfAsked } from "./kube-state-metrics.ts";
import type { Network, PodTwin, Replicas, Resources, Status, StatusBlock, Twin } from "./model.ts";
import type { Memory, TwinRecord } from "./record.ts";
import { trafficOf } from "./window.ts";

/** The worst pod speaks for its component. */
const WORST_FIRST: readonly (Status | null)[] = ["Failure", "Restart", "Running", "Ready", null];

/** Makes the twin say what is remembered of it now; `at` is the time of what was just taken in. Only a round has news of traffic. */
export function compose({ twin, memory }: TwinRecord, at: string, from: "look" | "round"): TwinRecord {
  const next: Twin = {
    ...twin,
    seq: twin.seq + 1,
    updatedAt: at > twin.updatedAt ? at : twin.updatedAt,
    status: statusBlock(twin, at),
    replicas: replicasOf(twin.pods, memory),
    resources: resourcesOf(twin.pods, memory),
    network: from === "round" ? networkOf(twin.pods, memory) : { ...twin.network, meshed: isMeshed(twin.pods, memory) },
    quality: memory.sources,
  };
  const { desired, ready } = next.replicas;
  const isBelow = desired !== null && ready !== null && ready < desired;
  return { twin: next, memory: { ...memory, belowSince: isBelow ? (memory.belowSince ?? at) : null } };
}

function statusBlock({ status: before, pods }: Twin, at: string): StatusBlock {
  const current = WORST_FIRST.find((status) => pods.some((pod) => pod.status === status)) ?? null;
  const speaker = pods.find(({ status }) => status === current);
  const phase = speaker?.phase ?? "Absent";
  const isSame = isSameState({ status: before.current, phase: before.phase }, { status: current, phase });
  return { ...before, current, phase, reason: speaker?.reason ?? null, since: isSame ? before.since : at };
}

function replicasOf(pods: readonly PodTwin[], { ownerReplicas, ksmReplicas }: Memory): Replicas {
  const living = pods.filter(({ phase }) => phase !== "Terminating" && phase !== "Succeeded" && phase !== "Failed");
  return {
    desired: ownerReplicas?.desired ?? ksmReplicas?.desired ?? null,
    current: living.length,
    ready: living.filter(({ ready }) => ready).length,
    available: ownerReplicas?.available ?? ksmReplicas?.available ?? null,
  };
}

function resourcesOf(pods: readonly PodTwin[], memory: Memory): Resources {
  const names = new Set(pods.map(({ name }) => name));
  const used = Object.entries(memory.used).flatMap(([key, value]) => (names.has(key.slice(0, key.indexOf("/"))) ? [value] : []));
  const asked = sumOfAsked(
    pods.flatMap(({ uid }) =>
      Object.values(memory.looks[uid]?.containers ?? {}).flatMap(({ asked: one, isInit }) => (isInit ? [] : [one])),
    ),
  );
  const sum = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
  };
  const sampledMs = used.reduce((latest, { atMs }) => Math.max(latest, atMs), 0);
  return {
    cpuCores: sum(used.map(({ cpuCores }) => cpuCores)),
    memoryBytes: sum(used.map(({ memoryBytes }) => memoryBytes)),
    cpuRequestCores: asked?.cpuRequestCores ?? memory.ksmAsked?.cpuRequestCores ?? null,
    cpuLimitCores: asked?.cpuLimitCores ?? memory.ksmAsked?.cpuLimitCores ?? null,
    memoryRequestBytes: asked?.memoryRequestBytes ?? memory.ksmAsked?.memoryRequestBytes ?? null,
    memoryLimitBytes: asked?.memoryLimitBytes ?? memory.ksmAsked?.memoryLimitBytes ?? null,
    source: used.length === 0 ? null : memory.usageSource,
    sampledAt: used.length === 0 ? null : new Date(sampledMs).toISOString(),
  };
}

/** A proxy that has answered is there, whatever the pod says of itself. */
const isMeshed = (pods: readonly PodTwin[], { window }: Memory): boolean | null =>
  pods.length === 0 ? null : window.sinceMs !== null || pods.some((pod) => pod.meshed);

/** Without a proxy there is nobody to count: what the traffic is stays unknown. */
function networkOf(pods: readonly PodTwin[], memory: Memory): Network {
  const { window, openConnections, networkSource } = memory;
  const meshed = isMeshed(pods, memory);
  if (window.sinceMs === null)
    return { meshed, source: null, windowSeconds: 0, inbound: null, outbound: null, byDestination: [], latest: null };
  return { meshed, source: networkSource, ...trafficOf(window, openConnections) };
}
