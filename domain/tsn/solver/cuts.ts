import type { Job, Network } from "./network.ts";
import type { Routing } from "./routing.ts";

/** Links of which every frame of these jobs passes at least one, or comes too late. */
export interface Cut {
  readonly links: readonly number[];
  readonly jobs: readonly Job[];
}

/** Sets of so many bridges are all looked at. */
const SMALL = 10;

/** The links of end stations that have one each way. */
export function* accessCuts(network: Network, jobs: readonly Job[]): Generator<Cut> {
  const { out, to, links } = network;
  const into: number[][] = network.nodes.map(() => []);
  for (const link of links.keys()) into[to[link] as number]?.push(link);
  const passing = new Map<number, Set<Job>>();
  const note = (found: readonly number[], job: Job): void => {
    const [only] = found;
    if (only === undefined || found.length > 1) return;
    const known = passing.get(only);
    if (known === undefined) passing.set(only, new Set([job]));
    else known.add(job);
  };
  for (const job of jobs) {
    note(out[job.talker] ?? [], job);
    for (const listener of job.listeners) note(into[listener] ?? [], job);
  }
  for (const [link, found] of passing) yield { links: [link], jobs: [...found] };
}

/** Every link that a job's paths have in common, and the borders of sets of bridges: all sets in a small network, neighbourhoods in a large one. */
export function* innerCuts(network: Network, jobs: readonly Job[], routing: Routing): Generator<Cut> {
  const ways = jobs.map((job) => waysOf(network, job, routing));
  const passing = new Map<number, Job[]>();
  for (const [i, job] of jobs.entries()) {
    const [first = [], ...others] = ways[i] ?? [];
    for (const link of first) {
      if (!others.every((way) => way.includes(link))) continue;
      const known = passing.get(link);
      if (known === undefined) passing.set(link, [job]);
      else known.push(job);
    }
  }
  for (const [link, found] of passing) yield { links: [link], jobs: found };
  for (const links of bordersOf(network)) {
    const border = new Set(links);
    const found = jobs.filter((_, i) => ways[i] !== undefined && ways[i].every((way) => way.some((link) => border.has(link))));
    if (found.length > 0) yield { links, jobs: found };
  }
}

/** All paths of a job that are fast enough, or undefined where they are too many to be known. */
function waysOf({ problem }: Network, job: Job, routing: Routing): readonly (readonly number[])[] | undefined {
  const [listener] = job.listeners;
  if (listener === undefined) return undefined;
  if (job.listeners.length > 1 || job.stream.trees > 1) {
    // Each of its links alone: what no path to some listener can avoid, a tree cannot.
    const all = job.listeners.map((l) => routing.paths(job.talker, l));
    return all.find((paths) => paths !== undefined);
  }
  if (routing.paths(job.talker, listener) === undefined) return undefined;
  const earliest = problem.semantics.latencyFrom === "interval" ? job.stream.earliestOffsetNs : 0;
  return routing
    .all(job)
    .filter((r) => r.spanNs + earliest <= job.stream.maxLatencyNs)
    .map((r) => r.links);
}

/** Links from a set of bridges to the others. */
function* bordersOf(network: Network): Generator<readonly number[]> {
  const { from, to, forwards } = network;
  const bridges = [...network.nodes.keys()].filter((n) => forwards[n]);
  const trunks = [...network.links.keys()].filter((l) => forwards[from[l] as number] && forwards[to[l] as number]);
  const seen = new Set<string>();
  for (const inside of bridges.length <= SMALL ? subsets(bridges) : neighbourhoods(network, bridges)) {
    const border = trunks.filter((l) => inside.has(from[l] as number) && !inside.has(to[l] as number));
    const name = border.join(" ");
    if (border.length < 2 || seen.has(name)) continue;
    seen.add(name);
    yield border;
  }
}

function* subsets(items: readonly number[]): Generator<ReadonlySet<number>> {
  for (let bits = 1; bits < 2 ** items.length - 1; bits++) yield new Set(items.filter((_, i) => (bits >> i) & 1));
}

function* neighbourhoods({ out, to, forwards }: Network, bridges: readonly number[]): Generator<ReadonlySet<number>> {
  for (const centre of bridges) {
    const near = new Set([centre]);
    for (let size = 0; size < near.size && near.size < bridges.length;) {
      yield new Set(near);
      yield new Set(bridges.filter((b) => !near.has(b)));
      size = near.size;
      const rim = [...near];
      for (const node of rim) for (const link of out[node] ?? []) if (forwards[to[link] as number]) near.add(to[link] as number);
    }
  }
}
