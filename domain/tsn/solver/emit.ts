import type { PortSchedule, StreamSchedule } from "../schedule.ts";
import { portSchedule, type Use } from "./gates.ts";
import type { Job, Network } from "./network.ts";
import type { Occupancy, Placement } from "./occupancy.ts";
import { arrivalOf } from "./waiting.ts";

export interface Emitted {
  readonly ports: PortSchedule[];
  /** Links for which no gate control list is short enough. */
  readonly tooLong: readonly number[];
}

/** The gate control lists of all placements. Ports given in `kept` are taken over as they are. */
export function emit(occupancy: Occupancy, kept?: ReadonlyMap<string, PortSchedule>): Emitted {
  const { network } = occupancy;
  const ports: PortSchedule[] = [];
  const tooLong: number[] = [];
  for (const [i, link] of network.links.entries()) {
    const old = kept?.get(link.id);
    const busy = occupancy.on(i);
    if (old === undefined && busy.length === 0) continue;
    const port = old ?? portSchedule(network, link, usesOf(occupancy, i));
    if (port === undefined) tooLong.push(i);
    else ports.push(port);
  }
  return { ports, tooLong };
}

function usesOf(occupancy: Occupancy, link: number): readonly Use[] {
  const uses = occupancy.on(link).map(({ job }): Use => {
    const placement = occupancy.placementOf(job) as Placement;
    return { placement, hop: placement.route.links.indexOf(link) };
  });
  return uses.sort((a, b) => a.placement.job.index - b.placement.job.index);
}

/** The streams of these placements, in the order of the jobs. */
export function streamsOf(network: Network, unsorted: readonly Placement[]): StreamSchedule[] {
  const placements = unsorted.toSorted((a, b) => a.job.index - b.job.index);
  const members = new Map<string, Placement[]>();
  for (const p of placements) {
    const known = members.get(p.job.stream.id);
    if (known === undefined) members.set(p.job.stream.id, [p]);
    else known.push(p);
  }
  const fromRelease = network.problem.semantics.latencyFrom === "release";
  return [...members].map(([id, placed]) => ({
    id,
    members: placed.map(({ job, route, starts, queues }) => ({
      tree: job.tree,
      hops: route.links.map((link, i) => ({
        link: network.links[link]?.id ?? "",
        startNs: starts[i] as number,
        queue: queues[i] as number,
      })),
    })),
    latencyNs: Math.max(...placed.map((p) => arrivalOf(p.route, p.starts) - (fromRelease ? (p.starts[0] as number) : 0))),
    jitterNs: Math.max(...placed.map(({ job }) => jitterOf(job))),
  }));
}

/** A frame leaves every port within a clock error of its time, or of the talker's where nothing holds it back: early once, late another time. */
export const jitterOf = (job: Job): number => 2 * job.padNs;
