import type { Job } from "./network.ts";
import type { Search } from "./search.ts";

interface Size {
  readonly job: Job;
  readonly rank: number;
  readonly period: number;
  readonly hops: number;
  readonly tx: number;
  readonly slack: number;
}

type Compare = (a: Size, b: Size) => number;

/** What is hard to place comes early, in one sense of the word or another. */
const compares = {
  period: (a, b) => a.period - b.period || b.hops - a.hops || b.tx - a.tx,
  slack: (a, b) => a.slack - b.slack,
  hops: (a, b) => b.hops - a.hops || a.period - b.period,
  load: (a, b) => b.tx / b.period - a.tx / a.period,
  // Without waiting, a frame right behind a longer one leaves a gap on its first link; behind a shorter one it leaves none.
  growing: (a, b) => a.period - b.period || a.tx - b.tx,
} as const satisfies Readonly<Record<string, Compare>>;

export type OrderName = keyof typeof compares;

/** Emergencies are always first. */
export function orderBy(search: Search, name: OrderName): readonly Job[] {
  const compare: Compare = compares[name];
  return search.jobs
    .map((job): Size => {
      const [route] = search.routing.quick(job);
      return {
        job,
        rank: job.stream.rank,
        period: job.periodNs,
        hops: route?.links.length ?? 0,
        tx: route?.txNs[0] ?? 0,
        slack: job.stream.maxLatencyNs - (route?.spanNs ?? 0),
      };
    })
    .toSorted((a, b) => a.rank - b.rank || compare(a, b) || a.job.index - b.job.index)
    .map(({ job }) => job);
}

/** Who failed before moves forward, by this share of the whole for each time. */
const ADVANCE = 0.35;

/** The order again, with those first that found no place so far. */
export function failedFirst(search: Search, order: readonly Job[]): readonly Job[] {
  return order
    .map((job, i) => ({ job, at: i - ((search.weights[job.index] as number) - 1) * ADVANCE * order.length }))
    .toSorted((a, b) => a.job.stream.rank - b.job.stream.rank || a.at - b.at)
    .map(({ job }) => job);
}
