import type { Job, Network } from "./network.ts";

/** Links of which every frame of these jobs passes at least one. */
export interface Cut {
  readonly links: readonly number[];
  readonly jobs: readonly Job[];
}

const SMALL = 10;

/**
 * Cuts that are worth a look. `quick`: the links of end stations that have one each way. `thorough`: besides, every link that nothing between
 * two nodes gets around, and the borders of sets of bridges (all sets in a small network, neighbourhoods in a large one).
 */
export function* cutsOf(network: Network, jobs: readonly Job[], effort: "quick" | "thorough"): Generator<Cut> {
  const { out, to, links } = network;
  const into: number[][] = network.nodes.map(() => []);
  for (const link of links.keys()) into[to[link] as number]?.push(link);
  const onto = new Map<number, Job[]>();
  const note = (link: number | undefined, job: Job): void => {
    if (link === undefined) return;
    const known = onto.get(link);
    if (known === undefined) onto.set(link, [job]);
    else known.push(job);
  };
  for (const job of jobs) {
    const leaving = out[job.talker] ?? [];
    if (leaving.length === 1) note(leaving[0], job);
    for (const listener of job.listeners) {
      const arriving = into[listener] ?? [];
      if (arriving.length === 1 && arriving[0] !== leaving[0]) note(arriving[0], job);
    }
  }
  for (const [link, passing] of onto) yield { links: [link], jobs: passing };
  if (effort === "thorough") yield* bordersOf(network, jobs, into);
}

function* bordersOf(network: Network, jobs: readonly Job[], into: readonly (readonly number[])[]): Generator<Cut> {
  const { from, to, forwards, out } = network;
  const bridges = [...network.nodes.keys()].filter((n) => forwards[n]);
  const seen = new Set<string>();
  for (const inside of bridges.length <= SMALL ? subsets(bridges) : neighbourhoods(network, bridges)) {
    // An end station with one bridge is on that bridge's side, so that its own link is never counted among the border's.
    const isInside = (node: number): boolean | undefined => {
      if (forwards[node]) return inside.has(node);
      const sides = new Set([
        ...(out[node] ?? []).map((l) => inside.has(to[l] as number)),
        ...(into[node] ?? []).map((l) => inside.has(from[l] as number)),
      ]);
      return sides.size === 1 ? [...sides][0] : undefined;
    };
    const border = [...network.links.keys()].filter(
      (l) => forwards[from[l] as number] && forwards[to[l] as number] && inside.has(from[l] as number) && !inside.has(to[l] as number),
    );
    const name = border.join(" ");
    if (border.length === 0 || seen.has(name)) continue;
    seen.add(name);
    const side = network.nodes.map((_, n) => isInside(n));
    if (side.includes(undefined)) continue;
    const passing = jobs.filter((j) => side[j.talker] === true && j.listeners.some((l) => side[l] === false));
    if (passing.length > 0) yield { links: border, jobs: passing };
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
      for (const node of [...near]) for (const link of out[node] ?? []) if (forwards[to[link] as number]) near.add(to[link] as number);
    }
  }
}
