import { ok, type Outcome, refuse } from "../outcome.ts";
import type { ProbeAgent } from "./agents.ts";
import { nodeId, type Pair } from "./model.ts";
import type { Strategy } from "./strategy.ts";

/** What a process knows about probing: who there is, how often, and which of all links. */
export interface Probing {
  readonly agents: readonly ProbeAgent[];
  /** What agents ask of who wants something of them. */
  readonly token: string;
  readonly periodMs: number;
  readonly strategy: Strategy;
  readonly fanOut: number;
  /** Whether rounds measure throughput too. */
  readonly throughput: boolean;
}

/** How often the clock looks for links that are due: the function's `every`. */
export const TICK_MS = 60_000;

/** What one measurement with throughput takes at most, about: 2 s of STAMP, 2 s of TCP. */
const PAIR_MS = 4_000;
/** A node is not measured more often than this between two ticks: two thirds of the time it rests. */
const PER_NODE_AND_TICK = Math.floor(TICK_MS / PAIR_MS / 1.5);
/** Measurements that one process of probe-measure has in work at once, and so many of them it has done when the next tick comes. */
export const CONCURRENCY = 128;
const PER_TICK = CONCURRENCY * PER_NODE_AND_TICK;

type Identity = Readonly<Record<"cluster" | "node", string>>;

interface Asking<N> {
  readonly pairs: readonly Pair<N>[];
  readonly periodMs: number;
  readonly nowMs: number;
  /** When each pair was last handed out, in the order of `pairs`. */
  readonly lastMs: readonly (number | undefined)[];
}

/**
 * The pairs to measure now: those that were never handed out or whose period is over, the longest waiting first, of one node no more than it
 * can bear until the next tick, and of all no more than one process can. The rest comes with the next ticks, so that what began as a burst is spread over the period. A pair that was
 * handed out at this very time is due again: the tick is a redelivery.
 */
export function duePairs<N extends Identity>({ pairs, periodMs, nowMs, lastMs }: Asking<N>): readonly Pair<N>[] {
  const waiting = pairs
    .map((pair, i) => ({ pair, last: lastMs[i] ?? -Infinity }))
    .filter(({ last }) => last === nowMs || nowMs - last >= periodMs)
    .toSorted((a, b) => (a.last === b.last ? 0 : a.last - b.last));
  const load = new Map<string, number>();
  const due: Pair<N>[] = [];
  for (const { pair } of waiting) {
    if (due.length >= PER_TICK) break;
    const ends = [nodeId(pair.source), nodeId(pair.destination)];
    if (ends.some((end) => (load.get(end) ?? 0) >= PER_NODE_AND_TICK)) continue;
    for (const end of ends) load.set(end, (load.get(end) ?? 0) + 1);
    due.push(pair);
  }
  return due;
}

/** What one pair costs: octets on the wire, and time in which neither end does another one. */
export interface PairCost {
  readonly bytes: number;
  readonly ms: number;
}

export interface RoundCost {
  readonly pairs: number;
  /** Of the whole system in one period. */
  readonly bytes: number;
  /** Share of its time that the busiest node is at it, as source or destination. More than 1 cannot be done. */
  readonly busiestShare: number;
  /** The least period in which the ticks hand out every pair. */
  readonly leastPeriodMs: number;
}

/** How a round's cost follows from its pairs. */
export function roundCost<N extends Identity>(pairs: readonly Pair<N>[], periodMs: number, cost: PairCost): RoundCost {
  const degree = new Map<string, number>();
  for (const { source, destination } of pairs)
    for (const end of [nodeId(source), nodeId(destination)]) degree.set(end, (degree.get(end) ?? 0) + 1);
  const busiest = Math.max(0, ...degree.values());
  return {
    pairs: pairs.length,
    bytes: pairs.length * cost.bytes,
    busiestShare: (busiest * cost.ms) / periodMs,
    leastPeriodMs: Math.max(Math.ceil(busiest / PER_NODE_AND_TICK), Math.ceil(pairs.length / PER_TICK)) * TICK_MS,
  };
}

/** The agents at the two ends of a pair that is named. */
export function findPair(
  agents: readonly ProbeAgent[],
  { source, destination }: Pair<Identity>,
): Outcome<Pair<ProbeAgent>, "PROBE_NODE_UNKNOWN" | "PROBE_NODE_SAME"> {
  const from = agents.find((agent) => nodeId(agent) === nodeId(source));
  const to = agents.find((agent) => nodeId(agent) === nodeId(destination));
  if (from === undefined || to === undefined)
    return refuse("PROBE_NODE_UNKNOWN", `no probe agent is known for ${nodeId(from === undefined ? source : destination)}`);
  if (from === to) return refuse("PROBE_NODE_SAME", `${nodeId(source)} has no link to itself`);
  return ok({ source: from, destination: to });
}
