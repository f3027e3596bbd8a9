import type { Link, Problem } from "../model.ts";
import type { GateEntry, PortSchedule } from "../schedule.ts";
import { bytesNs, guardBandNs } from "../wire.ts";
import { lcm, mod } from "./arithmetic.ts";
import type { Network } from "./network.ts";
import { holdAt, type Placement } from "./occupancy.ts";

/*
 * From placements to the gate control list of a port. A window opens the gate of its queue a clock error early and closes it as late, and
 * closes best effort a guard band before. Windows that leave best effort no time between them become one stretch, in which gates move only
 * where a frame has to be held back: that saves entries, of which hardware has few.
 */

/** A stretch of the cycle in which a queue's gate is open, and `shutFor` before it shut, since a frame waits there for its time. */
interface Window {
  readonly open: number;
  readonly close: number;
  readonly queue: number;
  readonly shutFor: number;
}

/** A placement on this port. */
export interface Use {
  readonly placement: Placement;
  readonly hop: number;
}

/** Windows without best effort between them; `from` includes the guard band. Times go on past the cycle's end where it wraps around. */
interface Group {
  from: number;
  to: number;
  /** Queues of all its windows. */
  mask: number;
}

interface Segment {
  readonly at: number;
  readonly mask: number;
  /** Best effort may start here. */
  readonly free: boolean;
}

const SMALLEST_WIRE_BYTES = 84;

/** The list of a port that has these uses, or undefined where no list is short enough. */
export function portSchedule(network: Network, link: Link, uses: readonly Use[]): PortSchedule | undefined {
  const cycleNs = uses.reduce((cycle, { placement }) => lcm(cycle, placement.job.periodNs), 1);
  const guard = roundUp(guardBandNs(network.problem.guardBand, link), link.gates.tickNs);
  const windows = fromWidestGap(windowsOf(network, link, uses, cycleNs), cycleNs);
  const least = Math.max(link.gates.minIntervalNs, bytesNs(SMALLEST_WIRE_BYTES, link.rateMbps));
  const attempt = (threshold: number): PortSchedule => {
    const segments = segmentsOf(windows, groupsOf(windows, cycleNs, guard, threshold), cycleNs);
    const freeNs = segments.reduce(
      (sum, s, i) => (s.free ? sum + ((segments[i + 1]?.at ?? (segments[0]?.at ?? 0) + cycleNs) - s.at) : sum),
      0,
    );
    return { link: link.id, cycleNs, entries: entriesOf(network.problem, link, segments, cycleNs), bestEffortShare: freeNs / cycleNs };
  };
  const finest = attempt(least);
  if (finest.entries.length <= link.gates.maxEntries) return finest;
  return coarsest(attempt, windows, cycleNs, guard, link.gates.maxEntries);
}

/** The list that takes the least from best effort among those short enough: it gives up the smallest gaps first. */
function coarsest(
  attempt: (threshold: number) => PortSchedule,
  windows: readonly Window[],
  cycle: number,
  guard: number,
  maxEntries: number,
): PortSchedule | undefined {
  const gaps = gapsOf(windows, cycle, guard).toSorted((a, b) => a - b);
  let low = 0;
  let high = gaps.length - 1;
  let best: PortSchedule | undefined;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const list = attempt((gaps[middle] as number) + 1);
    if (list.entries.length <= maxEntries) {
      best = list;
      high = middle - 1;
    } else low = middle + 1;
  }
  return best;
}

const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;
const roundDown = (n: number, step: number): number => Math.floor(n / step) * step;

function windowsOf(network: Network, link: Link, uses: readonly Use[], cycle: number): Window[] {
  const windows: Window[] = [];
  const tick = link.gates.tickNs;
  const syncErrorNs = network.nodes[network.nodeOf.get(link.from) ?? -1]?.syncErrorNs ?? 0;
  for (const { placement, hop } of uses) {
    const { job, route, starts, queues } = placement;
    const start = starts[hop] as number;
    const margin = job.padNs + syncErrorNs;
    const hold = holdAt(route, hop, start, starts[route.parents[hop] as number] ?? 0);
    const opens = hold > 0 ? roundUp(start, tick) : roundDown(start - margin, tick);
    const length = roundUp(start + (route.txNs[hop] as number) + margin, tick) - opens;
    const shutFor = hold > 0 ? roundUp(opens - (start - hold - job.padNs), tick) : 0;
    const queue = queues[hop] as number;
    for (let open = mod(opens, job.periodNs); open < cycle; open += job.periodNs)
      windows.push({ open, close: open + length, queue, shutFor });
  }
  return windows.toSorted((a, b) => a.open - b.open);
}

/** The same windows from the widest gap on, so that no group wraps around unless all is one group. */
function fromWidestGap(windows: readonly Window[], cycle: number): readonly Window[] {
  let reach = windows.reduce((latest, w) => Math.max(latest, w.close - cycle), Number.NEGATIVE_INFINITY);
  let turn = 0;
  let widest = Number.NEGATIVE_INFINITY;
  for (const [i, w] of windows.entries()) {
    if (w.open - reach > widest) [widest, turn] = [w.open - reach, i];
    reach = Math.max(reach, w.close);
  }
  const wrapped = windows.slice(0, turn).map((w) => ({ ...w, open: w.open + cycle, close: w.close + cycle }));
  return [...windows.slice(turn), ...wrapped];
}

