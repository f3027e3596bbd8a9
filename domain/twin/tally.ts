import { z } from "zod";

const count = z.number().nonnegative();

/** The counters of one direction in one stretch of time. */
export const Tally = z.strictObject({
  requests: count,
  succeeded: count,
  failed: count,
  codes: z.record(z.string(), count),
  grpc: z.record(z.string(), count),
  /** By place in the bounds, not cumulative. */
  latency: z.array(count),
  readBytes: count,
  writeBytes: count,
});
export type Tally = z.infer<typeof Tally>;

/** What was counted in one stretch of time. */
export const Counted = z.strictObject({
  inbound: Tally,
  outbound: Tally,
  /** By `<namespace>/<kind>/<name>`: outbound responses that succeeded and that failed. */
  destinations: z.record(z.string(), z.tuple([count, count])),
});
export type Counted = z.infer<typeof Counted>;

const emptyTally = (): Tally => ({
  requests: 0,
  succeeded: 0,
  failed: 0,
  codes: {},
  grpc: {},
  latency: [],
  readBytes: 0,
  writeBytes: 0,
});

export const nothingCounted = (): Counted => ({ inbound: emptyTally(), outbound: emptyTally(), destinations: {} });

const addRecords = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> => {
  const sum = { ...a };
  for (const [name, value] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
};

const addLists = (a: readonly number[], b: readonly number[]): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0));

const addTallies = (a: Tally, b: Tally): Tally => ({
  requests: a.requests + b.requests,
  succeeded: a.succeeded + b.succeeded,
  failed: a.failed + b.failed,
  codes: addRecords(a.codes, b.codes),
  grpc: addRecords(a.grpc, b.grpc),
  latency: addLists(a.latency, b.latency),
  readBytes: a.readBytes + b.readBytes,
  writeBytes: a.writeBytes + b.writeBytes,
});

export function add(a: Counted, b: Counted): Counted {
  const destinations = { ...a.destinations };
  for (const [name, [well, badly]] of Object.entries(b.destinations)) {
    const [w, x] = destinations[name] ?? [0, 0];
    destinations[name] = [w + well, x + badly];
  }
  return { inbound: addTallies(a.inbound, b.inbound), outbound: addTallies(a.outbound, b.outbound), destinations };
}

/** Responses that a server is to blame for: 5xx, none at all, and what the proxy classifies as a failure, as it does with gRPC's statuses. */
export function serverErrors({ failed, codes }: Tally): number {
  const byCode = Object.entries(codes).reduce((sum, [code, n]) => (code.startsWith("5") || code === "none" ? sum + n : sum), 0);
  return Math.max(failed, byCode);
}
