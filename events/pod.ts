import { z } from "zod";
import { Pod } from "../domain/twin/pod.ts";
import { defineEvent } from "./define.ts";

/**
 * Source `/clusters/<cluster>/pod-watch`, id `<cluster>/<uid>/<seq>`, subject the twin's id (`twinIdOf` in domain/twin/component.ts), so that
 * what concerns one twin has one partition key.
 */
export const PodChanged = defineEvent({
  type: "eu.meta-os.nemo.pod.changed.v1",
  summary: "A pod of a cluster was added, modified or deleted.",
  data: z.strictObject({
    kind: z.enum(["added", "modified", "deleted"]),
    cluster: z.string().min(1).max(128),
    /** Grows with every change that the watch of this cluster tells, across its restarts too: the order of things. */
    seq: z.int().nonnegative(),
    /** When the watch received it, in milliseconds' precision. */
    observedAt: z.iso.datetime({ offset: true }),
    /** As it is now; of a deleted one, as it was last. */
    pod: Pod,
  }),
});
