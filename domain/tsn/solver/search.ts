import { randomFrom } from "./arithmetic.ts";
import type { Job, Network } from "./network.ts";
import { collect, earliestPhase, noConstraints, phaseWindow, placeAt } from "./no-wait.ts";
import { type Occupancy, openOccupancy, type Placement } from "./occupancy.ts";
import type { Route } from "./route.ts";
import type { Routing } from "./routing.ts";
import { bestFit, openStains } from "./snug.ts";
import { firstFree } from "./stretches.ts";
import { placeWaiting } from "./waiting.ts";

/** What the stages of the search share. */
export interface Search {
  readonly network: Network;
  readonly jobs: readonly Job[];
  readonly routing: Routing;
  readonly random: () => number;
  /** How often each job could not be placed, and one more. */
  readonly weights: Float64Array;
  /** Attempts to place a job so far; see `effort`. */
  spent: number;
}

export const openSearch = (network: Network, jobs: readonly Job[], routing: Routing, seed: number): Search => ({
  network,
  jobs,
  routing,
  random: randomFrom(seed),
  weights: new Float64Array(jobs.length).fill(1),
  spent: 0,
});

/** Some jobs in their places, and those that found none. */
export interface Partial {
  readonly occupancy: Occupancy;
  readonly unplaced: readonly Job[];
}

const scratch = noConstraints();

/** From so many constraints on it pays to sort them first. */
const MANY = 96;

/** The no-wait placement that is through first, over the given routes. */
export function firstFit(occupancy: Occupancy, job: Job, routes: readonly Route[]): Placement | undefined {
  const { latencyFrom } = occupancy.network.problem.semantics;
  let best: { readonly route: Route; readonly phase: number; readonly end: number } | undefined;
  for (const route of routes) {
    const window = phaseWindow(job, route.spanNs, latencyFrom);
    const last = best === undefined ? window.last : Math.min(window.last, best.end - route.spanNs - 1);
    if (last < window.first || !collect(occupancy, job, route, scratch) || !occupancy.fitsCycle(route, job.periodNs)) continue;
    const free = scratch.size > MANY ? firstFree : earliestPhase;
    const phase = free(scratch, { first: window.first, last });
    if (phase >= 0) best = { route, phase, end: phase + route.spanNs };
  }
  return best === undefined ? undefined : placeAt(job, best.route, best.phase);
}

const WAITING_TRIES = 24;

/** A placement beside what is there: without waiting if possible, with waiting if not. */
export function place(search: Search, occupancy: Occupancy, job: Job): Placement | undefined {
  search.spent++;
  const quick = firstFit(occupancy, job, search.routing.one(job));
  if (quick !== undefined) return quick;
  const routes = search.routing.all(job);
  const still = firstFit(occupancy, job, routes);
  if (still !== undefined) return still;
  for (const route of routes) {
    if (!occupancy.fitsCycle(route, job.periodNs)) continue;
    const placement = placeWaiting(occupancy, job, route, WAITING_TRIES);
    if (placement !== undefined) return placement;
  }
  return undefined;
}

/** What an attempt counts for: one, and more where there are many ways to go. */
export const effort = (routes: readonly Route[]): number => Math.max(1, Math.ceil(routes.length / 2));

function placeAll(search: Search, occupancy: Occupancy, order: readonly Job[], find: (job: Job) => Placement | undefined): Partial {
  const unplaced: Job[] = [];
  for (const job of order) {
    search.spent++;
    const placement = find(job);
    if (placement === undefined) unplaced.push(job);
    else occupancy.put(placement);
  }
  return { occupancy, unplaced };
}

/** One after the other, each as early as it can be without waiting; goes on past those that do not fit. */
export function placeEarly(search: Search, order: readonly Job[]): Partial {
  const occupancy = openOccupancy(search.network);
  return placeAll(
    search,
    occupancy,
    order,
    (job) => firstFit(occupancy, job, search.routing.quick(job)) ?? firstFit(occupancy, job, search.routing.all(job)),
  );
}

/** One after the other, each where it spoils least for those that are still to come. */
export function placeSnugly(search: Search, order: readonly Job[], mayWait: boolean): Partial {
  const occupancy = openOccupancy(search.network);
  const stains = openStains(occupancy, search.jobs);
  return placeAll(search, occupancy, order, (job) => {
    const placement = bestFit(occupancy, stains, job, search.routing.all(job), mayWait);
    if (placement !== undefined) stains.add(placement);
    return placement;
  });
}
