import { nodeId, type Pair, pairId } from "../../domain/probe/model.ts";
import { CONCURRENCY, duePairs, TICK_MS } from "../../domain/probe/schedule.ts";
import { pairsOf, type Strategy } from "../../domain/probe/strategy.ts";

interface Simulated {
  readonly nodes: number;
  readonly strategy: Strategy;
  readonly fanOut?: number;
  readonly periodMs: number;
  readonly periods: number;
  /** How long a pair takes, and how many are in work at once. */
  readonly pairMs?: number;
  readonly concurrency?: number;
}

export interface Simulation {
  readonly pairsPerPeriod: number;
  readonly measured: number;
  /** Of a pair, from being handed out to being begun. */
  readonly longestWaitMs: number;
  /** Between two measurements of one pair, as far as it was due in both periods. */
  readonly longestGapMs: number;
  /** Of its time, that the busiest node is being measured. */
  readonly busiestShare: number;
  /** Pairs of the last period that were never begun. */
  readonly leftOver: number;
}

type Node = { readonly cluster: string; readonly node: string };

const STEP_MS = 500;

/** Runs the schedule of so many nodes in simulated time: ticks hand out, and a pair is begun when both its nodes are free. */
export function simulate({
  nodes: count,
  strategy,
  fanOut = 4,
  periodMs,
  periods,
  pairMs = 4_000,
  concurrency = CONCURRENCY,
}: Simulated): Simulation {
  const nodes: readonly Node[] = Array.from({ length: count }, (_, i) => ({ cluster: `c${String(i % 10)}`, node: `n${String(i)}` }));
  const handedOut = new Map<string, number>();
  const begun = new Map<string, number>();
  const busyUntil = new Map<string, number>();
  const busyMs = new Map<string, number>();
  let queue: { readonly pair: Pair<Node>; readonly at: number }[] = [];
  let ends: number[] = [];
  let measured = 0;
  let longestWaitMs = 0;
  let longestGapMs = 0;
  let pairsPerPeriod = 0;

  for (let now = 0; now < periods * periodMs; now += STEP_MS) {
    if (now % TICK_MS === 0) {
      const pairs = pairsOf(nodes, { strategy, fanOut, round: Math.floor(now / periodMs) });
      pairsPerPeriod = pairs.length;
      const due = duePairs({ pairs, periodMs, nowMs: now, lastMs: pairs.map((pair) => handedOut.get(pairId(pair))) });
      for (const pair of due) handedOut.set(pairId(pair), now);
      queue.push(...due.map((pair) => ({ pair, at: now })));
    }
    ends = ends.filter((end) => end > now);
    queue = queue.filter(({ pair, at }) => {
      const both = [nodeId(pair.source), nodeId(pair.destination)];
      if (ends.length >= concurrency || both.some((node) => (busyUntil.get(node) ?? 0) > now)) return true;
      for (const node of both) {
        busyUntil.set(node, now + pairMs);
        busyMs.set(node, (busyMs.get(node) ?? 0) + pairMs);
      }
      ends.push(now + pairMs);
      measured += 1;
      longestWaitMs = Math.max(longestWaitMs, now - at);
      const before = begun.get(pairId(pair));
      if (before !== undefined && strategy !== "sampled") longestGapMs = Math.max(longestGapMs, now - before);
      begun.set(pairId(pair), now);
      return false;
    });
  }
  const busiestShare = Math.max(0, ...busyMs.values()) / (periods * periodMs);
  return { pairsPerPeriod, measured, longestWaitMs, longestGapMs, busiestShare, leftOver: queue.length };
}
