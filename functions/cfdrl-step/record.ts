import { type Decision, DEVIATIONS, type Mode, type Observation } from "../../domain/learning/model.ts";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import type { Head } from "../../state/policies.ts";
import type { Reading } from "./reading.ts";

interface Grounds {
  readonly decisionId: string;
  readonly reading: Reading;
  readonly observation: Observation;
  readonly decision: Decision;
  readonly mode: Mode;
  readonly head: Head;
  readonly demandPods: number;
  readonly stalePeriods: number;
}

/** Four digits tell all that somebody looks for, in a third of the bytes. */
const short = (x: number): number => Number(x.toPrecision(4));
const known = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };

/** A decision as it is logged and told. */
export function recordOf({ decisionId, reading, observation, decision, mode, head, demandPods, stalePeriods }: Grounds): ScalingRecord {
  const { workload, workloadId, cluster, namespace, kind, name, takenAtMs } = reading;
  const { usage, limits, replicas, requestsPerSecond, podRequestsPerSecond, periodMs } = observation;
  const { state, mask, qValues, action, propensity, fallback, learned, advantage } = decision;
  const isKnown = [usage.cpuCores, usage.ramBytes, limits.cpuCores, limits.ramBytes].every(Number.isFinite);
  return {
    decisionId,
    workload,
    ...known({ workloadId, cluster, namespace }),
    component: { kind, name },
    takenAt: new Date(takenAtMs).toISOString(),
    // What it was decided on is stale then, so nobody should follow it any more.
    validUntil: new Date(takenAtMs + stalePeriods * periodMs).toISOString(),
    mode,
    replicas: decision.replicas,
    hpa: decision.hpa,
    current: { ready: replicas.ready, starting: replicas.starting },
    ...known({ learned, action, propensity, fallback }),
    ...(qValues === undefined ? {} : { qValues: qValues.map(short), deviations: [...DEVIATIONS] }),
    ...(mask === undefined ? {} : { mask: [...mask] }),
    ...(advantage === undefined ? {} : { advantage: short(advantage) }),
    ...(state === undefined ? {} : { centre: state.centre, features: [...state.features].map(short) }),
    guard: [...decision.guard],
    model: { sha256: head.link.modelSha256, round: head.link.round },
    ...(isKnown ? { observation: { usage, limits, periodMs, ...known({ requestsPerSecond, podRequestsPerSecond }) } } : {}),
    ...(Number.isFinite(demandPods) ? { demandPods: short(demandPods) } : {}),
  };
}
