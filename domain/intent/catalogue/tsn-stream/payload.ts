import { z } from "zod";

const name = z.string().min(1).max(128);

/** What tsn-schedule is asked for: one stream in one configuration domain. Times are ns. */
export const TsnStreamOrder = z.strictObject({
  /** The stream's id in the domain's schedule. */
  stream: name,
  domain: name,
  talker: name,
  listener: name,
  intervalNs: z.int().positive(),
  frameBytes: z.int().positive(),
  maxLatencyNs: z.int().positive(),
  maxJitterNs: z.int().nonnegative().optional(),
  trafficClass: z.int().min(0).max(7),
  /** Seamless trees (IEEE 802.1CB). */
  trees: z.int().min(1).max(4),
});
export type TsnStreamOrder = z.infer<typeof TsnStreamOrder>;
