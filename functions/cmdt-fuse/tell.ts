import { aboutOf, type Anomaly, type Change, type Twin } from "../../domain/twin/model.ts";
import type { Event } from "../../events/define.ts";
import { TwinAnomalyDetected, TwinDue, TwinSnapshotTaken, TwinStatusChanged } from "../../events/twin.ts";
import type { Reading } from "../../domain/twin/reading.ts";

/** Of the twin as its users are to hear of it: theirs, in its cluster. */
const from = (twin: Twin, cause: Event) => ({
  source: `/clusters/${twin.cluster}/cmdt-fuse`,
  subject: twin.twinId,
  owner: { userId: twin.userId, workloadId: twin.workloadId },
  cause,
});

export const statusEvents = (twin: Twin, cause: Event, changes: readonly Change[]): readonly Event[] => {
  const newest = changes.at(-1);
  if (newest === undefined) return [];
  const { seq, status, replicas } = twin;
  const data = { ...aboutOf(twin), seq, changes: [...changes], status, replicas, observedAt: newest.observedAt };
  return [TwinStatusChanged.make({ ...from(twin, cause), data })];
};

export const anomalyEvents = (twin: Twin, cause: Event, anomalies: readonly Anomaly[]): readonly Event[] =>
  anomalies.map((anomaly, index) =>
    TwinAnomalyDetected.make({ ...from(twin, cause), index, data: { ...aboutOf(twin), seq: twin.seq, anomaly } }),
  );

/** About 35 KB of them. */
const MOST_PODS = 100;

/** Of a component with very many pods, those that do not serve first. */
function fitting(twin: Twin): Twin {
  if (twin.pods.length <= MOST_PODS) return twin;
  const pods = twin.pods.toSorted((a, b) => Number(a.ready) - Number(b.ready)).slice(0, MOST_PODS);
  return { ...twin, pods, omittedPods: twin.pods.length - pods.length };
}

export const snapshotEvent = (twin: Twin, cause: Event): Event =>
  TwinSnapshotTaken.make({ ...from(twin, cause), data: { twin: fitting(twin) } });

/** Named by round and twin: what else there is may change before the same tick is delivered again. */
export const dueEvent = ({ twinId }: Twin, due: { readonly round: number; readonly dueAt: string; readonly reading: Reading }): Event =>
  TwinDue.make({ source: "/cmdt-fuse", subject: twinId, id: `${String(due.round)}/${twinId}`, data: { ...due, twinId } });
