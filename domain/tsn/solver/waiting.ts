import { mod } from "./arithmetic.ts";
import type { Job } from "./network.ts";
import { guardedHold, holdAt, type Occupancy, type Placement } from "./occupancy.ts";
import type { Route } from "./route.ts";

/*
 * Placement that lets a frame wait in a bridge, also past the end of its interval. A frame that waits must be alone in its queue from its
 * arrival to its departure (frame isolation), or a lost frame would let another one leave in its window.
 */

/** The first start from `at` on at which the link is free for the job's frames, or -1 when it never is. */
function earliestFree(occupancy: Occupancy, link: number, job: Job, txNs: number, at: number): number {
  const list = occupancy.on(link);
  const size = list.length;
  const limit = at + job.periodNs;
  const own = txNs + 2 * job.padNs;
  let start = at;
  let clean = 0;
  for (let i = 0; clean < size; i = i + 1 === size ? 0 : i + 1) {
    const b = list[i] as (typeof list)[number];
    const g = occupancy.gcd(job.periodNs, b.period);
    const len = own + b.len;
    if (len > g) return -1;
    const r = mod(start + txNs + job.padNs - b.lo, g);
    if (r > 0 && r < len) {
      start += len - r;
      if (start >= limit) return -1;
      clean = 1;
    } else clean++;
  }
  return start;
}

/** The last start up to `at`, and not before `floor`, at which the link is free; `floor` is known to be. */
function latestFree(occupancy: Occupancy, link: number, job: Job, txNs: number, at: number, floor: number): number {
  const list = occupancy.on(link);
  const size = list.length;
  let start = at;
  let clean = 0;
  for (let i = 0; clean < size; i = i + 1 === size ? 0 : i + 1) {
    const b = list[i] as (typeof list)[number];
    const g = occupancy.gcd(job.periodNs, b.period);
    const len = txNs + 2 * job.padNs + b.len;
    const r = mod(start + txNs + job.padNs - b.lo, g);
    if (r > 0 && r < len) {
      start -= r;
      if (start <= floor) return floor;
      clean = 1;
    } else clean++;
  }
  return start;
}

/** True where nothing else is in the queue while the frame is, and it in nobody's way that waits there. */
function isIsolated(occupancy: Occupancy, link: number, job: Job, txNs: number, start: number, hold: number, queue: number): boolean {
  const from = start - job.padNs - guardedHold(occupancy.network, job, hold);
  const to = start + txNs + job.padNs;
  if (to - from > job.periodNs) return false;
  for (const b of occupancy.on(link)) {
    if (b.queue !== queue) continue;
    const g = occupancy.gcd(job.periodNs, b.period);
    const len = to - from + b.len + b.hold;
    const r = mod(to - (b.lo - b.hold), g);
    if (len > g || (r > 0 && r < len)) return false;
  }
  return true;
}

export function queueFor(occupancy: Occupancy, link: number, job: Job, txNs: number, start: number, hold: number): number {
  const own = job.stream.trafficClass;
  if (isIsolated(occupancy, link, job, txNs, start, hold, own)) return own;
  const { problem, links } = occupancy.network;
  const queues = links[link]?.queues ?? 8;
  for (const queue of problem.scheduledClasses) {
    if (queue !== own && queue >= 8 - queues && isIsolated(occupancy, link, job, txNs, start, hold, queue)) return queue;
  }
  return -1;
}

type Pass = { readonly starts: number[]; readonly queues: number[] } | { readonly retry: number };

const NEVER = Number.POSITIVE_INFINITY;

/** Every hop as early as it can be after its parent, the first one from `phase` on; where no queue takes a frame, the phase to try next. */
function forward(occupancy: Occupancy, job: Job, route: Route, phase: number): Pass {
  const starts: number[] = [];
  const queues: number[] = [];
  for (let i = 0; i < route.links.length; i++) {
    const link = route.links[i] as number;
    const parent = route.parents[i] as number;
    const ready = parent < 0 ? phase : (starts[parent] as number) + (route.stepNs[i] as number);
    const start = earliestFree(occupancy, link, job, route.txNs[i] as number, ready);
    if (start < 0) return { retry: NEVER };
    const hold = holdAt(route, i, start, starts[parent] ?? 0);
    const queue = queueFor(occupancy, link, job, route.txNs[i] as number, start, hold);
    if (queue < 0) return { retry: (starts[0] ?? phase) + Math.max(1, start - ready) };
    starts.push(start);
    queues.push(queue);
  }
  return { starts, queues };
}

/** The same arrival with every hop as late as it can be, so that frames wait at the talker and not in bridges. */
function backward(occupancy: Occupancy, job: Job, route: Route, pass: Exclude<Pass, { retry: number }>): Exclude<Pass, { retry: number }> {
  const starts = [...pass.starts];
  const latest = route.links.map(() => NEVER);
  for (let i = route.links.length - 1; i >= 0; i--) {
    const floor = starts[i] as number;
    const bound = Math.min(latest[i] as number, i === 0 ? (job.stream.latestOffsetNs ?? job.periodNs - 1) : NEVER);
    if (Number.isFinite(bound) && bound > floor)
      starts[i] = latestFree(occupancy, route.links[i] as number, job, route.txNs[i] as number, bound, floor);
    const parent = route.parents[i] as number;
    if (parent >= 0) latest[parent] = Math.min(latest[parent] as number, (starts[i] as number) - (route.stepNs[i] as number));
  }
  const queues: number[] = [];
  for (let i = 0; i < route.links.length; i++) {
    const hold = holdAt(route, i, starts[i] as number, starts[route.parents[i] as number] ?? 0);
    const queue = queueFor(occupancy, route.links[i] as number, job, route.txNs[i] as number, starts[i] as number, hold);
    if (queue < 0) return pass;
    queues.push(queue);
  }
  return { starts, queues };
}

/** When the worst listener has the frame. */
export function arrivalOf(route: Route, starts: readonly number[]): number {
  let arrival = 0;
  for (let i = 0; i < starts.length; i++) {
    const tail = route.tailNs[i] as number;
    if (tail >= 0) arrival = Math.max(arrival, (starts[i] as number) + tail);
  }
  return arrival;
}

/**
 * A placement that meets the deadline, or undefined. No start up to the last one with the same arrival can do better than the first one
 * does, so the search goes on after it: it looks at every essentially different start until `tries` are spent.
 */
export function placeWaiting(occupancy: Occupancy, job: Job, route: Route, tries: number): Placement | undefined {
  const { stream } = job;
  const fromRelease = occupancy.network.problem.semantics.latencyFrom === "release";
  const last = stream.latestOffsetNs ?? job.periodNs - 1;
  let phase = stream.earliestOffsetNs;
  for (let k = 0; k < tries && phase <= last; k++) {
    const first = forward(occupancy, job, route, phase);
    if ("retry" in first) {
      phase = Math.max(first.retry, phase + 1);
      continue;
    }
    if ((first.starts[0] as number) > last) return undefined;
    const arrival = arrivalOf(route, first.starts);
    if (!fromRelease && arrival > stream.maxLatencyNs) return undefined;
    const tight = backward(occupancy, job, route, first);
    const release = fromRelease ? (tight.starts[0] as number) : 0;
    if (arrival - release <= stream.maxLatencyNs) return { job, route, starts: tight.starts, queues: tight.queues };
    phase = Math.max(tight.starts[0] as number, phase) + 1;
  }
  return undefined;
}
