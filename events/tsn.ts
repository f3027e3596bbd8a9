import { z } from "zod";
import { TsnRequest } from "../domain/tsn/domain.ts";
import { BlockingLink, Certificate, PortSchedule, Statistics } from "../domain/tsn/schedule.ts";
import { defineEvent } from "./define.ts";

const about = { domain: z.string(), operation: z.enum(["plan", "admit", "remove"]) };

export const TsnRequested = defineEvent({
  type: "eu.meta-os.nemo.tsn.requested.v1",
  summary: "Streams of a TSN domain are to be scheduled, admitted or removed.",
  data: TsnRequest,
});

export const TsnScheduled = defineEvent({
  type: "eu.meta-os.nemo.tsn.scheduled.v1",
  summary: "A TSN domain has a new schedule, which the verifier confirms.",
  data: z.strictObject({
    ...about,
    revision: z.int().positive(),
    streamCount: z.int().nonnegative(),
    portCount: z.int().nonnegative(),
    worstLatencyNs: z.int().nonnegative(),
    /** Those that the request named, or all of a plan; as many as travel in an event. */
    streams: z.array(z.strictObject({ id: z.string(), offsetNs: z.int(), latencyNs: z.int(), jitterNs: z.int() })),
    /** Links whose gates are not what they were; as many as travel in an event. */
    touchedLinks: z.array(z.string()),
    /** Their gate control lists, where all of them fit; else `GET /v1/tsn/domains/<domain>`. */
    ports: z.array(PortSchedule).optional(),
  }),
});

export const TsnInfeasible = defineEvent({
  type: "eu.meta-os.nemo.tsn.infeasible.v1",
  summary: "There is no schedule, and the certificate proves it; what stood stands.",
  data: z.strictObject({ ...about, certificate: Certificate, statistics: Statistics }),
});

export const TsnUndecided = defineEvent({
  type: "eu.meta-os.nemo.tsn.undecided.v1",
  summary: "The budget is spent without a schedule and without a proof that there is none; what stood stands.",
  data: z.strictObject({
    ...about,
    /** As many as travel in an event. */
    unscheduled: z.array(z.string()),
    unscheduledCount: z.int().positive(),
    blocking: z.array(BlockingLink),
    statistics: Statistics,
  }),
});

export const TsnRefused = defineEvent({
  type: "eu.meta-os.nemo.tsn.refused.v1",
  summary: "The request cannot be carried out at all, such as for an unknown domain or stream.",
  data: z.strictObject({ ...about, code: z.string(), reason: z.string() }),
});
