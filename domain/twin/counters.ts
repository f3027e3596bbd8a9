import { z } from "zod";
import type { ProxyScrape, Series } from "./proxy.ts";
import { type Counted, nothingCounted } from "./tally.ts";

const count = z.number().nonnegative();

/** A proxy's counters as they stood at its last scrape, by a short name of each series; a histogram is its buckets. */
export const Baseline = z.strictObject({
  atMs: z.number(),
  startedAt: z.number().nullable(),
  bounds: z.array(z.number()),
  series: z.record(z.string(), z.union([count, z.array(count)])),
});
export type Baseline = z.infer<typeof Baseline>;

interface Progress {
  readonly counted: Counted;
  readonly baseline: Baseline;
}

/**
 * What a proxy counted since its last scrape, exactly as far as counters can tell:
 *
 * - a series that is new on a proxy that was scraped before counts from 0, so that the first error of its kind is seen (PromQL's increase() misses it:
 *   prometheus#1673);
 * - a value below the last one is all new: the proxy drops series that were idle for ten minutes, and they come back from 0;
 * - a proxy that started after the last scrape begins from 0 whatever its counters say now;
 * - of a proxy that is scraped for the first time nothing is known to be new, unless it started after `observedSinceMs`.
 */
export function advance(before: Baseline | undefined, scrape: ProxyScrape, atMs: number, observedSinceMs: number): Progress {
  const counted = nothingCounted();
  const fromZero = isNewProcess(before, scrape, observedSinceMs);
  const isKnown = before !== undefined || fromZero;
  const sameBounds = before === undefined || String(before.bounds) === String(scrape.bounds);
  const series: Baseline["series"] = {};
  for (const [name, current] of scrape.series) {
    const last = fromZero || (current.what === "latency" && !sameBounds) ? undefined : before?.series[name];
    series[name] = current.what === "latency" ? trimmed(current.counts) : current.value;
    if (isKnown) tell(counted, current, last);
  }
  return { counted, baseline: { atMs, startedAt: scrape.startedAt, bounds: [...scrape.bounds], series } };
}

/** Kubernetes and proxies write whole seconds or hundredths of one: a start is another one only if it is more than a second away. */
const SAME_START_S = 1;

function isNewProcess(before: Baseline | undefined, { startedAt }: ProxyScrape, observedSinceMs: number): boolean {
  if (startedAt === null) return false;
  if (before === undefined) return startedAt * 1000 >= observedSinceMs;
  return before.startedAt !== null && startedAt - before.startedAt > SAME_START_S;
}

function tell(counted: Counted, series: Series, last: number | readonly number[] | undefined): void {
  const tally = counted[series.direction];
  switch (series.what) {
    case "requests":
    case "readBytes":
    case "writeBytes":
      tally[series.what] += since(series.value, last);
      break;
    case "latency":
      for (const [i, fresh] of bucketsSince(series.counts, last).entries()) tally.latency[i] = (tally.latency[i] ?? 0) + fresh;
      break;
    case "responses": {
      const fresh = since(series.value, last);
      if (fresh === 0) return;
      tally.codes[series.code] = (tally.codes[series.code] ?? 0) + fresh;
      if (series.grpc !== undefined) tally.grpc[series.grpc] = (tally.grpc[series.grpc] ?? 0) + fresh;
      tally[series.succeeded ? "succeeded" : "failed"] += fresh;
      if (series.destination === undefined) return;
      const [well, badly] = counted.destinations[series.destination] ?? [0, 0];
      counted.destinations[series.destination] = series.succeeded ? [well + fresh, badly] : [well, badly + fresh];
      break;
    }
    default:
      series satisfies never;
  }
}

/** A counter only grows: one that is lower than it was began again from 0. */
function since(value: number, last: number | readonly number[] | undefined): number {
  return typeof last !== "number" || value < last ? value : value - last;
}

/** A histogram is dropped and begun again as a whole. */
function bucketsSince(counts: readonly number[], last: number | readonly number[] | undefined): readonly number[] {
  if (typeof last !== "object" || counts.some((value, i) => value < (last[i] ?? 0))) return trimmed(counts);
  return trimmed(counts.map((value, i) => value - (last[i] ?? 0)));
}

/** Without the zeros at its end, which most histograms have many of. */
function trimmed(counts: readonly number[]): number[] {
  const end = counts.findLastIndex((value) => value !== 0);
  return counts.slice(0, end + 1);
}
