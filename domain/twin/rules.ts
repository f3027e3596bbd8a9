import { chain, destinationCauses, exhaustionCauses, recentRestarts, restartCauses, unreadyCauses } from "./causes.ts";
import { quantile } from "./latency.ts";
import type { Anomaly } from "./model.ts";
import type { TwinRecord } from "./record.ts";
import { serverErrors } from "./tally.ts";
import { earlier, latest } from "./window.ts";

/** What a rule finds wrong now. Whether that is news is for anomalies.ts to say. */
export type Finding = Pick<Anomaly, "rule" | "what" | "severity" | "summary" | "evidence" | "causes">;

export interface Moment {
  readonly record: TwinRecord;
  readonly nowMs: number;
  /** Whether the anomaly stands already: it takes more to end one than not to begin it, so that nothing flaps. */
  readonly isOpen: (rule: Anomaly["rule"], what: string | null) => boolean;
}

type Rule = (moment: Moment) => readonly Finding[];

/** Longer than the six minutes between two errors in D2.3's example, so that a steady trickle is one anomaly and not many. */
const QUIET_MS = 600_000;
const MINUTE_MS = 60_000;
const CRITICAL_ERROR_RATIO = 0.05;

/** The first answer of a server's fault after a quiet time. */
const serverErrorsRule: Rule = ({ record, isOpen }) => {
  const rule = "server-errors";
  const { bins } = record.memory.window;
  const end = bins.at(-1)?.toMs ?? 0;
  const since = latest(record.memory.window, isOpen(rule, null) ? QUIET_MS : MINUTE_MS);
  const errors = serverErrors(since.counted.inbound);
  if (errors === 0) return [];
  const { succeeded, failed, codes } = since.counted.inbound;
  const answered = Math.max(succeeded + failed, errors);
  const bad = Object.entries(codes).filter(([code]) => code.startsWith("5") || code === "none");
  return [
    {
      rule,
      what: null,
      severity: errors / answered >= CRITICAL_ERROR_RATIO ? "critical" : "warning",
      summary: `${String(errors)} of ${String(answered)} responses in ${String(Math.round(since.seconds))} s were errors of the server`,
      evidence: {
        errors,
        responses: answered,
        windowSeconds: since.seconds,
        untilMs: end,
        ...Object.fromEntries(bad.map(([code, count]) => [`responses_${code}`, count])),
      },
      causes: chain(destinationCauses(record.twin), restartCauses(record, end), exhaustionCauses(record.twin)),
    },
  ];
};

const LATENCY = { recentMs: 120_000, recentSamples: 20, referenceSamples: 50, opens: 2, closes: 1.5, leastMs: 5 } as const;

/** The 95th percentile of the last two minutes against that of the time before. */
const latencyRule: Rule = ({ record: { memory, twin }, record, nowMs, isOpen }) => {
  const rule = "latency-shift";
  const { bounds } = memory.window;
  const [now, before] = [latest, earlier].map((part) => part(memory.window, LATENCY.recentMs).counted.inbound.latency);
  const [samples, reference] = [now, before].map((counts) => (counts ?? []).reduce((sum, n) => sum + n, 0));
  if (samples === undefined || reference === undefined || samples < LATENCY.recentSamples || reference < LATENCY.referenceSamples)
    return [];
  const p95 = quantile(0.95, { bounds, counts: now ?? [] }).value;
  const usual = quantile(0.95, { bounds, counts: before ?? [] }).value;
  if (p95 === null || usual === null || p95 - usual < LATENCY.leastMs) return [];
  if (p95 < usual * (isOpen(rule, null) ? LATENCY.closes : LATENCY.opens)) return [];
  return [
    {
      rule,
      what: null,
      severity: "warning",
      summary: `95 % of the responses took up to ${round(p95)} ms, and ${round(usual)} ms before that`,
      evidence: { p95Ms: p95, usualP95Ms: usual, samples, usualSamples: reference },
      causes: chain(destinationCauses(twin), exhaustionCauses(twin), restartCauses(record, nowMs), unreadyCauses(twin)),
    },
  ];
};

const LOOP_RESTARTS = 3;
const BACK_OFF = "CrashLoopBackOff";

