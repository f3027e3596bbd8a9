import { gcd, mod } from "./arithmetic.ts";
import { collect, collectLink, type Constraints, noConstraints, phaseWindow, placeAt } from "./no-wait.ts";
import type { Job } from "./network.ts";
import { holdAt, type Occupancy, type Placement } from "./occupancy.ts";
import type { Route } from "./route.ts";
import { eachFreeStretch } from "./stretches.ts";
import { arrivalOf, queueFor } from "./waiting.ts";

/*
 * Best fit: of all free phases the one that spoils least for streams of other intervals. What a frame takes from an interval Q is its residues
 * modulo gcd(P, Q); residues that others have taken already cost nothing. So frames of one interval pile up on the same residues.
 */

/** Which residues of one modulus are taken on one link, as disjoint rising stretches. */
interface Stain {
  readonly from: number[];
  readonly to: number[];
}

export interface Stains {
  add(placement: Placement): void;
  /** Forgets what it knows of these links; they are read anew when they are asked for. */
  forget(links: readonly number[]): void;
  /** Residues that a start would newly take on a hop's link, over all moduli, each weighed by how many there are of it. */
  cost(job: Job, route: Route, hop: number, start: number): number;
}

export function openStains(occupancy: Occupancy, jobs: readonly Job[]): Stains {
  const periods = [...new Set(jobs.map((j) => j.periodNs))];
  const moduli = [...new Set(periods.flatMap((p) => periods.map((q) => gcd(p, q))))].toSorted((a, b) => a - b);
  const stains: (Stain[] | undefined)[] = [];
  const fresh = (): Stain[] => moduli.map(() => ({ from: [], to: [] }));
  const mark = (onLink: readonly Stain[], period: number, lo: number, length: number): void => {
    for (const [k, modulus] of moduli.entries()) {
      if (period % modulus !== 0) continue;
      const from = mod(lo, modulus);
      const to = from + Math.min(length, modulus);
      take(onLink[k] as Stain, from, Math.min(to, modulus));
      if (to > modulus) take(onLink[k] as Stain, 0, to - modulus);
    }
  };
  const read = (link: number): readonly Stain[] => {
    const known = stains[link];
    if (known !== undefined) return known;
    const onLink = fresh();
    for (const b of occupancy.on(link)) mark(onLink, b.period, b.lo, b.len);
    stains[link] = onLink;
    return onLink;
  };
  return {
    forget(links) {
      for (const link of links) stains[link] = undefined;
    },
    add({ job, route, starts }) {
      for (const [i, link] of route.links.entries()) {
        const known = stains[link];
        if (known !== undefined) mark(known, job.periodNs, (starts[i] as number) - job.padNs, (route.txNs[i] as number) + 2 * job.padNs);
      }
    },
    cost(job, route, hop, start) {
      const onLink = read(route.links[hop] as number);
      const length = (route.txNs[hop] as number) + 2 * job.padNs;
      let total = 0;
      for (const [k, modulus] of moduli.entries()) {
        if (job.periodNs === modulus || job.periodNs % modulus !== 0) continue;
        const stain = onLink[k] as Stain;
        const from = mod(start - job.padNs, modulus);
        const to = from + Math.min(length, modulus);
        let fresh = to - from - taken(stain, from, Math.min(to, modulus));
        if (to > modulus) fresh -= taken(stain, 0, to - modulus);
        total += fresh / modulus;
      }
      return total;
    },
  };
}

