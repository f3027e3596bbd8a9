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

const compares: readonly Compare[] = [
  (a, b) => a.period - b.period || b.hops - a.hops || b.tx - a.tx,
  (a, b) => a.slack - b.slack,
  (a, b) => b.hops - a.hops || a.period - b.period,
  (a, b) => b.tx / b.period - a.tx / a.period,
];

/** The same jobs in different orders, in each of which what is hard to place comes early in another sense. Emergencies are always first. */
export function ordersOf(search: Search): readonly (readonly Job[])[] {
  const sizes = search.jobs.map((job): Size => {
    const [route] = search.routing.quick(job);
    return {
      job,
      rank: job.stream.rank,
      period: job.periodNs,
      hops: route?.links.length ?? 0,
      tx: route?.txNs[0] ?? 0,
      slack: job.stream.maxLatencyNs - (route?.spanNs ?? 0),
    };
  });
  return compares.map((compare) =>
    sizes.toSorted((a, b) => a.rank - b.rank || compare(a, b) || a.job.index - b.job.index).map(({ job }) => job),
  );
}
