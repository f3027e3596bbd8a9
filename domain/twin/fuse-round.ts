import { judge, toldBy } from "./anomalies.ts";
import { compose } from "./compose.ts";
import { advance } from "./counters.ts";
import type { Anomaly, SourceQuality } from "./model.ts";
import type { ProxyScrape } from "./proxy.ts";
import type { ContainerUsage, Reading, SourceAnswer } from "./reading.ts";
import type { Memory, TwinRecord } from "./record.ts";
import { type Counted, total } from "./tally.ts";
import { push } from "./window.ts";

/** What the proxies of a twin's pods said in a round, by pod uid. */
export interface ProxyRound {
  readonly source: "proxy" | "prometheus";
  readonly answers: ReadonlyMap<
    string,
    { readonly kind: "scraped"; readonly atMs: number; readonly scrape: ProxyScrape } | { readonly kind: "silent"; readonly reason: string }
  >;
}

export interface Round {
  readonly round: number;
  readonly nowMs: number;
  readonly reading: Reading | undefined;
  /** Absent where no source of proxies is configured. */
  readonly proxies: ProxyRound | undefined;
  /** How old a source's last answer may get before it counts as gone. */
  readonly staleAfterMs: number;
}

export const causeOfRound = ({ round }: Pick<Round, "round">): string => `round:${String(round)}`;

/** Takes a round of the sources into a twin. A round that was taken in before, or was overtaken, gives the same record back. */
export function takeRound(record: TwinRecord, round: Round): TwinRecord {
  if (round.round <= record.memory.round) return record;
  const now = new Date(round.nowMs).toISOString();
  const memory = [takeProxies, takeUsage, takeObjects].reduce((known, take) => take(known, round), {
    ...record.memory,
    round: round.round,
  });
  return judge(compose({ ...record, memory }, now, "round"), round.nowMs, causeOfRound(round));
}

export const newsOfRound = (record: TwinRecord, round: number): Anomaly[] => toldBy(record, causeOfRound({ round }));

function takeProxies(memory: Memory, { proxies, nowMs, staleAfterMs }: Round): Memory {
  if (proxies === undefined || proxies.answers.size === 0) return memory;
  const counted: Counted[] = [];
  let bounds: readonly number[] = [];
  let answeredMs: number | undefined;
  let silence: string | null = null;
  const baselines = { ...memory.proxies };
  const open: Record<"inbound" | "outbound", number | null> = { inbound: null, outbound: null };
  for (const [uid, answer] of proxies.answers) {
    if (answer.kind === "silent") {
      silence ??= answer.reason;
      continue;
    }
    const { scrape, atMs } = answer;
    // A pod that is younger than the twin's window has nothing but new counts.
    const progress = advance(baselines[uid], scrape, atMs, memory.window.sinceMs ?? Infinity);
    baselines[uid] = progress.baseline;
    counted.push(progress.counted);
    if (scrape.bounds.length > 0) bounds = scrape.bounds;
    answeredMs = Math.max(answeredMs ?? 0, atMs);
    for (const direction of ["inbound", "outbound"] as const) open[direction] = (open[direction] ?? 0) + scrape.openConnections[direction];
  }
  const answer: SourceAnswer =
    answeredMs === undefined ? { kind: "silent", reason: silence ?? "" } : { kind: "answered", at: new Date(answeredMs).toISOString() };
  const linkerd = qualityOf(memory.sources.linkerd, answer, nowMs, staleAfterMs, silence);
  const sources = { ...memory.sources, linkerd };
  if (answeredMs === undefined) return { ...memory, sources, openConnections: open };
  return {
    ...memory,
    sources,
    proxies: baselines,
    window: push(memory.window, total(counted), bounds, answeredMs),
    openConnections: open,
    networkSource: proxies.source,
  };
}

function takeUsage(memory: Memory, { reading, nowMs, staleAfterMs }: Round): Memory {
  if (reading?.usage === undefined) return memory;
  const { answer, source, containers } = reading.usage;
  const sources = { ...memory.sources, usage: qualityOf(memory.sources.usage, answer, nowMs, staleAfterMs) };
  if (answer.kind === "silent") return { ...memory, sources, used: sources.usage?.isFresh === true ? memory.used : {} };
  const used = Object.fromEntries(
    containers.map((usage) => [`${usage.pod}/${usage.container}`, usedSince(memory.used[`${usage.pod}/${usage.container}`], usage)]),
  );
  return { ...memory, sources, used, usageSource: source };
}

/** CPU in cores is the counter's growth over the time between two samples; a kubelet that has not looked again says nothing new. */
function usedSince(before: Memory["used"][string] | undefined, usage: ContainerUsage): Memory["used"][string] {
  const atMs = Date.parse(usage.at);
  const { cpuSecondsTotal, memoryBytes } = usage;
  const now = { atMs, cpuSecondsTotal, memoryBytes };
  if (usage.cpuCores !== null || cpuSecondsTotal === null) return { ...now, cpuCores: usage.cpuCores };
  if (before?.cpuSecondsTotal === undefined || before.cpuSecondsTotal === null) return { ...now, cpuCores: null };
  if (atMs <= before.atMs) return { ...before, memoryBytes };
  const grown = cpuSecondsTotal < before.cpuSecondsTotal ? cpuSecondsTotal : cpuSecondsTotal - before.cpuSecondsTotal;
  return { ...now, cpuCores: (grown * 1000) / (atMs - before.atMs) };
}

function takeObjects(memory: Memory, { reading, nowMs, staleAfterMs }: Round): Memory {
  if (reading?.kubeStateMetrics === undefined) return memory;
  const { answer, replicas, asked } = reading.kubeStateMetrics;
  const kubeStateMetrics = qualityOf(memory.sources.kubeStateMetrics, answer, nowMs, staleAfterMs);
  const sources = { ...memory.sources, kubeStateMetrics };
  if (answer.kind === "answered") return { ...memory, sources, ksmReplicas: replicas, ksmAsked: asked };
  return kubeStateMetrics?.isFresh === true ? { ...memory, sources } : { ...memory, sources, ksmReplicas: null, ksmAsked: null };
}

/** Silence is forgiven until the last answer is too old. */
function qualityOf(
  before: SourceQuality,
  answer: SourceAnswer,
  nowMs: number,
  staleAfterMs: number,
  partly: string | null = null,
): SourceQuality {
  if (answer.kind === "answered") return { isFresh: true, at: answer.at, reason: partly };
  const at = before?.at ?? null;
  return { isFresh: at !== null && nowMs - Date.parse(at) < staleAfterMs, at, reason: answer.reason };
}