/** What is left to best effort between windows, the last gap around the cycle's end included. */
function gapsOf(windows: readonly Window[], cycle: number, guard: number): number[] {
  const gaps: number[] = [];
  let reach = windows[0]?.close ?? 0;
  for (const w of windows.slice(1)) {
    if (w.open - guard > reach) gaps.push(w.open - guard - reach);
    reach = Math.max(reach, w.close);
  }
  const last = (windows[0]?.open ?? 0) + cycle - guard - reach;
  if (last > 0) gaps.push(last);
  return gaps;
}

function groupsOf(windows: readonly Window[], cycle: number, guard: number, threshold: number): readonly Group[] {
  const groups: Group[] = [];
  for (const { open, close, queue } of windows) {
    const last = groups.at(-1);
    if (last === undefined || open - guard - last.to >= threshold) groups.push({ from: open - guard, to: close, mask: 1 << queue });
    else {
      last.to = Math.max(last.to, close);
      last.mask |= 1 << queue;
    }
  }
  const [only, ...others] = groups;
  if (only !== undefined && others.length === 0 && only.from + cycle - only.to < threshold) only.to = only.from + cycle;
  return groups;
}

type Edge = readonly [at: number, queue: number, opens: number, shuts: number];

function edgesOf(windows: readonly Window[], cycle: number): readonly Edge[] {
  const edges: Edge[] = [];
  for (const { open, close, queue, shutFor } of windows) {
    for (const turn of [-cycle, 0, cycle]) {
      edges.push([open + turn, queue, 1, 0], [close + turn, queue, -1, 0]);
      if (shutFor > 0) edges.push([open - shutFor + turn, queue, 0, 1], [open + turn, queue, 0, -1]);
    }
  }
  return edges.toSorted((a, b) => a[0] - b[0]);
}

/** Each group in as few stretches as there can be: one goes on until a queue that it has open has to be shut, or the other way round. */
function segmentsOf(windows: readonly Window[], groups: readonly Group[], cycle: number): readonly Segment[] {
  if (windows.some((w) => w.shutFor > 0)) return heldSegmentsOf(windows, groups, cycle);
  return groups.flatMap(({ from, to, mask }): Segment[] => [
    { at: from, mask, free: false },
    ...(to - from < cycle ? [{ at: to, mask: 0, free: true }] : []),
  ]);
}

function heldSegmentsOf(windows: readonly Window[], groups: readonly Group[], cycle: number): readonly Segment[] {
  const edges = edgesOf(windows, cycle);
  const opens = new Int32Array(8);
  const shuts = new Int32Array(8);
  const maskOf = (counts: Int32Array): number => counts.reduce((mask, n, q) => (n > 0 ? mask | (1 << q) : mask), 0);
  const segments: Segment[] = [];
  let next = 0;
  const advance = (until: number): void => {
    for (let edge = edges[next]; edge !== undefined && edge[0] <= until; edge = edges[++next]) {
      opens[edge[1]] = (opens[edge[1]] as number) + edge[2];
      shuts[edge[1]] = (shuts[edge[1]] as number) + edge[3];
    }
  };
  for (const { from, to } of groups) {
    advance(from);
    let at = from;
    let required = maskOf(opens);
    let forbidden = maskOf(shuts) & ~required;
    for (let edge = edges[next]; edge !== undefined && edge[0] < to; edge = edges[next]) {
      const here = edge[0];
      advance(here);
      const open = maskOf(opens);
      const shut = maskOf(shuts) & ~open;
      if (((required | open) & (forbidden | shut)) === 0) {
        required |= open;
        forbidden |= shut;
        continue;
      }
      segments.push({ at, mask: required, free: false });
      [at, required, forbidden] = [here, open, shut];
    }
    segments.push({ at, mask: required, free: false });
    if (to - from < cycle) segments.push({ at: to, mask: 0, free: true });
  }
  return segments;
}

/** From time 0 on; the stretch that is under way then stands at both ends of the list. */
function entriesOf(problem: Problem, link: Link, segments: readonly Segment[], cycle: number): GateEntry[] {
  const existing = 0xff & ~((1 << (8 - link.queues)) - 1);
  const scheduled = problem.scheduledClasses.reduce((mask, c) => mask | (1 << c), 0);
  const bestEffort = existing & ~scheduled;
  const holds = problem.guardBand === "hold" && link.preemption !== undefined;
  const sorted = segments.map((s) => ({ ...s, at: mod(s.at, cycle) })).toSorted((a, b) => a.at - b.at);
  const under = sorted.at(-1);
  const list = sorted[0]?.at === 0 || under === undefined ? sorted : [{ ...under, at: 0 }, ...sorted];
  const entries: GateEntry[] = [];
  for (const [i, { at, mask, free }] of list.entries()) {
    const operation = !holds ? "set-gate-states" : free ? "set-and-release-mac" : "set-and-hold-mac";
    for (let left = (list[i + 1]?.at ?? cycle) - at; left > 0; left -= link.gates.maxIntervalNs) {
      const intervalNs = Math.min(left, link.gates.maxIntervalNs);
      entries.push({ operation, gateStates: free ? bestEffort : mask & existing, intervalNs });
    }
  }
  return entries;
}
