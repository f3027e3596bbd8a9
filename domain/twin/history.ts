import { type Change, HISTORY_LENGTH } from "./model.ts";
import type { Pod } from "./pod.ts";
import type { PodStatus } from "./status.ts";

/** One look at a pod: what it is, and when and in which order the watch saw it. */
export interface Look {
  readonly seq: number;
  readonly observedAt: string;
  readonly pod: Pod;
}

/**
 * Restarts since the counts that are known, an entry for each container: k restarts between two looks are one entry of count k, with the reason of the
 * last. A pod that was never looked at is known to have begun with none. Counts that went down, as they do when a node forgets its dead
 * containers, tell of no restart.
 */
export function restartsSince(known: Readonly<Record<string, number>> | undefined, look: Look, { phase }: PodStatus): Change[] {
  return look.pod.containers.flatMap(({ name, restartCount, lastTermination }) => {
    const count = restartCount - (known?.[name] ?? 0);
    if (count <= 0) return [];
    return [
      entry(look, {
        container: name,
        status: "Restart",
        phase,
        reason: lastTermination?.reason ?? null,
        exitCode: lastTermination?.exitCode ?? null,
        count,
        at: lastTermination?.finishedAt ?? null,
      }),
    ];
  });
}

export const entry = ({ seq, observedAt, pod }: Look, what: Omit<Change, "seq" | "observedAt" | "pod" | "podUid">): Change => ({
  seq,
  pod: pod.name,
  podUid: pod.uid,
  ...what,
  observedAt,
});

export const becoming = (look: Look, { status, phase, reason, exitCode, at }: PodStatus): Change =>
  entry(look, { container: null, status, phase, reason, exitCode, count: 0, at });

/** What there was one look ago is told by the entry itself, so order is by look; within one, restarts come before what the pod has become. */
const bySeq = (a: Change, b: Change): number => b.seq - a.seq || Number(a.count > 0) - Number(b.count > 0);

/** The newest first, and no more than a twin keeps. */
export const keep = (history: readonly Change[], fresh: readonly Change[]): Change[] =>
  [...fresh.toReversed(), ...history].toSorted(bySeq).slice(0, HISTORY_LENGTH);

/**
 * A look that comes after a later one was taken in: events overtake each other. Restarts in it are in the later count already; what the pod was then
 * is put where it belongs, and, if that makes what came next new, so is that. `latest` is what the pod is since the latest look.
 */
export function latecomers(history: readonly Change[], look: Look, was: PodStatus, latest: Change): Change[] {
  const own = history.filter(({ podUid }) => podUid === look.pod.uid);
  const isTooOld = history.length === HISTORY_LENGTH && look.seq < (history.at(-1)?.seq ?? 0);
  if (isTooOld || own.some(({ seq }) => seq === look.seq)) return [];
  const late = becoming(look, was);
  const before = own.find(({ seq }) => seq < look.seq);
  const after = own.findLast(({ seq }) => seq > look.seq);
  if ([before, after].some((neighbour) => neighbour !== undefined && isSameState(neighbour, late))) return [];
  return after === undefined && !isSameState(latest, late) ? [late, latest] : [late];
}

/** Kubernetes' phase tells states apart only where NEMO has no word for them. */
export const isSameState = (a: Pick<Change, "status" | "phase">, b: Pick<Change, "status" | "phase">): boolean =>
  a.status === b.status && (a.status !== null || a.phase === b.phase);
