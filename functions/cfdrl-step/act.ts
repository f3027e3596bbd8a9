import { decide, type Decided } from "../../domain/learning/decide.ts";
import { demandOf } from "../../domain/learning/demand.ts";
import type { EnvelopeSettings, Observation } from "../../domain/learning/model.ts";
import { seeded } from "../../domain/learning/random.ts";
import { maskOf } from "../../domain/learning/state.ts";
import { encodeTransition, experience } from "../../domain/scaling/experience.ts";
import { settingsFor } from "../../domain/scaling/settings.ts";
import { derivedId } from "../../events/define.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Events, Received, Scope } from "../../runtime/function.ts";
import type { ClusterStore } from "../../state/clusters.ts";
import type { ScalingStore } from "../../state/scaling.ts";
import type { Switches } from "../../state/switches.ts";
import { sha256 } from "../federation.ts";
import { type Kept, keptFrom } from "./kept.ts";
import type { IntentLimits } from "./intent-limits.ts";
import type { Models } from "./models.ts";
import { estimatePodRequests, observationOf } from "./observation.ts";
import type { Reading } from "./reading.ts";
import { recordOf } from "./record.ts";
import { claimOf, roomFor } from "./room.ts";
import type { Settings } from "../settings.ts";

export interface ActParts {
  readonly settings: Settings;
  readonly scaling: ScalingStore;
  readonly switches: Switches;
  readonly clusters: ClusterStore;
  readonly models: Models;
  readonly limits: IntentLimits;
}

/** How soon to come back when another snapshot of the same workload was quicker. */
const CONFLICT_RETRY_MS = 20;

/**
 * Decides how many replicas a workload should have. One atomic commit: a decision is logged once, whatever is delivered again, and a
 * redelivery gets the events of the first time.
 */
export async function act(event: Received<unknown>, reading: Reading, scope: Scope<ActParts>): Promise<Events> {
  const { scaling, switches, clusters, models, limits } = scope.resources;
  const settings = scope.resources.settings();
  const { workload, workloadId, cluster } = reading;
  const own = settingsFor(settings, workload, workloadId);
  const decisionId = derivedId(event, ScalingProposed.type, 0);
  const [known, switched, current, where, intents] = await Promise.all([
    scaling.read(workload, decisionId),
    switches.read(workload),
    models.current(settings.client),
    cluster === undefined ? undefined : clusters.get(cluster),
    workloadId === undefined ? undefined : limits.of(workloadId, scope),
  ]);
  if (known.told !== undefined) return JSON.parse(known.told) as Events;
  const mode = switched.mode ?? own.mode;
  if (mode === "off") return [];
  const kept = keptFrom(known.kept);
  const nowMs = scope.now().getTime();
  if (reading.ready === undefined || !isNext(reading.takenAtMs, kept.takenAtMs, nowMs, settings.periodMs)) {
    scope.log.debug({ workload, takenAtMs: reading.takenAtMs }, "snapshot passed over");
    return [];
  }

  const observation = observationOf(reading, { ...kept, intents, settings: own, periodMs: settings.periodMs });
  const decided = decide({
    observation,
    memory: kept.memory,
    nowMs,
    mode,
    killed: switched.killed,
    model: current.model,
    ...(where === undefined ? {} : { capacity: roomFor(workload, where) }),
    envelope: own.envelope,
    hpa: settings.hpa,
    explore: { epsilon: mode === "act" ? settings.epsilon : 0, random: seeded(Number.parseInt(sha256(decisionId).slice(0, 8), 16)) },
  });
  const { decision } = decided;
  const record = recordOf({
    decisionId,
    reading,
    observation,
    decision,
    mode,
    head: current.head,
    demandPods: demandOf(observation),
    stalePeriods: own.envelope.stalePeriods,
  });
  const events = [ScalingProposed.make({ source: "/mncc/cfdrl-step", subject: workload, cause: event, data: record })];
  const learnt = lessonOf(decided, observation, isGap(reading, kept, settings.periodMs) ? [] : kept.pending, own.envelope);
  const podRequestsPerSecond = estimatePodRequests(reading, observation, kept.podRequestsPerSecond);
  const next: Kept = { takenAtMs: reading.takenAtMs, memory: decided.memory, podRequestsPerSecond, pending: learnt.pending };
  const claim = claimOf(observation, Math.max(record.replicas, record.current.ready + record.current.starting));
  if (cluster !== undefined && claim !== undefined && claim.pods !== where?.claims[workload]?.pods)
    await clusters.claim(cluster, workload, claim);

  scope.reached("decided");
  const committed = await scaling.commit(workload, {
    cause: decisionId,
    version: known.version,
    kept: JSON.stringify(next),
    told: JSON.stringify(events),
    record,
    ...(learnt.transition === undefined ? {} : { transition: encodeTransition(learnt.transition) }),
  });
  scope.reached("committed");
  if (committed.kind === "told") return JSON.parse(committed.told) as Events;
  if (committed.kind === "conflict")
    throw new TransientError("DECISION_CONFLICT", `${workload} was decided on meanwhile`, { retryAfterMs: CONFLICT_RETRY_MS });
  scope.log.info({ workload, mode, replicas: record.replicas, hpa: record.hpa, fallback: record.fallback }, "scaling decided");
  return events;
}

/** One decision a period, forwards in time: snapshots come more often, late, and from clocks that are wrong. */
const isNext = (takenAtMs: number, lastMs: number, nowMs: number, periodMs: number): boolean =>
  takenAtMs >= lastMs + periodMs / 2 && takenAtMs <= nowMs + 2 * periodMs;

const isGap = ({ takenAtMs }: Reading, kept: Kept, periodMs: number): boolean => takenAtMs > kept.takenAtMs + 2 * periodMs;

/** What is learnt from what happened since the last decision; nothing where not all of it was seen. */
function lessonOf(
  { decision }: Decided,
  observation: Observation,
  pending: Kept["pending"],
  envelope: EnvelopeSettings,
): ReturnType<typeof experience> {
  const { state } = decision;
  if (state === undefined || decision.fallback === "STALE") return { pending: [] };
  const mask = decision.mask ?? maskOf(state, observation.replicas, envelope);
  return experience(pending, { state, mask, replicas: observation.replicas, demand: demandOf(observation) });
}
