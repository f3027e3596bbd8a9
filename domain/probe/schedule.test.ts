import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProbeAgents } from "./agents.ts";
import { nodeId, type Pair, pairId } from "./model.ts";
import { duePairs, findPair, roundCost } from "./schedule.ts";
import { pairsOf } from "./strategy.ts";

interface Node {
  readonly cluster: string;
  readonly node: string;
}

const nodes = (count: number): readonly Node[] => Array.from({ length: count }, (_, i) => ({ cluster: "c", node: `n${String(i)}` }));
const mesh = (count: number): readonly Pair<Node>[] => pairsOf(nodes(count), { strategy: "full-mesh", fanOut: 1, round: 0 });
const HOUR_MS = 3_600_000;

describe("the links that are due", () => {
  it("are those that were never handed out, or a period ago", () => {
    const pairs = mesh(3);
    const now = 10 * HOUR_MS;
    const lastMs = [undefined, now - HOUR_MS, now - HOUR_MS + 1, now - 1, now - 2 * HOUR_MS, undefined];
    const due = duePairs({ pairs, periodMs: HOUR_MS, nowMs: now, lastMs });
    expect(due.map(pairId).toSorted()).toEqual([0, 1, 4, 5].map((i) => pairId(pairs[i] as Pair<Node>)).toSorted());
  });

  it("are due again when the tick that handed them out is delivered again", () => {
    const pairs = mesh(4);
    const first = duePairs({ pairs, periodMs: HOUR_MS, nowMs: HOUR_MS, lastMs: pairs.map(() => undefined) });
    const handed = new Set(first.map(pairId));
    const lastMs = pairs.map((pair) => (handed.has(pairId(pair)) ? HOUR_MS : undefined));
    expect(new Set(duePairs({ pairs, periodMs: HOUR_MS, nowMs: HOUR_MS, lastMs }).map(pairId))).toEqual(handed);
    expect(duePairs({ pairs, periodMs: HOUR_MS, nowMs: HOUR_MS + 60_000, lastMs })).toEqual([]);
  });

  it("of one node are never more than it can bear until the next tick, and the longest waiting come first", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.array(fc.option(fc.nat({ max: 1_000 }), { nil: undefined })), (count, ages) => {
        const pairs = mesh(count);
        const lastMs = pairs.map((_, i) => ages[i % Math.max(1, ages.length)]);
        const due = duePairs({ pairs, periodMs: 1, nowMs: 5_000, lastMs });
        const load = new Map<string, number>();
        for (const { source, destination } of due)
          for (const end of [nodeId(source), nodeId(destination)]) load.set(end, (load.get(end) ?? 0) + 1);
        expect(Math.max(...load.values())).toBeLessThanOrEqual(10);
        const ageOf = new Map(pairs.map((pair, i) => [pairId(pair), lastMs[i] ?? -1]));
        const order = due.map((pair) => ageOf.get(pairId(pair)) ?? NaN);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }),
    );
  });

  it("all come in turn, tick by tick", () => {
    const pairs = mesh(30);
    const handedOut = new Map<string, number>();
    let ticks = 0;
    for (; handedOut.size < pairs.length; ticks += 1) {
      const due = duePairs({ pairs, periodMs: HOUR_MS, nowMs: ticks * 60_000, lastMs: pairs.map((pair) => handedOut.get(pairId(pair))) });
      expect(due.length).toBeGreaterThan(0);
      for (const pair of due) handedOut.set(pairId(pair), ticks * 60_000);
    }
    expect(ticks).toBeLessThanOrEqual(12);
  });
});

describe("what a round costs", () => {
  const cost = { bytes: 1_000, ms: 4_000 };

  it("follows from its pairs and its busiest node", () => {
    expect(roundCost(mesh(10), HOUR_MS, cost)).toEqual({
      pairs: 90,
      bytes: 90_000,
      busiestShare: (18 * 4_000) / HOUR_MS,
      leastPeriodMs: 120_000,
    });
    expect(roundCost(mesh(0), HOUR_MS, cost)).toMatchObject({ pairs: 0, busiestShare: 0, leastPeriodMs: 0 });
  });

  it("of a full mesh of 1,000 nodes is more than an hour has; of a ring or a sample it is nothing that grows", () => {
    const of = (count: number, strategy: "full-mesh" | "ring" | "sampled") =>
      roundCost(pairsOf(nodes(count), { strategy, fanOut: 4, round: 3 }), HOUR_MS, cost);
    expect(of(1_000, "full-mesh").leastPeriodMs).toBeGreaterThan(3 * HOUR_MS);
    expect(of(250, "full-mesh").leastPeriodMs).toBeLessThanOrEqual(HOUR_MS);
    expect(of(1_000, "ring")).toMatchObject({ pairs: 1_000, leastPeriodMs: 60_000 });
    expect(of(1_000, "sampled").pairs).toBe(4_000);
    expect(of(1_000, "sampled").leastPeriodMs).toBeLessThanOrEqual(240_000);
  });
});

describe("a pair that is named", () => {
  const agents = ProbeAgents.parse(nodes(3).map((node, i) => ({ ...node, address: `10.0.0.${String(i)}` })));
  const named = (node: string) => ({ cluster: "c", node });

  it("has the agents of its two ends", () => {
    expect(findPair(agents, { source: named("n1"), destination: named("n2") })).toMatchObject({
      ok: true,
      value: { source: { address: "10.0.0.1" }, destination: { address: "10.0.0.2" } },
    });
  });

  it("is refused where an end is not known any more, or both are one", () => {
    expect(findPair(agents, { source: named("n1"), destination: named("gone") })).toMatchObject({ code: "PROBE_NODE_UNKNOWN" });
    expect(findPair(agents, { source: named("n1"), destination: named("n1") })).toMatchObject({ code: "PROBE_NODE_SAME" });
  });
});
