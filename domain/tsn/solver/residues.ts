import { gcd } from "./arithmetic.ts";

/** Frames of one interval on one link. */
export interface Group {
  readonly period: number;
  readonly occupanciesNs: readonly number[];
}

export interface Crowd {
  readonly groups: readonly Group[];
  readonly moduloNs: number;
  readonly demandNs: number;
}

const MOST_GROUPS = 8;

/**
 * Frames of intervals P and Q never meet modulo gcd(P, Q). So where every two of several intervals have the gcd m, they need residues modulo
 * m of their own, and those that they need may be more than m.
 */
export function mostCrowded(groups: readonly Group[]): Crowd | undefined {
  if (groups.length > MOST_GROUPS) return undefined;
  for (let bits = 1; bits < 2 ** groups.length; bits++) {
    const chosen = groups.filter((_, i) => ((bits >> i) & 1) === 1);
    const moduloNs = chosen.reduce((g, { period }) => gcd(g, period), 0);
    const demandNs = residuesOf(chosen, moduloNs);
    if (demandNs > moduloNs) return { groups: chosen, moduloNs, demandNs };
  }
  return undefined;
}

/** Least measure of the residues modulo m, a divisor of all intervals, that the groups occupy. */
export function residuesOf(groups: readonly Group[], m: number): number {
  return clustersOf(groups, m).reduce((sum, cluster) => sum + roomOf(cluster, m), 0);
}

/** Joined where two intervals have a gcd above m. Between clusters every gcd is m: they share no residue. */
function clustersOf(groups: readonly Group[], m: number): readonly (readonly Group[])[] {
  let clusters: (readonly Group[])[] = [];
  for (const group of groups) {
    const isNear = (cluster: readonly Group[]): boolean => cluster.some(({ period }) => gcd(period, group.period) > m);
    clusters = [...clusters.filter((c) => !isNear(c)), [...clusters.filter(isNear).flat(), group]];
  }
  return clusters;
}

/** At least the longest frame; at least what is needed modulo n, folded into m; at least every frame's share of its own interval. */
function roomOf(cluster: readonly Group[], m: number): number {
  const n = cluster.reduce((g, { period }) => gcd(g, period), 0);
  let longest = 0;
  let share = 0;
  for (const { period, occupanciesNs } of cluster) {
    for (const ns of occupanciesNs) {
      longest = Math.max(longest, ns);
      share += (ns * m) / period;
    }
  }
  const folded = n > m ? Math.ceil((residuesOf(cluster, n) * m) / n) : 0;
  // A frame longer than m takes every residue, and none twice.
  return Math.max(Math.min(longest, m), folded, Math.ceil(share - 1e-6));
}
