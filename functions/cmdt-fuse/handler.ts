import type { z } from "zod";
import { twinIdOf } from "../../domain/twin/component.ts";
import { newsOfPod, takePod } from "../../domain/twin/fuse-pod.ts";
import { newsOfRound, takeRound } from "../../domain/twin/fuse-round.ts";
import { intentOf, OWNERSHIP_LABELS, ownershipOf, workloadOf } from "../../domain/twin/ownership.ts";
import { PodChanged } from "../../events/pod.ts";
import { TwinAnomalyDetected, TwinDue, TwinSnapshotTaken, TwinStatusChanged } from "../../events/twin.ts";
import { defineFunction, type Events, type Received, type Scope } from "../../runtime/function.ts";
import { type IntentStore, openIntents } from "../../state/intents.ts";
import { openTwins, type TwinStore } from "../../state/twins.ts";
import { readAll } from "./rounds.ts";
import { openTwinSources, type TwinSources } from "./sources/sources.ts";
import { anomalyEvents, dueEvent, snapshotEvent, statusEvents } from "./tell.ts";

/** Three rounds without an answer, and a source is gone. */
const STALE_AFTER_MS = 90_000;

type FuseScope = Scope<{ readonly twins: TwinStore; readonly intents: IntentStore; readonly sources: TwinSources }>;
type Changed = Received<z.output<typeof PodChanged.data>>;
type Due = Received<z.output<typeof TwinDue.data>>;

export default defineFunction({
  name: "cmdt-fuse",
  summary:
    "Fuses what pods, proxies, kubelets and Kubernetes' objects say into one twin a component, and tells what changed and what is wrong.",
  on: [PodChanged, TwinDue],
  emits: [TwinDue, TwinSnapshotTaken, TwinStatusChanged, TwinAnomalyDetected],
  every: "*/30 * * * * *",
  concurrency: 100,
  resources: { twins: openTwins, intents: openIntents, sources: openTwinSources },
  handle(event, scope) {
    if (event.type === PodChanged.type) return podChanged({ ...event, data: event.data as Changed["data"] }, scope);
    const due = { ...event, data: event.data as Due["data"] };
    return due.data.twinId === undefined ? allDue(due, scope) : twinDue(due, due.data.twinId, scope);
  },
});

async function podChanged(event: Changed, { resources: { twins, intents }, reached }: FuseScope): Promise<Events> {
  const { cluster, pod } = event.data;
  const intentId = intentOf(pod, OWNERSHIP_LABELS);
  const intent = intentId === undefined ? undefined : await intents.get(intentId);
  const ownership = ownershipOf(pod, OWNERSHIP_LABELS, intent && workloadOf(intent.intent));
  const { after } = await twins.update(twinIdOf(cluster, pod), (known) => takePod(known, event.data, ownership));
  if (after === undefined) return [];
  reached("kept");
  // A redelivery finds its news taken in: it tells them again, under the same ids.
  const { changes, anomalies } = newsOfPod(after, event.data);
  return [...statusEvents(after.twin, event, changes), ...anomalyEvents(after.twin, event, anomalies)];
}

async function allDue(event: Due, scope: FuseScope): Promise<Events> {
  const { round, dueAt } = event.data;
  const read = await readAll(scope.resources, scope);
  return read.map(({ twin, reading }) => dueEvent(twin, { round, dueAt, reading }));
}

async function twinDue(event: Due, twinId: string, { resources: { twins, sources }, ...asking }: FuseScope): Promise<Events> {
  const { round, reading } = event.data;
  const known = await twins.get(twinId);
  const proxies = known && (await sources.proxies(known, asking));
  const taken = { round, reading, proxies, nowMs: asking.now().getTime(), staleAfterMs: STALE_AFTER_MS };
  const { after } = await twins.update(twinId, (record) => record && takeRound(record, taken));
  if (after === undefined) return [];
  asking.reached("kept");
  return [...anomalyEvents(after.twin, event, newsOfRound(after, round)), snapshotEvent(after.twin, event)];
}
