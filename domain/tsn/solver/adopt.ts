import { ok, type Outcome, refuse } from "../../outcome.ts";
import type { TsnRefusal } from "../options.ts";
import type { MemberSchedule, Schedule } from "../schedule.ts";
import type { Job, Network } from "./network.ts";
import { type Occupancy, openOccupancy } from "./occupancy.ts";
import { timeRoute } from "./route.ts";

/** Puts a schedule that exists already back into an occupancy; what is not even a set of routes is refused. */
export function adopt(network: Network, jobs: readonly Job[], schedule: Schedule): Outcome<Occupancy, TsnRefusal> {
  const occupancy = openOccupancy(network);
  const waiting = new Map<string, Job[]>();
  for (const job of jobs) {
    const known = waiting.get(job.stream.id);
    if (known === undefined) waiting.set(job.stream.id, [job]);
    else known.push(job);
  }
  for (const [i, { id, members }] of schedule.streams.entries()) {
    const own = waiting.get(id);
    const invalid = (reason: string) => refuse("TSN_SCHEDULE_INVALID" as const, `stream ${id} ${reason}`, `/streams/${String(i)}`);
    if (own === undefined) return invalid("is not asked for, or scheduled twice");
    waiting.delete(id);
    for (const member of members) {
      const shape = shapeOf(network, member);
      const at = own.findIndex((j) => j.tree === member.tree && j.listeners.every((l) => shape?.reached.has(l)));
      const [job] = at < 0 ? [] : own.splice(at, 1);
      if (shape === undefined || job === undefined) return invalid("has a member that is no tree to its listeners");
      occupancy.put({
        job,
        route: timeRoute(network, job, shape.links, shape.parents),
        starts: member.hops.map((h) => h.startNs),
        queues: member.hops.map((h) => h.queue),
      });
    }
    if (own.length > 0) return invalid("lacks a tree");
  }
  const [missing] = waiting.keys();
  return missing === undefined ? ok(occupancy) : refuse("TSN_SCHEDULE_INVALID", `stream ${missing} is not in the schedule`);
}

function shapeOf(network: Network, member: MemberSchedule) {
  const links: number[] = [];
  const parents: number[] = [];
  const reached = new Map<number, number>();
  for (const [i, hop] of member.hops.entries()) {
    const link = network.linkOf.get(hop.link);
    if (link === undefined) return undefined;
    const parent = reached.get(network.from[link] as number) ?? -1;
    if (parent < 0 && i > 0) return undefined;
    links.push(link);
    parents.push(parent);
    reached.set(network.to[link] as number, i);
  }
  return { links, parents, reached };
}
