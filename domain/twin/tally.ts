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

function addTo(sum: Tally, tally: Tally): void {
  sum.requests += tally.requests;
  sum.succeeded += tally.succeeded;
  sum.failed += tally.failed;
  sum.readBytes += tally.readBytes;
  sum.writeBytes += tally.writeBytes;
  for (const code in tally.codes) sum.codes[code] = (sum.codes[code] ?? 0) + (tally.codes[code] ?? 0);
  for (const status in tally.grpc) sum.grpc[status] = (sum.grpc[status] ?? 0) + (tally.grpc[status] ?? 0);
  for (let i = 0; i < tally.latency.length; i += 1) sum.latency[i] = (sum.latency[i] ?? 0) + (tally.latency[i] ?? 0);
}

/** The sum of all of them; half an hour's are added up for every look at a twin, so nothing is copied on the way. */
export function total(parts: readonly Counted[]): Counted {
  const sum = nothingCounted();
  for (const { inbound, outbound, destinations } of parts) {
    addTo(sum.inbound, inbound);
    addTo(sum.outbound, outbound);
    for (const [name, [well, badly]] of Object.entries(destinations)) {
      const [w, x] = sum.destinations[name] ?? [0, 0];
      sum.destinations[name] = [w + well, x + badly];
    }
  }
  return sum;
}

/** Responses that a server is to blame for: 5xx, none at all, and what the proxy classifies as a failure, as it does with gRPC's statuses. */
export function serverErrors({ failed, codes }: Tally): number {
  const byCode = Object.entries(codes).reduce((sum, [code, n]) => (code.startsWith("5") || code === "none" ? sum + n : sum), 0);
  return Math.max(failed, byCode);
}
