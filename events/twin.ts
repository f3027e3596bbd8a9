import { z } from "zod";
import { About, Anomaly, Change, Replicas, StatusBlock, Twin } from "../domain/twin/model.ts";
import { Reading } from "../domain/twin/reading.ts";
import { defineEvent } from "./define.ts";

/*
 * Every event of a twin has the extensions `userid` and `workloadid` (`unmapped` where there is none), which are also the last two words of its
 * routing key: docs/adr/0015-twins-are-routed-by-user-and-workload.md. Its subject is the twin's id.
 */

export const TwinDue = defineEvent({
  type: "eu.meta-os.nemo.twin.due.v1",
  summary: "It is time to look at the sources: at those of all twins, or, with what those said of it, at one twin's own.",
  data: z.strictObject({
    /** Grows by one every period; two clocks' ticks of one period are one event. */
    round: z.int().nonnegative(),
    dueAt: z.iso.datetime({ offset: true }),
    /** Absent: all twins. */
    twinId: z.string().min(1).max(1024).optional(),
    /** What the sources that speak of a whole cluster said of this twin. */
    reading: Reading.optional(),
  }),
});

export const TwinSnapshotTaken = defineEvent({
  type: "eu.meta-os.nemo.twin.snapshot.taken.v1",
  summary: "The whole twin of a component, every period.",
  data: z.strictObject({ twin: Twin }),
});

export const TwinStatusChanged = defineEvent({
  type: "eu.meta-os.nemo.twin.status.changed.v1",
  summary: "A component or one of its pods changed between Running, Restart, Ready and Failure.",
  data: z.strictObject({
    ...About.shape,
    seq: z.int().nonnegative(),
    /** What is new, the oldest first; the history in `status` has it too. */
    changes: z.array(Change),
    status: StatusBlock,
    replicas: Replicas,
    /** When the watch saw what this tells. */
    observedAt: z.iso.datetime({ offset: true }),
  }),
});

export const TwinAnomalyDetected = defineEvent({
  type: "eu.meta-os.nemo.twin.anomaly.detected.v1",
  summary: "Something is wrong with a component, with its evidence and causes; or no longer (`state` closed).",
  data: z.strictObject({ ...About.shape, seq: z.int().nonnegative(), anomaly: Anomaly }),
});
