import { decide } from "../../domain/learning/decide.ts";
import { demandOf } from "../../domain/learning/demand.ts";
import type { Decision, EnvelopeSettings, Mode, Observation, Resources } from "../../domain/learning/model.ts";
import { seeded } from "../../domain/learning/random.ts";
import { maskOf } from "../../domain/learning/state.ts";
import { encodeTransition, experience } from "../../domain/scaling/experience.ts";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import { type LearningSettings, settingsFor } from "../../domain/scaling/settings.ts";
import type { Claim, ClusterKnown } from "../../state/clusters.ts";
import { sha256 } from "../federation.ts";
import type { Kept } from "./kept.ts";
import type { Current } from "./models.ts";
import { estimatePodRequests, observationOf } from "./observation.ts";
import type { Reading } from "./reading.ts";
import { recordOf } from "./record.ts";
import { claimOf, heldTo, roomFor } from "./room.ts";

/** Everything that one decision follows from. */
export interface Grounds {
  readonly decisionId: string;
  readonly reading: Reading;
  readonly kept: Kept;
  readonly mode: Mode;
  readonly killed: boolean;
  readonly current: Current;
  /** Unknown where the meta-orchestrator has not said. */
  readonly where: ClusterKnown | undefined;
  readonly intents: Partial<Resources> | undefined;
  readonly nowMs: number;
}

/** A decision, and what is kept of it. */
export interface Made {
  readonly record: ScalingRecord;
  readonly kept: Kept;
  /** What an earlier decision came to, as bytes for the ring. */
  readonly transition: Uint8Array | undefined;
  /** What the workload's pods may use from now on. */
  readonly claim: Claim | undefined;
}

/** Pure but for its hash: the same grounds give the same decision. */
export function makeDecision(grounds: Grounds, settings: LearningSettings): Made {
  const { decisionId, reading, kept, mode, killed, current, where, intents, nowMs } = grounds;
  const { periodMs, hpa } = settings;
  const own = settingsFor(settings, reading.workload, reading.workloadId);
  const observation = observationOf(reading, { ...kept, intents, settings: own, periodMs });
  const capacity = where === undefined ? undefined : roomFor(reading.workload, where);
  const decided = decide({
    observation,
    memory: kept.memory,
    nowMs,
    mode,
    killed,
    model: current.model,
    ...(capacity === undefined ? {} : { capacity }),
    envelope: own.envelope,
    hpa,
    mustEarn: settings.mustEarn,
    explore: { epsilon: mode === "act" ? settings.epsilon : 0, random: seeded(Number.parseInt(sha256(decisionId).slice(0, 8), 16)) },
  });
  const decision = mode === "act" ? heldTo(capacity, observation, decided.decision) : decided.decision;
  const { stalePeriods } = own.envelope;
  const record = recordOf({
    decisionId,
    reading,
    observation,
    decision,
    mode,
    head: current.head,
    demandPods: demandOf(observation),
    stalePeriods,
  });
  const isGap = reading.takenAtMs > kept.takenAtMs + 2 * periodMs;
  const { transition, pending } = lessonOf(decision, observation, isGap ? [] : kept.pending, own.envelope);
  return {
    record,
    kept: {
      takenAtMs: reading.takenAtMs,
      memory: decided.memory,
      podRequestsPerSecond: estimatePodRequests(reading, observation, kept.podRequestsPerSecond),
      pending,
    },
    transition: transition && encodeTransition(transition),
    claim: claimOf(observation, Math.max(record.replicas, record.current.ready + record.current.starting)),
  };
}

/** What is learnt from what happened since the last decision; nothing where not all of it was seen. */
function lessonOf(
  { state, mask, fallback }: Decision,
  observation: Observation,
  pending: Kept["pending"],
  envelope: EnvelopeSettings,
): ReturnType<typeof experience> {
  const { replicas } = observation;
  if (state === undefined || fallback === "STALE") return { pending: [] };
  return experience(pending, { state, mask: mask ?? maskOf(state, replicas, envelope), replicas, demand: demandOf(observation) });
}
