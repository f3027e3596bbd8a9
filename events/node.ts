import { z } from "zod";
import { Node } from "../domain/topology/model.ts";
import { defineEvent } from "./define.ts";

export const NodeChanged = defineEvent({
  type: "eu.meta-os.nemo.node.changed.v1",
  summary: "A Kubernetes node came, changed or went: its name, addresses and readiness, as the watch saw them.",
  /** `id` of the event: cluster, uid and resourceVersion, which the same news would give again. */
  data: z.strictObject({ ...Node.shape, kind: z.enum(["added", "changed", "removed"]) }),
});
