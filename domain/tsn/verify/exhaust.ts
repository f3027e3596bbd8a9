import type { Stream } from "../model.ts";
import type { Ground } from "./network.ts";
import { type TimedPath, usablePaths } from "./paths.ts";

/*
 * Looks for a strictly periodic schedule of a few streams by going through all the ways there are. Two streams that share links keep the
 * difference of their phases in one of a few intervals; one of them chosen for each pair, what is left are difference constraints, which hold
 * together exactly when their graph has no negative cycle. Waiting is allowed for by forbidding only what no wait within the slack avoids.
 */

export type Exhausted = "none" | "found" | "cut-off";

interface Choice {
  readonly stream: Stream;
  readonly path: TimedPath;
  readonly padNs: number;
  readonly slackNs: number;
  readonly first: number;
  readonly last: number;
}

type Interval = readonly [number, number];

const MOST_PATHS = 64;
const MOST_STEPS = 400_000;

export function exhaust(ground: Ground, streams: readonly Stream[]): Exhausted {
  const choices: (readonly Choice[])[] = [];
  for (const stream of streams) {
    const [listener] = stream.listeners;
    const own = listener === undefined || stream.listeners.length > 1 || stream.trees > 1 ? undefined : choicesOf(ground, stream, listener);
    if (own === undefined) return "cut-off";
    choices.push(own);
  }
  let steps = 0;
  const search = (chosen: readonly Choice[], bounds: readonly (readonly number[])[]): Exhausted => {
    const own = choices[chosen.length];
    if (own === undefined) return "found";
    let answer: Exhausted = "none";
    for (const choice of own) {
      const found = meet([...chosen, choice], 0, extend(bounds));
      if (found === "found") return found;
      if (found === "cut-off") answer = found;
    }
    return answer;
  };
  /** Chooses an interval against each stream before, one after the other. */
  const meet = (chosen: readonly Choice[], other: number, bounds: readonly (readonly number[])[]): Exhausted => {
    const newest = chosen.length - 1;
    if (other === newest) return search(chosen, bounds);
    let answer: Exhausted = "none";
    const row = [-(bounds[other]?.[newest] as number), bounds[newest]?.[other] as number] as const;
    for (const [from, to] of gapsBetween(chosen[newest] as Choice, chosen[other] as Choice, row)) {
      if (++steps > MOST_STEPS) return "cut-off";
      const tightened = tighten(tighten(bounds, newest, other, to), other, newest, -from);
      if (tightened === undefined) continue;
      const found = meet(chosen, other + 1, tightened);
      if (found === "found") return found;
      if (found === "cut-off") answer = found;
    }
    return answer;
  };
  return search([], []);
}

function choicesOf(ground: Ground, stream: Stream, listener: string): readonly Choice[] | undefined {
  const fromInterval = ground.problem.semantics.latencyFrom === "interval";
  return usablePaths(ground, stream, listener, MOST_PATHS)?.flatMap((path): Choice[] => {
    const first = stream.earliestOffsetNs;
    const spare = stream.maxLatencyNs - path.latencyNs;
    const latest = stream.latestOffsetNs ?? stream.intervalNs - 1;
    const last = fromInterval ? Math.min(latest, spare) : latest;
    const padNs = ground.clockErrorNs + stream.talkerJitterNs;
    return last < first ? [] : [{ stream, path, padNs, slackNs: spare - (fromInterval ? first : 0), first, last }];
  });
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** `bounds[i][k]` is the most that phase i may exceed phase k: nothing is known of a new stream but its window, which the gaps look after. */
const extend = (bounds: readonly (readonly number[])[]): readonly (readonly number[])[] => [
  ...bounds.map((row) => [...row, Number.POSITIVE_INFINITY]),
  [...bounds.map(() => Number.POSITIVE_INFINITY), 0],
];

/** Adds phase i − phase k ≤ most, and draws every conclusion (Floyd–Warshall's step for one edge); undefined where they contradict each other. */
function tighten(
  bounds: readonly (readonly number[])[] | undefined,
  i: number,
  k: number,
  most: number,
): readonly (readonly number[])[] | undefined {
  if (bounds === undefined) return undefined;
  if (most >= (bounds[i]?.[k] as number)) return bounds;
  if (most + (bounds[k]?.[i] as number) < 0) return undefined;
  return bounds.map((row, a) => row.map((known, b) => Math.min(known, (bounds[a]?.[i] as number) + most + (bounds[k]?.[b] as number))));
}

/** Differences (phase of a) − (phase of b) in the range at which they meet on no link. */
function gapsBetween(a: Choice, b: Choice, [low, high]: Interval): readonly Interval[] {
  const g = gcd(a.stream.intervalNs, b.stream.intervalNs);
  const least = Math.max(low, a.first - b.last);
  const most = Math.min(high, a.last - b.first);
  const arcs: Interval[] = [];
  for (const [i, link] of a.path.links.entries()) {
    const k = b.path.links.findIndex((l) => l.id === link.id);
    if (k < 0) continue;
    const lengthA = (a.path.lengthsNs[i] as number) + 2 * a.padNs;
    const lengthB = (b.path.lengthsNs[k] as number) + 2 * b.padNs;
    if (lengthA + lengthB > g) return [];
    // a begins less than its own length before b does, and less than b's length after it.
    const apart = (b.path.startsNs[k] as number) - b.padNs - ((a.path.startsNs[i] as number) - a.padNs);
    const from = apart - lengthA + (k === 0 ? 0 : b.slackNs);
    const to = apart + lengthB - (i === 0 ? 0 : a.slackNs);
    if (from >= to) continue;
    for (let turn = Math.floor((least - to) / g); from + turn * g < most; turn++) arcs.push([from + turn * g, to + turn * g]);
  }
  arcs.sort((x, y) => x[0] - y[0]);
  const gaps: Interval[] = [];
  let at = least;
  for (const [from, to] of arcs) {
    if (from >= at) gaps.push([at, Math.min(from, most)]);
    at = Math.max(at, to);
  }
  if (at <= most) gaps.push([at, most]);
  return gaps.filter(([from, to]) => from <= to);
}
