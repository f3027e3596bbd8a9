import { mod } from "./arithmetic.ts";
import type { Job } from "./network.ts";
import { collect, collectLink, noConstraints, phaseWindow, placeAt } from "./no-wait.ts";
import { guardedHold, holdAt, type Occupancy, type Placement } from "./occupancy.ts";
import type { Route } from "./route.ts";
import { effort, type Partial, type Search } from "./search.ts";
import { bestFit, openStains, type Stains } from "./snug.ts";
import { lightest } from "./sweep.ts";

/*
 * Conflict-directed search: a job that fits nowhere takes the place whose present users weigh least, and those look for another. Who fails
 * gains weight, so that what is really hard stays where it is and the easy ones move around it.
 */

interface Intrusion {
  readonly placement: Placement;
  readonly victims: readonly number[];
  readonly weight: number;
}

const scratch = noConstraints();

/** Who is in the way of a hop in this queue. */
function victimsAt(
  occupancy: Occupancy,
  job: Job,
  route: Route,
  hop: number,
  start: number,
  hold: number,
  queue: number,
): readonly number[] {
  const from = start - job.padNs;
  const to = start + (route.txNs[hop] as number) + job.padNs;
  const guarded = guardedHold(occupancy.network, job, hold);
  const found: number[] = [];
  for (const b of occupancy.on(route.links[hop] as number)) {
    const g = occupancy.gcd(job.periodNs, b.period);
    const shared = b.queue === queue;
    const len = to - from + b.len + (shared ? b.hold + guarded : 0);
    const r = mod(to - b.lo + (shared ? b.hold : 0), g);
    if (len > g || (r > 0 && r < len)) found.push(b.job);
  }
  return found;
}

const weightOf = (search: Search, jobs: Iterable<number>): number => {
  let sum = 0;
  for (const j of jobs) sum += search.weights[j] as number;
  return sum;
};

/** The queue of each hop in which the fewest are in the way. */
function intrude(search: Search, occupancy: Occupancy, job: Job, route: Route, starts: readonly number[]): Intrusion | undefined {
  const victims = new Set<number>();
  const queues: number[] = [];
  const { scheduledClasses } = search.network.problem;
  for (let i = 0; i < route.links.length; i++) {
    const start = starts[i] as number;
    const hold = holdAt(route, i, start, starts[route.parents[i] as number] ?? 0);
    if (hold + (route.txNs[i] as number) + 3 * job.padNs > job.periodNs) return undefined;
    const lowest = 8 - (search.network.links[route.links[i] as number]?.queues ?? 8);
    let best: { readonly queue: number; readonly found: readonly number[]; readonly weight: number } | undefined;
    for (const queue of [job.stream.trafficClass, ...scheduledClasses]) {
      if (queue < lowest) continue;
      const found = victimsAt(occupancy, job, route, i, start, hold, queue);
      const weight = weightOf(
        search,
        found.filter((j) => !victims.has(j)),
      );
      if (best === undefined || weight < best.weight) best = { queue, found, weight };
      if (weight === 0) break;
    }
    if (best === undefined) return undefined;
    queues.push(best.queue);
    for (const j of best.found) victims.add(j);
  }
  return { placement: { job, route, starts, queues }, victims: [...victims], weight: weightOf(search, victims) };
}

/** Without waiting: the one phase that is lightest over all links together. */
function stillIntrusion(search: Search, occupancy: Occupancy, job: Job, route: Route, limit: number): Intrusion | undefined {
  const window = phaseWindow(job, route.spanNs, search.network.problem.semantics.latencyFrom);
  if (window.last < window.first) return undefined;
  collect(occupancy, job, route, scratch, true);
  const found = lightest(scratch, window, { weights: search.weights, limit, random: search.random });
  return found === undefined ? undefined : intrude(search, occupancy, job, route, placeAt(job, route, found.phase).starts);
}

