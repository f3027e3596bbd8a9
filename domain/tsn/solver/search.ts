import { randomFrom } from "./arithmetic.ts";
import type { Job, Network } from "./network.ts";
import { collect, earliestPhase, noConstraints, phaseWindow, placeAt } from "./no-wait.ts";
import { type Occupancy, openOccupancy, type Placement } from "./occupancy.ts";
import type { Route } from "./route.ts";
import type { Routing } from "./routing.ts";
import { placeWaiting } from "./waiting.ts";

/** What the stages of the search share. */
export interface Search {
  readonly network: Network;
  readonly jobs: readonly Job[];
  readonly routing: Routing;
  readonly random: () => number;
  readonly budget: number;
  /** Attempts to place a job so far. */
  spent: number;
  readonly weights: Float64Array;
}

export function openSearch(network: Network, jobs: readonly Job[], routing: Routing, options: { seed: number; budget: number }): Search {
  return {
    network,
    jobs,
    routing,
    random: randomFrom(options.seed),
    budget: options.budget,
    spent: 0,
    weights: new Float64Array(jobs.length).fill(1),
  };
}

const scratch = noConstraints();

/** The no-wait placement that is through first, over the given routes. */
export function firstFit(occupancy: Occupancy, job: Job, routes: readonly Route[]): Placement | undefined {
  const { latencyFrom } = occupancy.network.problem.semantics;
  let best: { readonly route: Route; readonly phase: number; readonly end: number } | undefined;
  for (const route of routes) {
    const window = phaseWindow(job, route.spanNs, latencyFrom);
    const last = best === undefined ? window.last : Math.min(window.last, best.end - route.spanNs - 1);
    if (last < window.first || !collect(occupancy, job, route, scratch) || !occupancy.fitsCycle(route, job.periodNs)) continue;
    const phase = earliestPhase(scratch, { first: window.first, last });
    if (phase >= 0) best = { route, phase, end: phase + route.spanNs };
  }
  return best === undefined ? undefined : placeAt(job, best.route, best.phase);
}

/** A placement beside what is there: without waiting if possible, with waiting if not. */
export function place(search: Search, occupancy: Occupancy, job: Job, tries: number): Placement | undefined {
  search.spent++;
  const routes = search.routing.all(job);
  const still = firstFit(occupancy, job, routes);
  if (still !== undefined || tries === 0) return still;
  for (const route of routes) {
    if (!occupancy.fitsCycle(route, job.periodNs)) continue;
    const placement = placeWaiting(occupancy, job, route, tries);
    if (placement !== undefined) return placement;
  }
  return undefined;
}

export interface Partial {
  readonly occupancy: Occupancy;
  readonly unplaced: readonly Job[];
}

/** Places the jobs one after the other, and goes on past those that do not fit. */
export function placeInOrder(search: Search, order: readonly Job[], tries: number): Partial {
  const occupancy = openOccupancy(search.network);
  const unplaced: Job[] = [];
  for (const job of order) {
    const placement = place(search, occupancy, job, tries);
    if (placement === undefined) unplaced.push(job);
    else occupancy.put(placement);
  }
  return { occupancy, unplaced };
}
