import { Problem } from "../../domain/tsn/model.ts";
import { generator } from "../../domain/random.ts";

/*
 * Instances after the grid of Xue et al. (RTAS 2024, arXiv 2305.16772): sizes, periods, deadlines, streams, switches and topologies, drawn
 * anew from seeds of one's own.
 */

export const topologies = ["line", "ring", "tree", "mesh"] as const;
export type Topology = (typeof topologies)[number];

/** A cell of the grid, and the seed of the draw in it. */
export interface Cell {
  readonly size: number;
  readonly period: number;
  readonly deadline: number;
  readonly streams: number;
  readonly switches: number;
  readonly topology: Topology;
  readonly seed: number;
}

export const nameOf = ({ size, period, deadline, streams, switches, topology, seed }: Cell): string =>
  `s${String(size)}-p${String(period)}-d${String(deadline)}-n${String(streams)}-${topology}${String(switches)}-seed${String(seed)}`;

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

export const sizes: readonly (readonly number[])[] = [
  [50],
  range(100, 500, 100),
  range(200, 1500, 100),
  range(500, 4500, 100),
  range(1500, 4500, 100),
];
export const periodsUs: readonly (readonly number[])[] = [
  [2000],
  [400],
  [500, 1000, 2000, 4000],
  [100, 200, 400, 800],
  [250, 500, 1250, 2500, 4000],
  [50, 100, 250, 500, 800],
];
/** What a deadline leaves over the hops' processing and transmission; undefined: the period is the deadline. */
export const slacksUs: readonly (readonly number[] | undefined)[] = [
  undefined,
  [100, 200, 400, 800, 1600],
  [10, 25, 50, 100, 200, 400],
  [0, 10, 20, 25, 50],
  [0],
];

export const PROCESSING_NS = 1000;

export interface Graph {
  readonly edges: readonly (readonly [number, number])[];
  readonly endStations: readonly number[];
  readonly switches: number;
}

const chain = (switches: number): [number, number][] => range(0, switches - 2, 1).map((i) => [i, i + 1]);
const leaves = (switches: number): [number, number][] => range(0, switches - 1, 1).map((i) => [i, switches + i]);

export function graphOf(topology: Topology, switches: number): Graph {
  const endStations = range(switches, 2 * switches - 1, 1);
  const ring: [number, number][] = [...chain(switches), [switches - 1, 0]];
  switch (topology) {
    case "line":
      return { edges: [...chain(switches), ...leaves(switches)], endStations, switches };
    case "ring":
      return { edges: [...ring, ...leaves(switches)], endStations, switches };
    case "mesh": {
      const chords = range(1, switches / 2 - 2, 1).map((i): [number, number] => [i, switches - 1 - i]);
      return { edges: [...ring, ...chords, ...leaves(switches)], endStations, switches };
    }
    case "tree":
      return {
        edges: range(0, switches - 1, 1).flatMap((i): [number, number][] => [
          [i, 2 * i + 1],
          [i, 2 * i + 2],
        ]),
        endStations,
        switches,
      };
    default:
      return topology satisfies never;
  }
}

/** Hops of the shortest path between any two nodes. */
export function hopsOf({ edges }: Graph, nodes: number): readonly (readonly number[])[] {
  const neighbours: number[][] = Array.from({ length: nodes }, () => []);
  for (const [a, b] of edges) {
    neighbours[a]?.push(b);
    neighbours[b]?.push(a);
  }
  return neighbours.map((_, source) => {
    const hops = Array.from({ length: nodes }, () => -1);
    hops[source] = 0;
    const queue = [source];
    for (const node of queue) {
      for (const next of neighbours[node] ?? []) {
        if (hops[next] !== -1) continue;
        hops[next] = (hops[node] as number) + 1;
        queue.push(next);
      }
    }
    return hops;
  });
}

/** An instance of a cell: links of 1 Gb/s, the size is all there is on the wire, the deadline counts from the release until the listener has
 * processed the frame. */
export function instanceOf(cell: Cell, { maxEntries = 1024 }: { readonly maxEntries?: number } = {}): Problem {
  const random = generator(cell.seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const graph = graphOf(cell.topology, cell.switches);
  const nodes = 2 * cell.switches + 1;
  const hops = hopsOf(graph, nodes);
  const load = Array.from({ length: nodes }, () => 0);
  const streams = range(0, cell.streams - 1, 1).map((id) => {
    for (let attempt = 0; ; attempt++) {
      const free = graph.endStations.filter((s) => (load[s] as number) <= 0.75);
      const talker = pick(free.length > 0 ? free : graph.endStations);
      const listener = pick(graph.endStations.filter((s) => s !== talker));
      const frameBytes = pick(sizes[cell.size - 1] ?? []);
      const intervalNs = 1000 * pick(periodsUs[cell.period - 1] ?? []);
      const slacks = slacksUs[cell.deadline - 1];
      const needed = (hops[talker]?.[listener] as number) * (PROCESSING_NS + 8 * frameBytes);
      const maxLatencyNs = slacks === undefined ? intervalNs : needed + 1000 * pick(slacks);
      if (maxLatencyNs > intervalNs && attempt < 1000) continue;
      load[talker] = (load[talker] as number) + (8 * frameBytes) / intervalNs;
      return { id: String(id), talker: String(talker), listeners: [String(listener)], intervalNs, frameBytes, maxLatencyNs };
    }
  });
  return Problem.parse({
    scheduledClasses: [7, 6, 5, 4, 3, 2, 1],
    nodes: range(0, nodes - 1, 1)
      .filter((id) => cell.topology === "tree" || id < 2 * cell.switches)
      .map((id) => ({
        id: String(id),
        kind: id < cell.switches ? "bridge" : "end-station",
        processing: { minNs: PROCESSING_NS, maxNs: PROCESSING_NS },
      })),
    links: graph.edges.flatMap(([a, b]) =>
      [
        [a, b],
        [b, a],
      ].map(([from, to]) => ({
        id: `${String(from)}-${String(to)}`,
        from: String(from),
        to: String(to),
        rateMbps: 1000,
        gates: { maxEntries, maxCycleNs: 60_000_000_000 },
      })),
    ),
    streams,
    semantics: { size: "wire", latencyFrom: "release", latencyTo: "delivered" },
  });
}
