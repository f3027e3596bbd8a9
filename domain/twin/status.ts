import type { Status } from "./model.ts";
import type { Pod, PodContainer, Termination } from "./pod.ts";

/** What a pod's own words come to. */
export interface PodStatus {
  readonly status: Exclude<Status, "Restart"> | null;
  /** Kubernetes' word, or Terminating. */
  readonly phase: string;
  readonly reason: string | null;
  readonly exitCode: number | null;
  /** When Kubernetes says that it came to this, where it says so. */
  readonly at: string | null;
}

/** Reasons of waiting that do not pass by waiting. */
const FAILING: ReadonlySet<string> = new Set([
  "CrashLoopBackOff",
  "ImagePullBackOff",
  "ErrImagePull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

const READY = "Ready";

/**
 * The state of a pod in NEMO's words, from one look at it: Failure before Ready, because a pod may say Ready while one of its containers is in
 * CrashLoopBackOff. Restart is no look but a difference of two (history.ts). A pod that is being deleted has no state: its containers end with
 * whatever SIGTERM makes of them, which is no failure; kubectl calls it Terminating whatever else it says.
 */
export function statusOf(pod: Pod): PodStatus {
  if (pod.deletionAt !== null && pod.reason !== "NodeLost")
    return { status: null, phase: "Terminating", reason: null, exitCode: null, at: pod.deletionAt };
  const failed = failureOf(pod);
  if (failed !== undefined) return { status: "Failure", phase: pod.phase, ...failed };
  const ready = pod.conditions.find(({ type }) => type === READY);
  const none = { phase: pod.phase, exitCode: null };
  if (ready?.status === "True") return { ...none, status: READY, reason: null, at: ready.changedAt };
  if (pod.phase === "Running") return { ...none, status: "Running", reason: waitingReason(pod), at: ready?.changedAt ?? pod.startedAt };
  return {
    ...none,
    status: null,
    reason: pod.phase === "Succeeded" ? "Completed" : waitingReason(pod),
    at: ready?.changedAt ?? pod.createdAt,
  };
}

type Failed = Pick<PodStatus, "reason" | "exitCode" | "at">;

function failureOf(pod: Pod): Failed | undefined {
  const ended = pod.containers.map((container) => ({ container, end: badEnd(container) })).find(({ end }) => end !== undefined);
  const told: Failed | undefined =
    ended?.end === undefined
      ? undefined
      : { reason: named(ended.container, reasonOf(ended.end)), exitCode: ended.end.exitCode, at: ended.end.finishedAt };
  if (pod.phase === "Failed")
    return { reason: pod.reason ?? told?.reason ?? "Failed", exitCode: told?.exitCode ?? null, at: told?.at ?? null };
  if (pod.phase === "Unknown" || pod.reason === "NodeLost") return { reason: pod.reason ?? "Unknown", exitCode: null, at: null };
  const waiting = pod.containers.find(({ state }) => state.kind === "waiting" && FAILING.has(state.reason ?? ""));
  if (waiting?.state.kind === "waiting") {
    const last = waiting.lastTermination;
    return { reason: named(waiting, waiting.state.reason ?? ""), exitCode: last?.exitCode ?? null, at: last?.finishedAt ?? null };
  }
  return told;
}

const badEnd = ({ state }: PodContainer): Termination | undefined =>
  state.kind === "terminated" && state.termination.exitCode !== 0 ? state.termination : undefined;

/** As kubectl prints it: what an init container suffers stops the whole pod from starting. */
const named = ({ kind }: PodContainer, reason: string): string => (kind === "app" ? reason : `Init:${reason}`);

/** Exit codes above 128 are signals, as shells count them. */
const reasonOf = ({ reason, exitCode }: Termination): string =>
  reason ?? (exitCode > 128 ? `Signal:${String(exitCode - 128)}` : `ExitCode:${String(exitCode)}`);

function waitingReason(pod: Pod): string | null {
  const waiting = pod.containers.find(({ state }) => state.kind === "waiting" && state.reason !== null);
  return waiting?.state.kind === "waiting" && waiting.state.reason !== null ? named(waiting, waiting.state.reason) : pod.reason;
}
