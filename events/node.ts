import { z } from "zod";
import { defineEvent } from "./define.ts";

export const NodeChanged = defineEvent({
  type: "eu.meta-os.nemo.node.changed.v1",
  summary: "A Kubernetes node came, changed or went: its name, addresses and readiness, as the watch saw them.",
  /** `id` of the event: cluster, uid and resourceVersion, which the same news would give again. */
  data: z.strictObject({
    cluster: z.string().min(1).max(253),
    name: z.string().min(1).max(253),
    uid: z.string().min(1).max(128),
    addresses: z.array(z.strictObject({ type: z.string().min(1).max(32), address: z.string().min(1).max(253) })).max(64),
    ready: z.boolean(),
    labels: z.record(z.string().max(317), z.string().max(63)),
    resourceVersion: z.string().min(1).max(64),
    kind: z.enum(["added", "changed", "removed"]),
  }),
});
