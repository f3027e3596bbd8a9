import { generator } from "../random.ts";
import { nodeId, type Pair } from "./model.ts";

/** Which links of all possible ones are measured. */
export const STRATEGIES = ["full-mesh", "ring", "sampled"] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface Choice {
  readonly strategy: Strategy;
  /** `sampled`: how many others each node measures in a round. */
  readonly fanOut: number;
  /** Counts periods: `sampled` chooses anew in each, the same for whoever asks. */
  readonly round: number;
}

type Identity = Readonly<Record<"cluster" | "node", string>>;

/**
 * The directed links of one round, of nodes in whatever order.
 *
 * - `full-mesh`: everybody measures everybody else; n·(n − 1).
 * - `ring`: everybody measures the next one; n. A lost node shows, a slow link between two others does not.
 * - `sampled`: a ring in an order that changes with each round, and `fanOut − 1` others at random for each node; n·fanOut. Always connected
 *   in both directions, and in time every link is seen.
 */
export function pairsOf<N extends Identity>(nodes: readonly N[], { strategy, fanOut, round }: Choice): readonly Pair<N>[] {
  const sorted = nodes.toSorted((a, b) => (nodeId(a) < nodeId(b) ? -1 : 1));
  switch (strategy) {
    case "full-mesh":
      return sorted.flatMap((source) => sorted.filter((other) => other !== source).map((destination) => ({ source, destination })));
    case "ring":
      return ring(sorted);
    case "sampled":
      return sampled(sorted, Math.min(fanOut, nodes.length - 1), generator(round));
    default:
      return strategy satisfies never;
  }
}

function ring<N>(order: readonly N[]): readonly Pair<N>[] {
  if (order.length < 2) return [];
  return order.map((source, i) => ({ source, destination: order[(i + 1) % order.length] ?? source }));
}

function sampled<N>(sorted: readonly N[], fanOut: number, next: () => number): readonly Pair<N>[] {
  const order = shuffled(sorted, next);
  return ring(order).flatMap(({ source, destination }, i) => {
    const chosen = new Set([destination]);
    while (chosen.size < fanOut) {
      // Any place but its own, all as likely.
      const other = order[(i + 1 + Math.floor(next() * (order.length - 1))) % order.length];
      if (other !== undefined) chosen.add(other);
    }
    return [...chosen].map((to) => ({ source, destination: to }));
  });
}

/** Fisher and Yates, in Durstenfeld's form. */
function shuffled<T>(items: readonly T[], next: () => number): readonly T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
