import { z } from "zod";
import { LinkMeasured, ProbeNode } from "../domain/probe/model.ts";
import { defineEvent } from "./define.ts";

export const ProbeDue = defineEvent({
  type: "eu.meta-os.nemo.probe.due.v1",
  summary: "It is time to measure one link, or, where none is named, those whose period is over.",
  data: z.strictObject({
    /** Named by cluster and node; where they are reached is the configuration's to say, not the event's. */
    pair: z.strictObject({ source: ProbeNode, destination: ProbeNode }).optional(),
    /** On demand a link is measured although its period is not over. */
    trigger: z.enum(["period", "demand"]).default("period"),
    /** Whether the throughput is measured too, which costs the most. */
    throughput: z.boolean().default(true),
  }),
});

export const ProbeMeasured = defineEvent({
  type: "eu.meta-os.nemo.probe.measured.v1",
  summary: "What a look at a directed link gave: values with statistic, sample size, method and floor, or the reasons why there are none.",
  data: LinkMeasured,
});