/** With waiting: link by link the lightest start within the hop's share of the slack, from a start at the talker drawn at random. */
function looseIntrusion(search: Search, occupancy: Occupancy, job: Job, route: Route): Intrusion | undefined {
  const { stream } = job;
  const fromRelease = search.network.problem.semantics.latencyFrom === "release";
  const slack = stream.maxLatencyNs - route.spanNs - (fromRelease ? 0 : stream.earliestOffsetNs);
  if (slack <= 0) return undefined;
  const options = { weights: search.weights, limit: Number.POSITIVE_INFINITY, random: search.random };
  const latest = stream.latestOffsetNs ?? job.periodNs - 1;
  const starts: number[] = [];
  for (let i = 0; i < route.links.length; i++) {
    const parent = route.parents[i] as number;
    const ready = parent < 0 ? stream.earliestOffsetNs : (starts[parent] as number) + (route.stepNs[i] as number);
    const spent = parent < 0 ? 0 : ready - (route.offsets[i] as number) - (fromRelease ? (starts[0] as number) : stream.earliestOffsetNs);
    const share = Math.min(Math.floor((slack - spent) / (route.links.length - i)), job.periodNs - 1);
    const window =
      parent < 0
        ? { first: ready, last: fromRelease ? latest : Math.min(latest, ready + slack) }
        : { first: ready, last: ready + Math.max(0, share) };
    collectLink(occupancy, job, route.links[i] as number, route.txNs[i] as number, scratch);
    const found = lightest(scratch, window, options);
    if (found === undefined) return undefined;
    starts.push(found.phase);
  }
  return intrude(search, occupancy, job, route, starts);
}

const LOOSE_TRIES = 2;

function lightestIntrusion(search: Search, occupancy: Occupancy, job: Job): Intrusion | undefined {
  let best: Intrusion | undefined;
  const take = (found: Intrusion | undefined): void => {
    if (found !== undefined && (best === undefined || found.weight < best.weight)) best = found;
  };
  for (const route of search.routing.all(job)) {
    take(stillIntrusion(search, occupancy, job, route, best?.weight ?? Number.POSITIVE_INFINITY));
    for (let k = 0; k < LOOSE_TRIES; k++) take(looseIntrusion(search, occupancy, job, route));
  }
  return best;
}

/** Goes on from a partial placement until everything is placed or the budget is spent; returns the best that it has seen. */
export function repair(search: Search, start: Partial, until: number): Partial {
  const { occupancy } = start;
  const stains = openStains(occupancy, search.jobs);
  let unplaced = [...start.unplaced];
  let best = { placements: occupancy.placements(), unplaced };
  while (unplaced.length > 0 && search.spent < until) {
    const job = heaviest(search, unplaced);
    unplaced = unplaced.filter((j) => j !== job);
    const routes = search.routing.all(job);
    search.spent += effort(routes);
    const placement = bestFit(occupancy, stains, job, routes, true);
    if (placement !== undefined) put(occupancy, stains, placement);
    else {
      search.weights[job.index] = (search.weights[job.index] as number) + 1;
      const intrusion = lightestIntrusion(search, occupancy, job);
      if (intrusion === undefined) return restore(occupancy, best);
      for (const index of intrusion.victims) {
        const ejected = occupancy.take(index);
        if (ejected === undefined) continue;
        stains.forget(ejected.route.links);
        unplaced.push(ejected.job);
      }
      put(occupancy, stains, intrusion.placement);
    }
    if (unplaced.length < best.unplaced.length) best = { placements: occupancy.placements(), unplaced: [...unplaced] };
  }
  return unplaced.length === 0 ? { occupancy, unplaced } : restore(occupancy, best);
}

function put(occupancy: Occupancy, stains: Stains, placement: Placement): void {
  occupancy.put(placement);
  stains.add(placement);
}

function restore(occupancy: Occupancy, { placements, unplaced }: { placements: readonly Placement[]; unplaced: readonly Job[] }): Partial {
  for (const { job } of occupancy.placements()) occupancy.take(job.index);
  for (const placement of placements) occupancy.put(placement);
  return { occupancy, unplaced };
}

function heaviest(search: Search, jobs: readonly Job[]): Job {
  let found = jobs[0] as Job;
  for (const job of jobs) if ((search.weights[job.index] as number) > (search.weights[found.index] as number)) found = job;
  return found;
}
