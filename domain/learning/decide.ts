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
  type Standing,
  type State,
} from "./model.ts";
import { compare, type Scaler } from "./standing.ts";
import { maskOf, type Outlook, outlookOf, stateOf } from "./state.ts";

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
  /** Whether the learner acts only where it would have cost less than the HPA lately. */
  readonly mustEarn?: boolean;
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

function fallbackOf(grounds: Judged, state: State | undefined): FallbackReason | undefined {
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

/** What a decision is judged by when it is known whether the learner has earned that it decides. */
type Judged = Omit<Grounds, "memory" | "mustEarn"> & { readonly isAhead?: boolean };

/** What a decision leaves for the next one, but for the demand. */
type Past = Pick<Memory, "recommendations" | "changes">;

/**
 * Mask, best action, envelope; whatever keeps the learner from being trusted makes the decision the HPA's, within the same envelope.
 * @param outlook on the demand, that of `observation` included; undefined where that is unknown.
 */
function judge(grounds: Judged, before: Past, outlook: Outlook | undefined): { readonly decision: Decision; readonly past: Past } {
  const { observation, model, mode } = grounds;
  const current = observation.replicas.ready + observation.replicas.starting;
  const surroundings = { observation, changes: before.changes, ...(grounds.capacity === undefined ? {} : { capacity: grounds.capacity }) };
  const target = Math.round(100 * grounds.hpa.targetUtilisation);
  const desired = outlook && replicasForUtilisation(podMetrics(observation), current, target, grounds.hpa.tolerance);
  const hpa = recommendHpa(desired, current, before, observation.atMs, grounds.hpa, grounds.envelope);
  const asHpa = (guard: Decision["guard"], more: Partial<Decision>): Decision => ({
    replicas: hpa.replicas,
    hpa: hpa.replicas,
    guard,
    ...more,
  });
  const finish = (decision: Decision): { readonly decision: Decision; readonly past: Past } => ({
    decision,
    past: {
      recommendations: hpa.recommendations,
      changes: changed(before.changes, observation.atMs, decision.replicas - current),
    },
  });

  const state = outlook && stateOf(outlook, observation.replicas, utilisationOf(observation));
  const fallback = fallbackOf(grounds, state);
  if (fallback !== undefined || state === undefined || typeof model === "string")
    return finish(asHpa([], { fallback: fallback ?? "MISSING", ...(state === undefined ? {} : { state }) }));

  const mask = maskOf(state, observation.replicas, grounds.envelope);
  const { action, qValues, propensity } = act(model, state, mask, grounds.explore);
  if (!qValues.every(Number.isFinite)) return finish(asHpa([], { fallback: "NOT_FINITE", state }));
  const guarded = envelope(state.centre + (DEVIATIONS[action] ?? 0), surroundings, grounds.envelope);
  const learned = { learned: guarded.replicas, state, mask, qValues: [...qValues], action, propensity };
  if (mode !== "act") return finish(asHpa(guarded.reasons, learned));
  if (grounds.isAhead === false) return finish(asHpa(guarded.reasons, { ...learned, fallback: "NOT_AHEAD" }));
  return finish({ replicas: guarded.replicas, hpa: hpa.replicas, guard: guarded.reasons, ...learned });
}

/** The comparison of learner and HPA, a period further; as it was where there is nothing to compare. */
function standingOf(grounds: Grounds, { demand, standing }: Memory, outlook: Outlook | undefined): Standing | undefined {
  const { observation, model, envelope: limits, hpa } = grounds;
  if (grounds.mustEarn !== true || grounds.mode === "off" || outlook === undefined || typeof model === "string") return standing;
  const scaler =
    (by: Grounds["model"]): Scaler =>
    (imagined, before) => {
      const own = { observation: imagined, nowMs: imagined.atMs, mode: "act", killed: false, model: by, envelope: limits, hpa } as const;
      const { decision, past } = judge(own, before, outlook);
      return { ...past, replicas: decision.replicas };
    };
  const period = { observation, demand: demand.at(-1) as number, envelope: limits };
  return compare(standing, period, { hpa: scaler("NO_MODEL"), learner: scaler(model) });
}

/**
 * The act path. Pure: the same grounds give the same decision.
 * @returns the decision, and what to remember for the next one. `memory.changes` counts what the mode lets happen.
 */
export function decide(grounds: Grounds): Decided {
  const { observation } = grounds;
  const complete = isComplete(observation);
  const memory = complete ? remember(grounds.memory, demandOf(observation)) : grounds.memory;
  const outlook = complete ? outlookOf(memory.demand) : undefined;
  const standing = standingOf(grounds, memory, outlook);
  const isAhead = grounds.mustEarn !== true || (standing?.advantage ?? 0) > 0;
  const { decision, past } = judge({ ...grounds, isAhead }, memory, outlook);
  return {
    decision: standing === undefined ? decision : { ...decision, advantage: standing.advantage },
    memory: { ...memory, ...past, ...(standing === undefined ? {} : { standing }) },
  };
}
