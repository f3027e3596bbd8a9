import type { Certificate } from "../schedule.ts";
import { gcd } from "./arithmetic.ts";
import type { Cut } from "./cuts.ts";
import { openHeap } from "./heap.ts";
import { blockOf, type Job, type Network } from "./network.ts";
import { type Group, mostCrowded } from "./residues.ts";
import type { Routing } from "./routing.ts";
import { timePath } from "./route.ts";

/*
 * What can be proved before any search. A proof names the schedules that it rules out, and verify/certificate.ts derives it again from the
 * problem alone.
 */

/** Proofs that cost next to nothing: reachability, redundancy and latency of each stream by itself. */
export function streamProof(network: Network, jobs: readonly Job[], routing: Routing): Certificate | undefined {
  for (const job of jobs) {
    const { stream } = job;
    const routes = routing.one(job);
    if (routes.length === 0) return unreachable(network, job);
    if (stream.trees > 1 && job.tree === 0) {
      const [listener] = job.listeners;
      if (listener !== undefined && (routing.paths(job.talker, listener)?.length ?? stream.trees) < stream.trees)
        return {
          kind: "redundancy",
          model: "any-model",
          stream: stream.id,
          listener: network.nodes[listener]?.id ?? "",
          trees: stream.trees,
          reason: `fewer than ${String(stream.trees)} different paths lead to the listener`,
        };
    }
    const earliest = network.problem.semantics.latencyFrom === "interval" ? stream.earliestOffsetNs : 0;
    if (routes.some((r) => r.spanNs + earliest <= stream.maxLatencyNs)) continue;
    for (const listener of job.listeners) {
      const lowerBoundNs = fastest(network, job, listener) + earliest;
      if (lowerBoundNs > stream.maxLatencyNs)
        return {
          kind: "latency",
          model: "any-model",
          stream: stream.id,
          listener: network.nodes[listener]?.id ?? "",
          lowerBoundNs,
          maxLatencyNs: stream.maxLatencyNs,
          reason: `the fastest path through an empty network takes ${String(lowerBoundNs)} ns`,
        };
    }
  }
  return undefined;
}

function unreachable(network: Network, job: Job): Certificate {
  const listener = job.listeners.find((l) => !Number.isFinite(fastest(network, job, l))) ?? job.listeners[0] ?? 0;
  return {
    kind: "unreachable",
    model: "any-model",
    stream: job.stream.id,
    listener: network.nodes[listener]?.id ?? "",
    reason: "no path leads from the talker to the listener",
  };
}

/** Latency of the fastest way, over links rather than nodes since a bridge's delay depends on both ports. Infinite where there is none. */
function fastest(network: Network, job: Job, listener: number): number {
  const { links, from, to, out, forwards } = network;
  const starts = new Float64Array(links.length).fill(Number.POSITIVE_INFINITY);
  const heap = openHeap();
  const reach = (link: number, start: number): void => {
    if (start >= (starts[link] as number)) return;
    starts[link] = start;
    heap.push(start, link);
  };
  for (const link of out[job.talker] ?? []) reach(link, 0);
  let best = Number.POSITIVE_INFINITY;
  const done = new Uint8Array(links.length);
  for (let link = heap.pop(); link >= 0; link = heap.pop()) {
    if (done[link] === 1) continue;
    done[link] = 1;
    const node = to[link] as number;
    const start = starts[link] as number;
    if (node === listener) {
      best = Math.min(best, start + timePath(network, { ...job, listeners: [listener] }, [link]).spanNs);
      continue;
    }
    if (!forwards[node]) continue;
    for (const next of out[node] ?? [])
      if (to[next] !== from[link]) reach(next, start + (timePath(network, job, [link, next]).offsets[1] as number));
  }
  return best;
}

/** A job and how long it keeps a link busy. */
interface Demand {
  readonly job: Job;
  readonly txNs: number;
}

