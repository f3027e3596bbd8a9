import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generator } from "../random.ts";
import { pairId } from "./model.ts";
import { pairsOf, STRATEGIES, type Strategy } from "./strategy.ts";

const nodesOf = (count: number) => Array.from({ length: count }, (_, i) => ({ cluster: `c${String(i % 3)}`, node: `n${String(i)}` }));
const idsOf = (count: number, strategy: Strategy, { fanOut = 3, round = 0 } = {}): readonly string[] =>
  pairsOf(nodesOf(count), { strategy, fanOut, round }).map(pairId);

const asked = fc.record({
  count: fc.nat({ max: 40 }),
  strategy: fc.constantFrom(...STRATEGIES),
  fanOut: fc.integer({ min: 1, max: 50 }),
  round: fc.nat(),
});

/** How many nodes can be reached from the first one along pairs. */
function reachable(pairs: readonly string[], from: string): number {
  const next = Map.groupBy(pairs, (pair) => pair.split("->")[0]);
  const seen = new Set([from]);
  for (const node of seen) for (const pair of next.get(node) ?? []) seen.add(String(pair.split("->")[1]));
  return seen.size;
}

describe("the links of a round", () => {
  it("are each there once, and none from a node to itself", () => {
    fc.assert(
      fc.property(asked, ({ count, ...choice }) => {
        const ids = idsOf(count, choice.strategy, choice);
        expect(new Set(ids).size).toBe(ids.length);
        for (const id of ids) expect(new Set(id.split("->")).size).toBe(2);
      }),
    );
  });

  it("do not depend on the order of the nodes", () => {
    fc.assert(
      fc.property(asked, fc.nat(), ({ count, ...choice }, seed) => {
        const next = generator(seed);
        const nodes = nodesOf(count).toSorted(() => next() - 0.5);
        expect(pairsOf(nodes, choice).map(pairId)).toEqual(pairsOf(nodesOf(count), choice).map(pairId));
      }),
    );
  });

  it("let every node reach every other one, whatever the strategy", () => {
    fc.assert(
      fc.property(asked, ({ count, ...choice }) => {
        if (count < 2) return;
        expect(reachable(idsOf(count, choice.strategy, choice), "c0/n0")).toBe(count);
      }),
    );
  });

  it("grow as they are said to: n(n − 1), n, n · fanOut", () => {
    for (const n of [2, 5, 10, 100]) {
      expect(idsOf(n, "full-mesh")).toHaveLength(n * (n - 1));
      expect(idsOf(n, "ring")).toHaveLength(n);
      expect(idsOf(n, "sampled")).toHaveLength(n * Math.min(3, n - 1));
    }
    for (const strategy of STRATEGIES) for (const n of [0, 1]) expect(idsOf(n, strategy)).toEqual([]);
  });

  it("are chosen anew in each round where they are sampled, the same for whoever asks, and in time are all of them", () => {
    expect(idsOf(20, "sampled", { round: 7 })).toEqual(idsOf(20, "sampled", { round: 7 }));
    expect(idsOf(20, "sampled", { round: 7 })).not.toEqual(idsOf(20, "sampled", { round: 8 }));
    expect(idsOf(20, "sampled", { round: 7, fanOut: 1 })).not.toEqual(idsOf(20, "sampled", { round: 8, fanOut: 1 }));
    const seen = new Set(Array.from({ length: 60 }, (_, round) => idsOf(12, "sampled", { round })).flat());
    expect(seen.size).toBe(12 * 11);
  });
});
