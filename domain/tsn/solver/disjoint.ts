import type { Network } from "./network.ts";
import type { Path } from "./paths.ts";

interface Arc {
  readonly tail: number;
  readonly head: number;
  readonly cost: number;
  readonly link: number;
  capacity: number;
  flow: number;
}

/** More than any path of fresh links costs, and more again than any number of shared bridges. */
const SHARED_NODE = 1e6;
const SHARED_LINK = 1e9;

/**
 * So many paths that share as few links as there can be, and of those as few bridges (Bhandari 1999: least-cost flow, where a second use costs
 * more than any detour). Undefined where no path exists.
 */
export function disjointPaths(network: Network, talker: number, listener: number, count: number): readonly Path[] | undefined {
  const size = network.nodes.length;
  const arcs: Arc[] = [];
  const add = (tail: number, head: number, cost: number, capacity: number, link: number): void => {
    if (capacity > 0) arcs.push({ tail, head, cost, link, capacity, flow: 0 });
  };
  // node n is entered at n and left at size + n
  for (const [n, forwards] of network.forwards.entries()) {
    const isEnd = n === talker || n === listener;
    if (!isEnd && !forwards) continue;
    add(n, size + n, 0, isEnd ? count : 1, -1);
    if (!isEnd) add(n, size + n, SHARED_NODE, count - 1, -1);
  }
  for (const link of network.links.keys()) {
    const [tail, head] = [size + (network.from[link] as number), network.to[link] as number];
    add(tail, head, 1, 1, link);
    add(tail, head, SHARED_LINK, count - 1, link);
  }
  for (let unit = 0; unit < count; unit++) if (!augment(arcs, 2 * size, talker, listener)) return undefined;
  return Array.from({ length: count }, () => follow(arcs, talker, listener)).toSorted((a, b) => a.length - b.length);
}

/** Sends one unit along the cheapest way through what is left (Bellman–Ford, since taking flow back has a negative cost). */
function augment(arcs: readonly Arc[], size: number, from: number, to: number): boolean {
  const distance = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  const via: (readonly [Arc, 1 | -1] | undefined)[] = Array.from({ length: size });
  distance[from] = 0;
  for (let changed = true; changed;) {
    changed = false;
    for (const arc of arcs) {
      const [tail, head] = [distance[arc.tail] as number, distance[arc.head] as number];
      if (arc.flow < arc.capacity && tail + arc.cost < head) {
        distance[arc.head] = tail + arc.cost;
        via[arc.head] = [arc, 1];
        changed = true;
      } else if (arc.flow > 0 && head - arc.cost < tail) {
        distance[arc.tail] = head - arc.cost;
        via[arc.tail] = [arc, -1];
        changed = true;
      }
    }
  }
  for (let node = to; node !== from;) {
    const step = via[node];
    if (step === undefined) return false;
    const [arc, way] = step;
    arc.flow += way;
    node = way === 1 ? arc.tail : arc.head;
  }
  return true;
}

/** Takes one unit of the flow and returns its links. */
function follow(arcs: readonly Arc[], from: number, to: number): Path {
  const path: number[] = [];
  for (let node = from; node !== to;) {
    const arc = arcs.find((a) => a.tail === node && a.flow > 0);
    if (arc === undefined) break;
    arc.flow--;
    if (arc.link >= 0) path.push(arc.link);
    node = arc.head;
  }
  return path;
}
