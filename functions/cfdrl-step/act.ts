import { settingsFor } from "../../domain/scaling/settings.ts";
import { derivedId } from "../../events/define.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Events, Received, Scope } from "../../runtime/function.ts";
import type { ClusterStore } from "../../state/clusters.ts";
import type { ScalingStore } from "../../state/scaling.ts";
import type { Switches } from "../../state/switches.ts";
import type { Settings } from "../settings.ts";
import { makeDecision } from "./decision.ts";
import type { IntentLimits } from "./intent-limits.ts";
import { keptFrom } from "./kept.ts";
import type { Models } from "./models.ts";
import type { Reading } from "./reading.ts";

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
  const decisionId = derivedId(event, ScalingProposed.type, 0);
  const [known, switched, current, where, intents] = await Promise.all([
    scaling.read(workload, decisionId),
    switches.read(workload),
    models.current(settings.client),
    cluster === undefined ? undefined : clusters.get(cluster),
    workloadId === undefined ? undefined : limits.of(workloadId, scope),
  ]);
  if (known.told !== undefined) return JSON.parse(known.told) as Events;

  const mode = switched.mode ?? settingsFor(settings, workload, workloadId).mode;
  const kept = keptFrom(known.kept);
  const nowMs = scope.now().getTime();
  if (mode === "off" || reading.ready === undefined || !isNext(reading.takenAtMs, kept.takenAtMs, nowMs, settings.periodMs)) {
    scope.log.debug({ workload, mode, takenAtMs: reading.takenAtMs }, "snapshot passed over");
    return [];
  }
  const { killed } = switched;
  const made = makeDecision({ decisionId, reading, kept, mode, killed, current, where, intents, nowMs }, settings);
  const { record, claim, transition } = made;
  const events = [ScalingProposed.make({ source: "/mncc/cfdrl-step", subject: workload, cause: event, data: record })];
  if (cluster !== undefined && claim !== undefined && claim.pods !== where?.claims[workload]?.pods)
    await clusters.claim(cluster, workload, claim);

  scope.reached("decided");
  const committed = await scaling.commit(workload, {
    cause: decisionId,
    version: known.version,
    kept: JSON.stringify(made.kept),
    told: JSON.stringify(events),
    record,
    ...(transition === undefined ? {} : { transition }),
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
