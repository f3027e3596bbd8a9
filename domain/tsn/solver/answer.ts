import type { Statistics, Verdict } from "../schedule.ts";
import { blockingLinks } from "./blocking.ts";
import { emit, type Emitted, streamsOf } from "./emit.ts";
import type { Job } from "./network.ts";
import { holdAt, type Occupancy, type Placement } from "./occupancy.ts";
import type { Routing } from "./routing.ts";
import { firstFit, type Partial } from "./search.ts";

const ROUNDS = 4;

/** The verdict of a search that is over. A stream is in the best schedule with all of its trees or not at all. */
export function answer({ occupancy, unplaced }: Partial, routing: Routing, statistics: Statistics): Verdict {
  const { network } = occupancy;
  const left = new Map(unplaced.map((j) => [j.index, j]));
  let emitted = emit(occupancy);
  for (let round = 0; emitted.tooLong.length > 0 && round < ROUNDS; round++) emitted = shortened(occupancy, emitted, routing, left, round);
  const incomplete = new Set([...left.values()].map((j) => j.stream.id));
  for (const { job } of occupancy.placements()) {
    if (!incomplete.has(job.stream.id)) continue;
    occupancy.take(job.index);
    left.set(job.index, job);
  }
  const { ports } = left.size > 0 ? emit(occupancy) : emitted;
  const schedule = { streams: streamsOf(network, occupancy.placements()), ports };
  if (left.size === 0) return { verdict: "scheduled", schedule, statistics };
  return {
    verdict: "undecided",
    best: schedule,
    unscheduled: network.problem.streams.filter((s) => incomplete.has(s.id)).map((s) => s.id),
    blocking: blockingLinks(occupancy, [...left.values()], routing),
    statistics,
  };
}

/**
 * Where a list is too long, frames that wait are why: a gate has to be shut for each of them, while windows of the others can be merged.
 * Those are placed again without waiting, or left out; in the last round so is everything else on the port.
 */
function shortened(occupancy: Occupancy, { tooLong }: Emitted, routing: Routing, left: Map<number, Job>, round: number): Emitted {
  const long = new Set(tooLong);
  const isToMove = (p: Placement): boolean => p.route.links.some((link, hop) => long.has(link) && (round === ROUNDS - 1 || isHeld(p, hop)));
  const moved = occupancy
    .placements()
    .filter(isToMove)
    .map((p) => p.job);
  for (const job of moved) occupancy.take(job.index);
  for (const job of moved) {
    const placement = round === ROUNDS - 1 ? undefined : firstFit(occupancy, job, routing.all(job));
    if (placement === undefined) left.set(job.index, job);
    else occupancy.put(placement);
  }
  return emit(occupancy);
}

const isHeld = ({ route, starts }: Placement, hop: number): boolean =>
  holdAt(route, hop, starts[hop] as number, starts[route.parents[hop] as number] ?? 0) > 0;
