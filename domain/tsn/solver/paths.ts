import { bytesNs } from "../wire.ts";
import { openHeap } from "./heap.ts";
import type { Network } from "./network.ts";

/** Link numbers from a talker to a listener. */
export type Path = readonly number[];

export interface Paths {
  /** The shortest path, out of a tree that is kept for each source; undefined where there is none. */
  first(from: number, to: number): Path | undefined;
  /** Up to `count` loopless paths, the shortest first (Yen 1971). */
  several(from: number, to: number, count: number): readonly Path[];
  /** The shortest paths to all of them, which together are a tree: `parents[i]` is the place of the link that feeds link i. */
  tree(from: number, to: readonly number[]): { readonly links: readonly number[]; readonly parents: readonly number[] } | undefined;
}

const NOMINAL_BYTES = 542;

/** Shortest by the time of a frame of medium size, so that routes do not depend on the stream and can be kept. */
export function openPaths(network: Network): Paths {
  const { nodes, links, from, to, out, forwards } = network;
  const weights = links.map(
    (l, i) => bytesNs(NOMINAL_BYTES, l.rateMbps) + l.propagationNs + (nodes[to[i] as number]?.processing.maxNs ?? 0),
  );
  const trees = new Map<number, Int32Array>();
  const listed = new Map<number, Path[]>();
  const nothing = new Set<number>();

  /** The link by which each node is reached; -1 where it is not. */
  function search(source: number, target: number, bannedNodes: ReadonlySet<number>, bannedLinks: ReadonlySet<number>): Int32Array {
    const via = new Int32Array(nodes.length).fill(-1);
    const distance = new Float64Array(nodes.length).fill(Number.POSITIVE_INFINITY);
    const done = new Uint8Array(nodes.length);
    const heap = openHeap();
    distance[source] = 0;
    heap.push(0, source);
    for (let node = heap.pop(); node >= 0; node = heap.pop()) {
      if (done[node] === 1) continue;
      done[node] = 1;
      if (node === target) break;
      if (node !== source && !forwards[node]) continue;
      for (const link of out[node] ?? []) {
        const next = to[link] as number;
        if (done[next] === 1 || bannedLinks.has(link) || bannedNodes.has(next)) continue;
        const reached = (distance[node] as number) + (weights[link] as number);
        if (reached >= (distance[next] as number)) continue;
        distance[next] = reached;
        via[next] = link;
        heap.push(reached, next);
      }
    }
    return via;
  }

  function walkBack(via: Int32Array, source: number, target: number): number[] | undefined {
    const path: number[] = [];
    for (let node = target; node !== source; node = from[path.at(-1) as number] as number) {
      const link = via[node] as number;
      if (link < 0) return undefined;
      path.push(link);
    }
    return path.toReversed();
  }

  function treeFrom(source: number): Int32Array {
    const known = trees.get(source);
    if (known !== undefined) return known;
    const via = search(source, -1, nothing, nothing);
    trees.set(source, via);
    return via;
  }

  const lengthOf = (path: Path): number => path.reduce((sum, link) => sum + (weights[link] as number), 0);

  function* detours(path: Path, found: readonly Path[], source: number, target: number): Generator<Path> {
    const passed = new Set<number>();
    for (let spur = 0; spur < path.length; spur++) {
      const root = path.slice(0, spur);
      const at = spur === 0 ? source : (to[root.at(-1) as number] as number);
      const taken = new Set(found.filter((p) => root.every((link, i) => p[i] === link)).map((p) => p[spur] as number));
      const rest = walkBack(search(at, target, passed, taken), at, target);
      if (rest !== undefined) yield [...root, ...rest];
      passed.add(at);
    }
  }

  return {
    first: (source, target) => walkBack(treeFrom(source), source, target),
    several(source, target, count) {
      const key = (source * nodes.length + target) * 64 + count;
      const known = listed.get(key);
      if (known !== undefined) return known;
      const shortest = walkBack(treeFrom(source), source, target);
      const found: Path[] = shortest === undefined ? [] : [shortest];
      const open: { readonly path: Path; readonly length: number; readonly name: string }[] = [];
      const names = new Set<string>();
      for (let last = found.at(-1); last !== undefined && found.length < count; last = found.at(-1)) {
        for (const path of detours(last, found, source, target)) {
          const name = path.join(" ");
          if (names.has(name)) continue;
          names.add(name);
          open.push({ path, length: lengthOf(path), name });
        }
        if (open.length === 0) break;
        open.sort((a, b) => a.length - b.length || (a.name < b.name ? -1 : 1));
        found.push((open.shift() as { path: Path }).path);
      }
      listed.set(key, found);
      return found;
    },
    tree(source, targets) {
      const via = treeFrom(source);
      const place = new Map<number, number>();
      const treeLinks: number[] = [];
      const parents: number[] = [];
      for (const target of targets) {
        const path = walkBack(via, source, target);
        if (path === undefined) return undefined;
        let parent = -1;
        for (const link of path) {
          const known = place.get(link);
          if (known === undefined) {
            place.set(link, treeLinks.length);
            parents.push(parent);
            treeLinks.push(link);
          }
          parent = known ?? treeLinks.length - 1;
        }
      }
      return { links: treeLinks, parents };
    },
  };
}
