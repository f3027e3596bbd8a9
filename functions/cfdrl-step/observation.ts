import type { Observation, Resources } from "../../domain/learning/model.ts";
import type { WorkloadSettings } from "../../domain/scaling/settings.ts";
import type { Reading } from "./reading.ts";

/** Shares of the CPU limit between which requests per pod tell what a full pod would serve. */
const TELLING = { least: 0.2, most: 0.9 } as const;
/** How much of a new estimate is believed: about twenty periods until it has forgotten where it came from. */
const WEIGHT = 0.05;

interface Known {
  /** Of one pod, as the intents say. */
  readonly intents: Partial<Resources> | undefined;
  readonly settings: Pick<WorkloadSettings, "limits" | "podRequestsPerSecond">;
  readonly periodMs: number;
  /** Estimated so far. */
  readonly podRequestsPerSecond?: number | undefined;
}

/** What is unknown is NaN, which makes the observation incomplete: then the HPA decides. */
export function observationOf(reading: Reading, { intents, settings, periodMs, podRequestsPerSecond }: Known): Observation {
  const { ready = Number.NaN, desired = ready, cpuCores = Number.NaN, ramBytes = Number.NaN, requestsPerSecond } = reading;
  const limits = {
    cpuCores: settings.limits?.cpuCores ?? intents?.cpuCores ?? reading.cpuLimitCores ?? Number.NaN,
    ramBytes: settings.limits?.ramBytes ?? intents?.ramBytes ?? reading.ramLimitBytes ?? Number.NaN,
  };
  const served = settings.podRequestsPerSecond ?? podRequestsPerSecond;
  return {
    atMs: reading.takenAtMs,
    periodMs,
    replicas: { ready, starting: Math.max(0, desired - ready) },
    usage: { cpuCores, ramBytes },
    limits,
    ...(requestsPerSecond === undefined || served === undefined ? {} : { requestsPerSecond, podRequestsPerSecond: served }),
  };
}

/** What one pod serves at its CPU limit, as far as this period tells: requests a second and pod, over the share of the limit that they took. */
export function estimatePodRequests(
  reading: Reading,
  { limits, replicas, usage }: Observation,
  before: number | undefined,
): number | undefined {
  const share = usage.cpuCores / (limits.cpuCores * replicas.ready);
  if (reading.requestsPerSecond === undefined || !(share >= TELLING.least && share <= TELLING.most)) return before;
  const seen = reading.requestsPerSecond / replicas.ready / share;
  if (!(seen > 0)) return before;
  return before === undefined ? seen : before + WEIGHT * (seen - before);
}
