import { gcd, lcm, mod } from "./arithmetic.ts";
import type { Job, Network } from "./network.ts";
import type { Route } from "./route.ts";

/** A job that has its times. */
export interface Placement {
  readonly job: Job;
  readonly route: Route;
  readonly starts: readonly number[];
  readonly queues: readonly number[];
}

/** One job on one link: busy from `lo` for `len` in every period, pads included, and in its queue since `hold` before. */
export interface Busy {
  readonly job: number;
  readonly lo: number;
  readonly len: number;
  readonly period: number;
  readonly queue: number;
  readonly hold: number;
}

export interface Occupancy {
  readonly network: Network;
  on(link: number): readonly Busy[];
  placementOf(job: number): Placement | undefined;
  /** False, and nothing changed, where the gates' cycle would become longer than the port can do. */
  fitsCycle(route: Route, periodNs: number): boolean;
  put(placement: Placement): void;
  take(job: number): Placement | undefined;
  placements(): readonly Placement[];
  gcd(a: number, b: number): number;
}

/** How long before its window a frame may be in the queue, when it starts at `start`. */
export function holdAt(route: Route, hop: number, start: number, parentStart: number): number {
  return (route.parents[hop] as number) < 0 ? 0 : start - (parentStart + (route.stepNs[hop] as number) - (route.holdNs[hop] as number));
}

/** What has to be free of other frames of the same queue before the start: the time in the queue, and what clocks may be off. */
export const guardedHold = (network: Network, job: Job, hold: number): number => (hold > 0 ? hold + job.padNs + network.clockErrorNs : 0);

export function openOccupancy(network: Network): Occupancy {
  const busy: Busy[][] = network.links.map(() => []);
  const placed = new Map<number, Placement>();
  const divisors = new Map<number, Map<number, number>>();

  const gcdOf = (a: number, b: number): number => {
    if (a === b) return a;
    let row = divisors.get(a);
    if (row === undefined) {
      row = new Map();
      divisors.set(a, row);
    }
    let known = row.get(b);
    if (known === undefined) {
      known = gcd(a, b);
      row.set(b, known);
    }
    return known;
  };

  /** Every interval that was ever on a link counts: a little strict after removals, and never wrong. */
  const cycles = new Float64Array(network.links.length).fill(1);
  const cycleWith = (link: number, periodNs: number): number => {
    const cycle = cycles[link] as number;
    return cycle % periodNs === 0 ? cycle : lcm(cycle, periodNs);
  };

  return {
    network,
    on: (link) => busy[link] as readonly Busy[],
    placementOf: (job) => placed.get(job),
    gcd: gcdOf,
    fitsCycle(route, periodNs) {
      for (const link of route.links) {
        const limit = network.links[link]?.gates.maxCycleNs ?? 0;
        if (cycleWith(link, periodNs) > limit) return false;
      }
      return true;
    },
    put(placement) {
      const { job, route, starts, queues } = placement;
      for (const [i, link] of route.links.entries()) {
        const start = starts[i] as number;
        cycles[link] = cycleWith(link, job.periodNs);
        const hold = holdAt(route, i, start, starts[route.parents[i] as number] ?? 0);
        (busy[link] as Busy[]).push({
          job: job.index,
          lo: mod(start - job.padNs, job.periodNs),
          len: (route.txNs[i] as number) + 2 * job.padNs,
          period: job.periodNs,
          queue: queues[i] as number,
          hold: guardedHold(network, job, hold),
        });
      }
      placed.set(job.index, placement);
    },
    take(job) {
      const placement = placed.get(job);
      if (placement === undefined) return undefined;
      for (const link of placement.route.links) {
        const list = busy[link] as Busy[];
        const at = list.findIndex((b) => b.job === job);
        if (at >= 0) {
          list[at] = list.at(-1) as Busy;
          list.pop();
        }
      }
      placed.delete(job);
      return placement;
    },
    placements: () => [...placed.values()],
  };
}
