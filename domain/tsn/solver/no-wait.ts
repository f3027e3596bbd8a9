import { mod } from "./arithmetic.ts";
import type { Job } from "./network.ts";
import { guardedHold, type Occupancy, type Placement } from "./occupancy.ts";
import type { Route } from "./route.ts";

/** The phases at which a job may start on its first link, from `first` to `last`, so that its window and its deadline hold. */
export interface PhaseWindow {
  readonly first: number;
  readonly last: number;
}

export function phaseWindow(job: Job, spanNs: number, latencyFrom: "interval" | "release"): PhaseWindow {
  const { earliestOffsetNs, latestOffsetNs, maxLatencyNs, intervalNs } = job.stream;
  const latest = latestOffsetNs ?? intervalNs - 1;
  if (latencyFrom === "release") return { first: earliestOffsetNs, last: spanNs <= maxLatencyNs ? latest : -1 };
  return { first: earliestOffsetNs, last: Math.min(latest, maxLatencyNs - spanNs) };
}

/**
 * What keeps a phase from being free: for each frame on each link, the phases above `lo` and below `lo + len`, modulo `g`, collide with it.
 * Strictly periodic frames of intervals P and Q meet exactly when their offsets do modulo gcd(P, Q), so nothing is expanded over a hyperperiod.
 */
export interface Constraints {
  readonly lo: number[];
  readonly len: number[];
  readonly g: number[];
  readonly job: number[];
  size: number;
}

export const noConstraints = (): Constraints => ({ lo: [], len: [], g: [], job: [], size: 0 });

/** Fills `into` with all constraints of a route. False where a frame fits beside another one at no phase (pair-gcd), unless told to go on. */
export function collect(occupancy: Occupancy, job: Job, route: Route, into: Constraints, evenIfHopeless = false): boolean {
  const { network } = occupancy;
  const { links, offsets, txNs, holdNs } = route;
  const { periodNs, padNs } = job;
  const queue = job.stream.trafficClass;
  let n = 0;
  let hopeful = true;
  for (let i = 0; i < links.length; i++) {
    const from = (offsets[i] as number) - padNs;
    const to = (offsets[i] as number) + (txNs[i] as number) + padNs;
    const hold = guardedHold(network, job, holdNs[i] as number);
    if (to - from + hold > periodNs) {
      if (!evenIfHopeless) return false;
      hopeful = false;
    }
    const list = occupancy.on(links[i] as number);
    for (let k = 0; k < list.length; k++) {
      const b = list[k] as (typeof list)[number];
      const g = b.period === periodNs ? periodNs : occupancy.gcd(periodNs, b.period);
      let lo = b.lo - to;
      let len = to - from + b.len;
      if (b.queue === queue) {
        lo -= b.hold;
        len += b.hold + hold;
      }
      if (len > g) {
        if (!evenIfHopeless) return false;
        hopeful = false;
      }
      into.lo[n] = mod(lo, g);
      into.len[n] = len;
      into.g[n] = g;
      into.job[n] = b.job;
      n++;
    }
  }
  into.size = n;
  return hopeful;
}

/** Constraints of one link alone, on the start of a frame there. False where it fits beside another one at no start. */
export function collectLink(occupancy: Occupancy, job: Job, link: number, txNs: number, into: Constraints): boolean {
  const to = txNs + job.padNs;
  const list = occupancy.on(link);
  let hopeful = true;
  for (let n = 0; n < list.length; n++) {
    const b = list[n] as (typeof list)[number];
    const g = occupancy.gcd(job.periodNs, b.period);
    const len = to + job.padNs + b.len;
    if (len > g) hopeful = false;
    into.lo[n] = mod(b.lo - to, g);
    into.len[n] = len;
    into.g[n] = g;
    into.job[n] = b.job;
  }
  into.size = list.length;
  return hopeful;
}

/** The earliest free phase in the window, or -1: jumps out of one forbidden stretch into the next, until no constraint objects. */
export function earliestPhase(constraints: Constraints, { first, last }: PhaseWindow): number {
  const { lo, len, g, size } = constraints;
  let phase = first;
  if (phase > last) return -1;
  let clean = 0;
  for (let i = 0; clean < size; i = i + 1 === size ? 0 : i + 1) {
    const r = mod(phase - (lo[i] as number), g[i] as number);
    if (r > 0 && r < (len[i] as number)) {
      phase += (len[i] as number) - r;
      if (phase > last) return -1;
      clean = 1;
    } else clean++;
  }
  return phase;
}

export function placeAt(job: Job, route: Route, phase: number): Placement {
  return {
    job,
    route,
    starts: route.offsets.map((offset) => offset + phase),
    queues: route.links.map(() => job.stream.trafficClass),
  };
}
