import { z } from "zod";
import { Observation } from "../domain/intent/observation.ts";
import { defineEvent } from "./define.ts";

export const FlowNotified = defineEvent({
  type: "eu.meta-os.nemo.flow.notified.v1",
  summary: "A 5G core told of a flow by itself: how long its packets take, how much was used, whether its quality is guaranteed.",
  data: z.strictObject({ intentId: z.string(), observation: Observation }),
});