/** Proofs out of what must pass a link, or one of a few links: together too much, or frames that meet at whatever offsets. */
export function linkProof(network: Network, cuts: Iterable<Cut>): Certificate | undefined {
  for (const { links, jobs: passing } of cuts) {
    const rate = Math.max(...links.map((l) => network.links[l]?.rateMbps ?? 0));
    const demands = onePerStream(passing).map((job): Demand => ({ job, txNs: blockOf(job, rate).txNs }));
    const names = links.map((l) => network.links[l]?.id ?? "");
    const proof =
      overload(names, demands) ??
      (links.length === 1 ? (meeting(names[0] as string, demands) ?? crowding(names[0] as string, demands)) : undefined);
    if (proof !== undefined) return proof;
  }
  return undefined;
}

/** Several trees of a stream could go through a link in one frame. */
export const onePerStream = (jobs: readonly Job[]): readonly Job[] => [...new Map(jobs.map((j) => [j.stream.id, j])).values()];

const idsOf = (demands: readonly Demand[]): string[] => [...new Set(demands.map((d) => d.job.stream.id))];

/** Only frames are counted, no pads: what holds for the frames holds for every clock. */
function overload(links: string[], demands: readonly Demand[]): Certificate | undefined {
  const utilisation = demands.reduce((sum, d) => sum + d.txNs / d.job.periodNs, 0);
  // The sum is of doubles: what exceeds by less than their error is no proof.
  if (utilisation <= links.length * (1 + 1e-9)) return undefined;
  return {
    kind: "utilisation",
    model: "any-model",
    links,
    streams: idsOf(demands),
    utilisation,
    reason: `${(100 * utilisation).toFixed(2)} % of what ${links.length === 1 ? "one link carries" : `${String(links.length)} links carry together, counted in links,`} has to pass`,
  };
}

/** The frames, with what clocks may be off: any two have to fit beside each other in the gcd of their intervals. */
const occupancy = ({ job, txNs }: Demand): number => txNs + 2 * job.padNs;

function byPeriod(demands: readonly Demand[]): ReadonlyMap<number, readonly Demand[]> {
  const groups = new Map<number, Demand[]>();
  for (const d of demands) {
    const group = groups.get(d.job.periodNs);
    if (group === undefined) groups.set(d.job.periodNs, [d]);
    else group.push(d);
  }
  for (const group of groups.values()) group.sort((a, b) => occupancy(b) - occupancy(a));
  return groups;
}

function meeting(link: string, demands: readonly Demand[]): Certificate | undefined {
  const groups = [...byPeriod(demands)];
  for (const [i, [period, group]] of groups.entries()) {
    for (const [otherPeriod, other] of groups.slice(i)) {
      const [a, b] = period === otherPeriod ? [group[0], group[1]] : [group[0], other[0]];
      if (a === undefined || b === undefined) continue;
      const gcdNs = gcd(period, otherPeriod);
      const occupancyNs = occupancy(a) + occupancy(b);
      if (occupancyNs <= gcdNs) continue;
      return {
        kind: "pair-gcd",
        model: "strictly-periodic",
        link,
        streams: [a.job.stream.id, b.job.stream.id],
        occupancyNs,
        gcdNs,
        reason: `their frames take ${String(occupancyNs)} ns together and meet again in every ${String(gcdNs)} ns`,
      };
    }
  }
  return undefined;
}

/** Intervals whose frames cannot share residues, so that together they need more of them than there are. */
function crowding(link: string, demands: readonly Demand[]): Certificate | undefined {
  const groups = [...byPeriod(demands)].map(([period, group]): Group => ({ period, occupanciesNs: group.map(occupancy) }));
  const worst = mostCrowded(groups);
  if (worst === undefined) return undefined;
  const periods = new Set(worst.groups.map((g) => g.period));
  return {
    kind: "residue-packing",
    model: "strictly-periodic",
    link,
    streams: idsOf(demands.filter((d) => periods.has(d.job.periodNs))),
    moduloNs: worst.moduloNs,
    demandNs: worst.demandNs,
    reason: `modulo ${String(worst.moduloNs)} ns their frames need ${String(worst.demandNs)} ns that do not overlap`,
  };
}