/** First stretch that ends after x. */
function firstAfter({ to }: Stain, x: number): number {
  let low = 0;
  let high = to.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((to[middle] as number) > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

function taken(stain: Stain, from: number, to: number): number {
  let sum = 0;
  for (let i = firstAfter(stain, from); i < stain.from.length && (stain.from[i] as number) < to; i++)
    sum += Math.min(to, stain.to[i] as number) - Math.max(from, stain.from[i] as number);
  return sum;
}

function take(stain: Stain, from: number, to: number): void {
  const first = firstAfter(stain, from - 1);
  let last = first;
  let [lo, hi] = [from, to];
  for (; last < stain.from.length && (stain.from[last] as number) <= to; last++) {
    lo = Math.min(lo, stain.from[last] as number);
    hi = Math.max(hi, stain.to[last] as number);
  }
  stain.from.splice(first, last - first, lo);
  stain.to.splice(first, last - first, hi);
}

interface Best {
  readonly placement: Placement;
  readonly cost: number;
}

const scratch: Constraints = noConstraints();
const MOST_STRETCHES = 400;

/** The free no-wait placement that costs least; among equals the earliest. */
function stillFit(occupancy: Occupancy, stains: Stains, job: Job, route: Route): Best | undefined {
  const window = phaseWindow(job, route.spanNs, occupancy.network.problem.semantics.latencyFrom);
  if (window.last < window.first || !collect(occupancy, job, route, scratch)) return undefined;
  let phase = -1;
  let cost = Number.POSITIVE_INFINITY;
  let seen = 0;
  const look = (at: number): void => {
    let total = 0;
    for (let i = 0; i < route.links.length && total < cost; i++) total += stains.cost(job, route, i, at + (route.offsets[i] as number));
    if (total < cost - 1e-12) [phase, cost] = [at, total];
  };
  eachFreeStretch(scratch, window, (from, to) => {
    look(from);
    if (to > from) look(to);
    return ++seen >= MOST_STRETCHES;
  });
  return phase < 0 ? undefined : { placement: placeAt(job, route, phase), cost };
}

const FIRST_STARTS = 6;
/** A start that waits a whole interval longer has to save this share of a link's residues. */
const WAITING_PRICE = 0.02;

/** Hop by hop the start that costs least, within the hop's share of the slack that is left; from several starts at the talker. */
function looseFit(occupancy: Occupancy, stains: Stains, job: Job, route: Route): Best | undefined {
  const { stream } = job;
  const fromRelease = occupancy.network.problem.semantics.latencyFrom === "release";
  const slack = stream.maxLatencyNs - route.spanNs - (fromRelease ? 0 : stream.earliestOffsetNs);
  if (slack < 0) return undefined;
  const window = {
    first: stream.earliestOffsetNs,
    last: Math.min(stream.latestOffsetNs ?? job.periodNs - 1, fromRelease ? Number.POSITIVE_INFINITY : stream.earliestOffsetNs + slack),
  };
  if (!collectLink(occupancy, job, route.links[0] as number, route.txNs[0] as number, scratch)) return undefined;
  const starts: { readonly at: number; readonly cost: number }[] = [];
  eachFreeStretch(scratch, window, (from, to) => {
    for (const at of from === to ? [from] : [from, to]) starts.push({ at, cost: stains.cost(job, route, 0, at) });
    return starts.length >= MOST_STRETCHES;
  });
  starts.sort((a, b) => a.cost - b.cost || a.at - b.at);
  let best: Best | undefined;
  for (const { at, cost } of starts.slice(0, FIRST_STARTS)) {
    const found = follow(occupancy, stains, job, route, at, fromRelease ? slack : slack - (at - stream.earliestOffsetNs));
    if (found !== undefined && (best === undefined || found.cost + cost < best.cost))
      best = { placement: found.placement, cost: found.cost + cost };
  }
  return best;
}

function follow(occupancy: Occupancy, stains: Stains, job: Job, route: Route, release: number, slackNs: number): Best | undefined {
  const starts: number[] = [];
  const queues: number[] = [];
  let total = 0;
  const hops = route.links.length;
  for (let i = 0; i < hops; i++) {
    const link = route.links[i] as number;
    const parent = route.parents[i] as number;
    const ready = parent < 0 ? release : (starts[parent] as number) + (route.stepNs[i] as number);
    let start = ready;
    let cost = 0;
    if (parent >= 0) {
      const spent = ready - release - (route.offsets[i] as number);
      const allowed = Math.max(0, Math.floor((slackNs - spent) / (hops - i)));
      if (!collectLink(occupancy, job, link, route.txNs[i] as number, scratch)) return undefined;
      start = -1;
      cost = Number.POSITIVE_INFINITY;
      const look = (at: number): void => {
        const price = stains.cost(job, route, i, at) + (WAITING_PRICE * (at - ready)) / job.periodNs;
        if (price < cost - 1e-12) [start, cost] = [at, price];
      };
      eachFreeStretch(scratch, { first: ready, last: ready + Math.min(allowed, job.periodNs - 1) }, (from, to) => {
        look(from);
        if (to > from) look(to);
        return false;
      });
      // Where the share is too little, the rest of the slack is there for the first hop that needs it.
      if (start < 0)
        eachFreeStretch(scratch, { first: ready, last: ready + Math.min(Math.max(0, slackNs - spent), job.periodNs - 1) }, (from) => {
          look(from);
          return true;
        });
      if (start < 0) return undefined;
    }
    const queue = queueFor(occupancy, link, job, route.txNs[i] as number, start, holdAt(route, i, start, starts[parent] ?? 0));
    if (queue < 0) return undefined;
    starts.push(start);
    queues.push(queue);
    total += cost;
  }
  if (arrivalOf(route, starts) - release > route.spanNs + slackNs) return undefined;
  return { placement: { job, route, starts, queues }, cost: total };
}

/** The placement beside what is there that spoils least, with waiting where it may be. */
export function bestFit(occupancy: Occupancy, stains: Stains, job: Job, routes: readonly Route[], mayWait: boolean): Placement | undefined {
  let best: Best | undefined;
  for (const route of routes) {
    if (!occupancy.fitsCycle(route, job.periodNs)) continue;
    const still = stillFit(occupancy, stains, job, route);
    if (still !== undefined && (best === undefined || still.cost < best.cost)) best = still;
    const loose = mayWait ? looseFit(occupancy, stains, job, route) : undefined;
    if (loose !== undefined && (best === undefined || loose.cost < best.cost)) best = loose;
  }
  return best?.placement;
}
