import { z } from "zod";
import { Anomaly, Twin } from "./model.ts";

const count = z.number().nonnegative();

/** The counters of one direction in one stretch of time. */
export const Tally = z.strictObject({
  requests: count,
  succeeded: count,
  failed: count,
  codes: z.record(z.string(), count),
  grpc: z.record(z.string(), count),
  /** By place in `bounds`; what ends in zeros is cut off. */
  latency: z.array(count),
  readBytes: count,
  writeBytes: count,
});
export type Tally = z.infer<typeof Tally>;

/** What was counted between two rounds, or several of them together. */
export const Bin = z.strictObject({
  fromMs: z.number(),
  toMs: z.number(),
  inbound: Tally,
  outbound: Tally,
  /** By `<namespace>/<kind>/<name>`: requests answered well and badly. */
  destinations: z.record(z.string(), z.tuple([count, count])),
});
export type Bin = z.infer<typeof Bin>;

/** A proxy's counters as they stood at its last scrape, by a short name of each series; a histogram is its buckets. */
export const Baseline = z.strictObject({
  atMs: z.number(),
  series: z.record(z.string(), z.union([count, z.array(count)])),
});
export type Baseline = z.infer<typeof Baseline>;

/** What fusion has to remember of a twin and nobody else needs. */
export const Memory = z.strictObject({
  /** The last round that was taken in. */
  round: z.int(),
  sinceMs: z.number(),
  /** Restart counts by pod uid and container. */
  restarts: z.record(z.string(), z.record(z.string(), z.int().nonnegative())),
  /** Pods that were deleted, by the change that said so: a late word of one does not bring it back. */
  gone: z.array(z.tuple([z.string(), z.int()])),
  proxies: z.record(z.string(), Baseline),
  /** The upper bounds of latency buckets in ms, the last of them infinite and left out. */
  bounds: z.array(z.number()),
  bins: z.array(Bin),
  /** CPU counters by pod and container, and when they stood so. */
  cpu: z.record(z.string(), z.tuple([count, z.number()])),
  closed: z.array(Anomaly),
});
export type Memory = z.infer<typeof Memory>;

export const TwinRecord = z.strictObject({ twin: Twin, memory: Memory });
export type TwinRecord = z.infer<typeof TwinRecord>;