/** Three restarts of a pod in ten minutes, or Kubernetes' own word for it. */
const restartLoopRule: Rule = ({ record, nowMs, isOpen }) =>
  record.twin.pods.flatMap((pod) => {
    const rule = "restart-loop";
    const restarts = recentRestarts(record.twin, nowMs, pod.name).filter(({ podUid }) => podUid === pod.uid);
    const count = restarts.reduce((sum, change) => sum + change.count, 0);
    const containers = Object.entries(record.memory.looks[pod.uid]?.containers ?? {});
    // The word alone is the first wait; a loop has been round once.
    const backingOff = containers.find(([, { waitingFor, restarts: times }]) => waitingFor === BACK_OFF && times > 0);
    if (backingOff === undefined && count < (isOpen(rule, pod.name) ? 1 : LOOP_RESTARTS)) return [];
    const last = restarts[0];
    return [
      {
        rule,
        what: pod.name,
        severity: "critical" as const,
        summary:
          backingOff === undefined
            ? `${pod.name} restarted ${String(count)} times in ten minutes`
            : `${pod.name}: Kubernetes waits before it starts ${backingOff[0]} again`,
        evidence: {
          restarts: pod.restarts,
          restartsInTenMinutes: count,
          container: backingOff?.[0] ?? last?.container ?? null,
          lastReason: last?.reason ?? null,
          lastExitCode: last?.exitCode ?? null,
        },
        causes: chain(restartCauses(record, nowMs, pod.name)),
      },
    ];
  });

const MEMORY = { opens: 0.9, closes: 0.8 } as const;

/** A container that has nearly all the memory that it may have: what comes next is OOMKilled. */
const memoryRule: Rule = ({ record: { twin, memory }, record, nowMs, isOpen }) =>
  twin.pods.flatMap(({ name, uid }) =>
    Object.entries(memory.looks[uid]?.containers ?? {}).flatMap(([container, { asked }]) => {
      const what = `${name}/${container}`;
      const bytes = memory.used[what]?.memoryBytes ?? null;
      const limit = asked.memoryLimitBytes;
      if (bytes === null || limit === null || limit === 0) return [];
      const ratio = bytes / limit;
      if (ratio < (isOpen("memory-near-limit", what) ? MEMORY.closes : MEMORY.opens)) return [];
      return [
        {
          rule: "memory-near-limit" as const,
          what,
          severity: "warning" as const,
          summary: `${what} uses ${round(ratio * 100)} % of the memory that it may have`,
          evidence: { memoryBytes: bytes, memoryLimitBytes: limit, ratio },
          causes: chain(restartCauses(record, nowMs, name)),
        },
      ];
    }),
  );

/** Every rollout is short of replicas for a moment. */
const BELOW_FOR_MS = 60_000;

const replicasRule: Rule = ({ record: { twin, memory }, record, nowMs }) => {
  const { desired, ready } = twin.replicas;
  if (memory.belowSince === null || desired === null || ready === null) return [];
  const belowMs = nowMs - Date.parse(memory.belowSince);
  if (belowMs < BELOW_FOR_MS) return [];
  return [
    {
      rule: "replicas-below-desired",
      what: null,
      severity: ready === 0 ? "critical" : "warning",
      summary: `${String(ready)} of ${String(desired)} replicas are ready`,
      evidence: { desired, ready, available: twin.replicas.available, belowSeconds: Math.round(belowMs / 1000) },
      causes: chain(unreadyCauses(twin), restartCauses(record, nowMs)),
    },
  ];
};

/** A proxy comes up after its pod does: what has never answered yet is given this time since the pod's last change. */
const GRACE_MS = 90_000;

const sourceRule: Rule = ({ record: { twin, memory }, nowMs }) =>
  Object.entries(memory.sources).flatMap(([name, quality]) => {
    if (quality === null || quality.isFresh) return [];
    if (quality.at === null && !twin.pods.some(({ since }) => nowMs - Date.parse(since) >= GRACE_MS)) return [];
    const ageSeconds = quality.at === null ? null : Math.round((nowMs - Date.parse(quality.at)) / 1000);
    return [
      {
        rule: "source-stale" as const,
        what: name,
        severity: "warning" as const,
        summary: `${name} ${ageSeconds === null ? "has never answered" : `last answered ${String(ageSeconds)} s ago`}`,
        evidence: { ageSeconds },
        causes: quality.reason === null ? [] : [{ what: quality.reason, at: null, seq: null }],
      },
    ];
  });

const round = (value: number): string => String(Math.round(value * 10) / 10);

/** In this order they are told. */
export const RULES: readonly Rule[] = [serverErrorsRule, latencyRule, restartLoopRule, memoryRule, replicasRule, sourceRule];
