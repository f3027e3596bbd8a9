import { act } from "./act.ts";
import { demandOf, remember } from "./demand.ts";
import { envelope } from "./envelope.ts";
import { type PodMetric, recommendHpa, replicasForUtilisation } from "./hpa.ts";
import {
  type Capacity,
  type Change,
  type Decision,
  DEVIATIONS,
  type EnvelopeSettings,
  type FallbackReason,
  type HpaSettings,
  type Memory,
  type Mode,
  type Model,
  type Observation,
  type Random,
  type State,
} from "./model.ts";
import { maskOf, outlookOf, stateOf } from "./state.ts";

/** What one decision is made with. */
export interface Grounds {
  readonly observation: Observation;
  readonly memory: Memory;
  readonly nowMs: number;
  readonly mode: Mode;
  readonly killed: boolean;
  /** Why there is none, where there is none. */
  readonly model: Model | Extract<FallbackReason, "NO_MODEL" | "MODEL_HASH">;
  readonly capacity?: Capacity;
  readonly envelope: EnvelopeSettings;
  readonly hpa: HpaSettings;
  readonly explore?: { readonly epsilon: number; readonly random: Random };
}

export interface Decided {
  readonly decision: Decision;
  readonly memory: Memory;
}

const LONGEST_MEMORY_MS = 600_000;

/** CPU of the ready pods in thousandths of a core, all alike; those that start are pending. */
function podMetrics({ usage, limits, replicas: { ready, starting } }: Observation): PodMetric[] {
  const request = 1000 * limits.cpuCores;
  const each: PodMetric = { state: "ready", usage: Math.min((1000 * usage.cpuCores) / Math.max(1, ready), request), request };
  return [...Array<PodMetric>(ready).fill(each), ...Array<PodMetric>(starting).fill({ state: "unready", request })];
}

/** Offered load over what the ready pods can serve; beyond 1 only where the request rate shows it. */
const utilisationOf = (observation: Observation): number => demandOf(observation) / Math.max(1, observation.replicas.ready);

function isComplete({ usage, limits, replicas, requestsPerSecond = 0, podRequestsPerSecond = 1 }: Observation): boolean {
  const amounts = [usage.cpuCores, usage.ramBytes, replicas.ready, replicas.starting, requestsPerSecond];
  const sizes = [limits.cpuCores, limits.ramBytes, podRequestsPerSecond];
  return amounts.every((x) => Number.isFinite(x) && x >= 0) && sizes.every((x) => Number.isFinite(x) && x > 0);
}

/** The first feature that is so far from what the model was trained on that it cannot be trusted there. */
const isOutOfRange = ({ features }: State, { normalisation: { mean, deviation } }: Model, maxDeviations: number): boolean =>
  features.some((x, i) => Math.abs(x - (mean[i] as number)) > maxDeviations * (deviation[i] as number));

function fallbackOf(grounds: Grounds, state: State | undefined): FallbackReason | undefined {
  const { observation, model, nowMs } = grounds;
  if (grounds.mode === "off") return "OFF";
  if (grounds.killed) return "KILLED";
  if (state === undefined) return "MISSING";
  if (nowMs - observation.atMs > grounds.envelope.stalePeriods * observation.periodMs) return "STALE";
  if (typeof model === "string") return model;
  return isOutOfRange(state, model, grounds.envelope.maxDeviations) ? "OUT_OF_RANGE" : undefined;
}

const changed = (changes: readonly Change[], atMs: number, by: number): readonly Change[] => [
  ...changes.filter((change) => change.atMs > atMs - LONGEST_MEMORY_MS),
  ...(by === 0 ? [] : [{ atMs, by }]),
];

/**
 * The act path: mask, best action, envelope. Whatever keeps the learner from being trusted makes the decision the HPA's, within the same
 * envelope. Pure: the same grounds give the same decision.
 * @returns the decision, and what to remember for the next one. `memory.changes` counts what the mode lets happen.
 */
export function decide(grounds: Grounds): Decided {
  const { observation, model, mode } = grounds;
  const complete = isComplete(observation);
  const current = observation.replicas.ready + observation.replicas.starting;
  const memory = complete ? remember(grounds.memory, demandOf(observation)) : grounds.memory;
  const surroundings = { observation, changes: memory.changes, ...(grounds.capacity === undefined ? {} : { capacity: grounds.capacity }) };
  const target = Math.round(100 * grounds.hpa.targetUtilisation);
  const desired = complete ? replicasForUtilisation(podMetrics(observation), current, target, grounds.hpa.tolerance) : undefined;
  const hpa = recommendHpa(desired, current, memory, observation.atMs, grounds.hpa, grounds.envelope);
  const asHpa = (guard: Decision["guard"], more: Partial<Decision>): Decision => ({
    replicas: hpa.replicas,
    hpa: hpa.replicas,
    guard,
    ...more,
  });
  const finish = (decision: Decision): Decided => ({
    decision,
    memory: {
      ...memory,
      recommendations: hpa.recommendations,
      changes: changed(memory.changes, observation.atMs, decision.replicas - current),
    },
  });

  const state = complete ? stateOf(outlookOf(memory.demand), observation.replicas, utilisationOf(observation)) : undefined;
  const fallback = fallbackOf(grounds, state);
  if (fallback !== undefined || state === undefined || typeof model === "string")
    return finish(asHpa([], { fallback: fallback ?? "MISSING", ...(state === undefined ? {} : { state }) }));

  const mask = maskOf(state, observation.replicas, grounds.envelope);
  const { action, qValues, propensity } = act(model, state, mask, grounds.explore);
  if (!qValues.every(Number.isFinite)) return finish(asHpa([], { fallback: "NOT_FINITE", state }));
  const guarded = envelope(state.centre + (DEVIATIONS[action] ?? 0), surroundings, grounds.envelope);
  const learned = { learned: guarded.replicas, state, mask, qValues: [...qValues], action, propensity };
  return finish(
    mode === "act"
      ? { replicas: guarded.replicas, hpa: hpa.replicas, guard: guarded.reasons, ...learned }
      : asHpa(guarded.reasons, learned),
  );
}
