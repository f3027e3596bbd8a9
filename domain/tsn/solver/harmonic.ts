/*
 * Frames of intervals that divide each other, on one link. Those of the shortest interval g may be pushed together: the others then have one
 * stretch of every g, and which of these turns each goes into is all that matters. So packing is exact, without a look at offsets.
 */

export interface Load {
  readonly period: number;
  readonly occupancyNs: number;
}

/** `unknown`: the search was cut off. */
export type Packing = "fits" | "impossible" | "unknown";

export function packHarmonic(loads: readonly Load[], nodeLimit: number): Packing {
  const sorted = loads.toSorted((a, b) => a.period - b.period || b.occupancyNs - a.occupancyNs);
  const g = sorted[0]?.period ?? 1;
  const turns = (sorted.at(-1)?.period ?? 1) / g;
  const room = new Float64Array(turns).fill(g);
  const rest = restOf(sorted, g, turns);
  let nodes = 0;
  let left = g * turns;

  /** Two turns are alike when all that they stand for is: then only one of them is tried. */
  const look = (step: number, turn: number): string => {
    let name = "";
    for (let t = turn; t < turns; t += step) name += `${String(room[t])} `;
    return name;
  };
  const tryFrom = (i: number): Packing => {
    const load = sorted[i];
    if (load === undefined) return "fits";
    if (left < (rest[i] as number)) return "impossible";
    if (++nodes > nodeLimit) return "unknown";
    const step = load.period / g;
    const seen = new Set<string>();
    let verdict: Packing = "impossible";
    for (const turn of turnsByRoom(room, step)) {
      if (leastRoom(room, step, turn) < load.occupancyNs) continue;
      const name = look(step, turn);
      if (seen.has(name)) continue;
      seen.add(name);
      change(room, step, turn, -load.occupancyNs);
      left -= load.occupancyNs * (turns / step);
      const found = tryFrom(i + 1);
      left += load.occupancyNs * (turns / step);
      change(room, step, turn, load.occupancyNs);
      if (found === "fits") return found;
      if (found === "unknown") verdict = found;
      if (nodes > nodeLimit) return "unknown";
    }
    return verdict;
  };
  return tryFrom(0);
}

/** What all loads from i on take of all turns together. */
function restOf(loads: readonly Load[], g: number, turns: number): readonly number[] {
  const rest = Array.from({ length: loads.length + 1 }, () => 0);
  for (let i = loads.length - 1; i >= 0; i--) {
    const { period, occupancyNs } = loads[i] as Load;
    rest[i] = (rest[i + 1] as number) + occupancyNs * ((g * turns) / period);
  }
  return rest;
}

function leastRoom(room: Float64Array, step: number, turn: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let t = turn; t < room.length; t += step) least = Math.min(least, room[t] as number);
  return least;
}

function change(room: Float64Array, step: number, turn: number, by: number): void {
  for (let t = turn; t < room.length; t += step) room[t] = (room[t] as number) + by;
}

/** The fullest first (best fit). */
const turnsByRoom = (room: Float64Array, step: number): readonly number[] =>
  Array.from({ length: step }, (_, t) => t).toSorted((a, b) => leastRoom(room, step, a) - leastRoom(room, step, b) || a - b);

/** The largest sets of these periods in which of any two one divides the other, the most populous first. */
export function chainsOf(periods: readonly number[]): readonly (readonly number[])[] {
  const sorted = [...new Set(periods)].toSorted((a, b) => a - b);
  const chains: number[][] = [];
  const extend = (chain: readonly number[], from: number): void => {
    let grew = false;
    for (let i = from; i < sorted.length; i++) {
      const next = sorted[i] as number;
      const last = chain.at(-1);
      if (last !== undefined && next % last !== 0) continue;
      grew = true;
      extend([...chain, next], i + 1);
    }
    if (!grew && chain.length > 0 && !chains.some((c) => chain.every((p) => c.includes(p)))) chains.push([...chain]);
  };
  extend([], 0);
  return chains;
}
