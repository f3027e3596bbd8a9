import type { Link, Stream } from "../model.ts";
import { bridgeDelay, burstOf, type Ground } from "./network.ts";

/** A path with the times of a frame that nobody keeps waiting, from its start on the first link. */
export interface TimedPath {
  readonly links: readonly Link[];
  readonly startsNs: readonly number[];
  readonly lengthsNs: readonly number[];
  readonly latencyNs: number;
}

/** From the start on one link to the first possible start on the next. */
function stepNs(ground: Ground, stream: Stream, link: Link, next: Link): number {
  const { size } = ground.problem.semantics;
  const [sent, follows] = [burstOf(stream, link.rateMbps, size), burstOf(stream, next.rateMbps, size)];
  const clear = sent.frames.map((frame, j) => frame.to - (follows.frames[j]?.from ?? 0));
  return Math.max(...clear) + link.propagationNs + bridgeDelay(ground, link, next, stream.trafficClass).maxNs;
}

/** From the start on the last link until the latency ends. */
function tailNs({ problem, nodes }: Ground, stream: Stream, link: Link): number {
  const burst = burstOf(stream, link.rateMbps, problem.semantics.size);
  switch (problem.semantics.latencyTo) {
    case "start-of-frame":
      return (burst.frames.at(-1)?.from ?? 0) + link.propagationNs;
    case "end-of-frame":
      return burst.lengthNs + link.propagationNs;
    case "delivered":
      return burst.lengthNs + link.propagationNs + (nodes.get(link.to)?.processing.maxNs ?? 0);
    default:
      return problem.semantics.latencyTo satisfies never;
  }
}

/** What is spent before the talker may start, where latency counts from the interval. */
const beforeNs = ({ problem }: Ground, stream: Stream): number =>
  problem.semantics.latencyFrom === "interval" ? stream.earliestOffsetNs : 0;

export function timePath(ground: Ground, stream: Stream, links: readonly Link[]): TimedPath {
  const startsNs: number[] = [];
  for (const [i, link] of links.entries()) {
    const before = links[i - 1];
    startsNs.push(before === undefined ? 0 : (startsNs[i - 1] as number) + stepNs(ground, stream, before, link));
  }
  const last = links.at(-1);
  return {
    links,
    startsNs,
    lengthsNs: links.map((l) => burstOf(stream, l.rateMbps, ground.problem.semantics.size).lengthNs),
    latencyNs: (startsNs.at(-1) ?? 0) + (last === undefined ? 0 : tailNs(ground, stream, last)),
  };
}

/** Latency that no path beats, by relaxing links until nothing changes (Bellman–Ford); infinite where none leads there. */
export function fastestNs(ground: Ground, stream: Stream, listener: string, without: ReadonlySet<string> = new Set()): number {
  const links = ground.problem.links.filter((l) => !without.has(l.id));
  const starts = new Map<string, number>();
  for (const link of links) if (link.from === stream.talker) starts.set(link.id, 0);
  const leaving = new Map<string, Link[]>();
  for (const link of links) {
    const known = leaving.get(link.from);
    if (known === undefined) leaving.set(link.from, [link]);
    else known.push(link);
  }
  let fresh = links.filter((l) => starts.has(l.id));
  while (fresh.length > 0) {
    const changed = new Set<Link>();
    for (const link of fresh) {
      if (link.to === listener || ground.nodes.get(link.to)?.kind === "end-station") continue;
      for (const next of leaving.get(link.to) ?? []) {
        if (next.to === link.from) continue;
        const start = (starts.get(link.id) as number) + stepNs(ground, stream, link, next);
        if (start >= (starts.get(next.id) ?? Number.POSITIVE_INFINITY)) continue;
        starts.set(next.id, start);
        changed.add(next);
      }
    }
    fresh = [...changed];
  }
  const arrivals = links
    .filter((l) => l.to === listener && starts.has(l.id))
    .map((l) => (starts.get(l.id) as number) + tailNs(ground, stream, l));
  return Math.min(Number.POSITIVE_INFINITY, ...arrivals) + beforeNs(ground, stream);
}

/** All loopless paths, or undefined where they are more than `most`. */
export function simplePaths(ground: Ground, from: string, to: string, most: number): readonly (readonly Link[])[] | undefined {
  const found: (readonly Link[])[] = [];
  const leaving = Map.groupBy(ground.problem.links, (l) => l.from);
  const goOn = (node: string, path: readonly Link[], passed: ReadonlySet<string>): boolean => {
    if (node === to) {
      found.push(path);
      return found.length <= most;
    }
    if (path.length > 0 && ground.nodes.get(node)?.kind === "end-station") return true;
    return (leaving.get(node) ?? []).every((link) => passed.has(link.to) || goOn(link.to, [...path, link], new Set([...passed, link.to])));
  };
  return goOn(from, [], new Set([from])) ? found : undefined;
}

/** Paths that are fast enough. */
export function usablePaths(ground: Ground, stream: Stream, listener: string, most: number): readonly TimedPath[] | undefined {
  return simplePaths(ground, stream.talker, listener, most)
    ?.map((links) => timePath(ground, stream, links))
    .filter((p) => p.latencyNs + beforeNs(ground, stream) <= stream.maxLatencyNs);
}

/** True where every frame of the stream passes one of the links, or comes too late. */
export const mustPass = (ground: Ground, stream: Stream, links: ReadonlySet<string>): boolean =>
  stream.listeners.some((listener) => fastestNs(ground, stream, listener, links) > stream.maxLatencyNs);
