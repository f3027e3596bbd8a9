import { z } from "zod";
import { latencyOf } from "./latency.ts";
import type { Latest, Network, Traffic } from "./model.ts";
import { Counted, type Tally, total } from "./tally.ts";

/** What was counted between two rounds, or in several of them together. */
const Bin = z.strictObject({ fromMs: z.number(), toMs: z.number(), counted: Counted });
export type Bin = z.infer<typeof Bin>;

/** The counts of the last half hour, in bins of a minute: old ones leave as new ones come. */
export const Window = z.strictObject({
  /** Finite upper bounds of the latency buckets, in ms. */
  bounds: z.array(z.number()),
  /** Since when there is something to compare with; null before the first scrape. */
  sinceMs: z.number().nullable(),
  /** The oldest first, without gaps. */
  bins: z.array(Bin),
});
export type Window = z.infer<typeof Window>;

export const emptyWindow = (): Window => ({ bounds: [], sinceMs: null, bins: [] });

/** Long enough that one error in six minutes (D2.3 6.1.1) is a rate and no accident. */
export const WINDOW_MS = 1_800_000;
const BIN_MS = 60_000;
/** Shorter than a round of 30 s, so that one that comes a little early does not bring the bin before with it. */
const LATEST_MS = 20_000;
const MAX_DESTINATIONS = 20;

/**
 * Adds what was counted up to `atMs`. The first time nothing was counted over no time at all. A window never covers less than it could: the oldest bin
 * goes when the others cover all of it.
 */
export function push(window: Window, counted: Counted, bounds: readonly number[], atMs: number): Window {
  const last = window.bins.at(-1);
  const fromMs = last?.toMs ?? window.sinceMs;
  if (fromMs === null) return { ...window, bounds: [...bounds], sinceMs: atMs };
  if (atMs <= fromMs) return window;
  const isOther = bounds.length > 0 && window.bounds.length > 0 && String(bounds) !== String(window.bounds);
  const known = isOther ? window.bins.map(withoutLatency) : window.bins;
  const newest = known.at(-1);
  // Whole rounds only: a bin is full when one more round would make it longer than a minute.
  const joins = newest !== undefined && atMs - newest.fromMs <= BIN_MS;
  const bins = joins
    ? [...known.slice(0, -1), { fromMs: newest.fromMs, toMs: atMs, counted: total([newest.counted, counted]) }]
    : [...known, { fromMs, toMs: atMs, counted }];
  while ((bins[1]?.fromMs ?? Infinity) <= atMs - WINDOW_MS) bins.shift();
  return { bounds: bounds.length > 0 ? [...bounds] : window.bounds, sinceMs: window.sinceMs, bins };
}

const withoutLatency = ({ counted, ...bin }: Bin): Bin => ({
  ...bin,
  counted: { ...counted, inbound: { ...counted.inbound, latency: [] }, outbound: { ...counted.outbound, latency: [] } },
});

/** What at least the last `ms` counted, in whole bins, and over how many seconds. */
export function latest({ bins }: Window, ms: number): { readonly counted: Counted; readonly seconds: number } {
  const end = bins.at(-1)?.toMs ?? 0;
  return totals(bins.filter(({ toMs }) => toMs > end - ms));
}

/** What came before the last `ms`. */
export function earlier({ bins }: Window, ms: number): { readonly counted: Counted; readonly seconds: number } {
  const end = bins.at(-1)?.toMs ?? 0;
  return totals(bins.filter(({ toMs }) => toMs <= end - ms));
}

const totals = (bins: readonly Bin[]) => ({
  counted: total(bins.map(({ counted }) => counted)),
  seconds: bins.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs), 0) / 1000,
});

type Open = Readonly<Record<"inbound" | "outbound", number | null>>;

/** Rates are counts over the time that they were counted in, so they are as exact as the counts. Over no time they are unknown. */
export function trafficOf(window: Window, open: Open): Omit<Network, "meshed" | "source"> {
  const { counted, seconds } = totals(window.bins);
  return {
    windowSeconds: seconds,
    inbound: directionOf(counted.inbound, seconds, window.bounds, open.inbound),
    outbound: directionOf(counted.outbound, seconds, window.bounds, open.outbound),
    byDestination: destinationsOf(counted.destinations, seconds),
    latest: latestOf(window),
  };
}

function latestOf(window: Window): Latest | null {
  const { counted, seconds } = latest(window, LATEST_MS);
  return seconds === 0 ? null : { windowSeconds: seconds, requestRate: counted.inbound.requests / seconds };
}

function directionOf(tally: Tally, seconds: number, bounds: readonly number[], openConnections: number | null): Traffic {
  const rate = (value: number): number | null => (seconds === 0 ? null : value / seconds);
  const answered = tally.succeeded + tally.failed;
  return {
    requestRate: rate(tally.requests),
    successRatio: answered === 0 ? null : tally.succeeded / answered,
    responseRateByCode: seconds === 0 ? {} : inOrder(tally.codes, (value) => value / seconds),
    responseCountByCode: inOrder(tally.codes, (value) => value),
    grpcCountByCode: inOrder(tally.grpc, (value) => value),
    latencyMs: latencyOf({ bounds, counts: tally.latency }),
    tcp: { openConnections, readBytesPerSecond: rate(tally.readBytes), writeBytesPerSecond: rate(tally.writeBytes) },
  };
}

const inOrder = (counts: Readonly<Record<string, number>>, of: (value: number) => number): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, value]) => [code, of(value)]),
  );

const destinationsOf = (destinations: Counted["destinations"], seconds: number): Network["byDestination"] =>
  Object.entries(destinations)
    .map(([name, [well, badly]]) => ({ place: name.split("/"), answered: well + badly, well }))
    .toSorted((a, b) => b.answered - a.answered || (String(a.place) < String(b.place) ? -1 : 1))
    .slice(0, MAX_DESTINATIONS)
    .map(({ place: [namespace = "", kind = "", name = ""], answered, well }) => ({
      namespace,
      kind,
      name,
      requestRate: seconds === 0 ? null : answered / seconds,
      successRatio: answered === 0 ? null : well / answered,
    }));
