import { ScalingRecord } from "../domain/scaling/record.ts";
import { defineEvent } from "./define.ts";

export const ScalingProposed = defineEvent({
  type: "eu.meta-os.nemo.scaling.proposed.v1",
  summary:
    "How many replicas a workload should have, and why. `mode` says whether to follow it: in `shadow` it is only to be looked at, in `advise` `replicas` are the HPA's and `learned` the advice.",
  data: ScalingRecord,
});
