import type { Anomaly, Change, Twin } from "./model.ts";
import type { TwinRecord } from "./record.ts";

type Cause = Anomaly["causes"][number];

const MAX_CAUSES = 8;
export const RECENT_MS = 600_000;
/** A destination that answers less than this well is worth naming. */
const FAILING_RATIO = 0.95;
const NEAR = 0.9;

export const chain = (...links: readonly (readonly Cause[])[]): Cause[] => links.flat().slice(0, MAX_CAUSES);

const percent = (ratio: number): string => `${String(Math.round(ratio * 1000) / 10)} %`;

/** Restarts of the last ten minutes, the newest first. */
export const recentRestarts = ({ status }: Twin, nowMs: number, pod?: string): Change[] =>
  status.history.filter(
    (change) =>
      change.count > 0 && nowMs - Date.parse(change.at ?? change.observedAt) <= RECENT_MS && (pod === undefined || change.pod === pod),
  );

const howEnded = ({ reason, exitCode }: Change): string =>
  [reason ?? "for no stated reason", ...(exitCode === null ? [] : [`exit code ${String(exitCode)}`])].join(", ");

/** The latest restart of every pod, and, where the kernel killed it for memory, the limit that it met. */
export function restartCauses(record: TwinRecord, nowMs: number, pod?: string): Cause[] {
  const seen = new Set<string>();
  return recentRestarts(record.twin, nowMs, pod).flatMap((change) => {
    if (seen.has(change.podUid)) return [];
    seen.add(change.podUid);
    const restarted = {
      what: `${change.pod}: ${change.container ?? ""} restarted (${howEnded(change)})`,
      at: change.at ?? change.observedAt,
      seq: change.seq,
    };
    const limit = change.reason === "OOMKilled" ? limitOf(record, change) : undefined;
    return [restarted, ...(limit === undefined ? [] : [{ what: limit, at: null, seq: null }])];
  });
}

function limitOf({ memory }: TwinRecord, { podUid, container }: Change): string | undefined {
  const asked = memory.looks[podUid]?.containers[container ?? ""]?.asked;
  if (asked === undefined) return undefined;
  return asked.memoryLimitBytes === null
    ? `${container ?? ""} has no memory limit of its own: its node ran out of memory`
    : `${container ?? ""} may use ${String(asked.memoryLimitBytes)} bytes of memory at most`;
}

/** Components that this one calls and that answer badly: what goes wrong there goes wrong here next. */
export const destinationCauses = ({ network }: Twin): Cause[] =>
  network.byDestination
    .filter(({ successRatio }) => successRatio !== null && successRatio < FAILING_RATIO)
    .map(({ namespace, kind, name, successRatio }) => ({
      what: `${kind} ${namespace}/${name} answers ${percent(1 - (successRatio ?? 1))} of the requests with an error`,
      at: null,
      seq: null,
    }));

/** Containers that have used up nearly all the CPU or memory that they may have. */
export const exhaustionCauses = ({ resources: { cpuCores, cpuLimitCores, memoryBytes, memoryLimitBytes } }: Twin): Cause[] => [
  ...used("CPU", cpuCores, cpuLimitCores),
  ...used("memory", memoryBytes, memoryLimitBytes),
];

function used(what: string, usage: number | null, limit: number | null): Cause[] {
  if (usage === null || limit === null || limit === 0 || usage / limit < NEAR) return [];
  return [{ what: `the component uses ${percent(usage / limit)} of its limit of ${what}`, at: null, seq: null }];
}

/** Pods that do not serve, and why. */
export const unreadyCauses = ({ pods }: Twin): Cause[] =>
  pods
    .filter(({ ready }) => !ready)
    .map(({ name, status, phase, reason, since, seq }) => ({
      what: `${name} is ${status ?? phase}${reason === null ? "" : `: ${reason}`}`,
      at: since,
      seq,
    }));
