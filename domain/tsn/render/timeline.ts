import type { Link, Problem, Stream } from "../model.ts";
import type { HopSchedule, PortSchedule, Schedule } from "../schedule.ts";
import { transmissionNs } from "../wire.ts";

/*
 * What a Gantt picture of a schedule shows, as plain times: no pixels and no colours.
 */

/** What a port's gates are for a while. */
export interface Band {
  readonly fromNs: number;
  readonly toNs: number;
  /** `scheduled`: a gate of a scheduled class is open. `guard`: all are closed, or best effort is held. `best-effort`: the rest. */
  readonly kind: "scheduled" | "guard" | "best-effort";
}

/** A stream's frames on the wire, once an interval. */
export interface Block {
  readonly stream: string;
  readonly tree: number;
  readonly trafficClass: number;
  readonly fromNs: number;
  readonly toNs: number;
  /** Which interval of the stream it belongs to, from 0. */
  readonly turn: number;
  /** Place among the hops of its member stream. */
  readonly hop: number;
  /** Since when it may have been waiting here: where it comes from a hop whose delay is not fixed, or waits its turn. */
  readonly earliestNs: number;
}

export interface Deadline {
  readonly stream: string;
  readonly atNs: number;
}

export interface PortRow {
  readonly link: Link;
  readonly cycleNs: number;
  readonly entries: number;
  readonly bestEffortShare: number;
  readonly bands: readonly Band[];
  readonly blocks: readonly Block[];
  readonly deadlines: readonly Deadline[];
}

export interface Timeline {
  /** Everything repeats after this, or is shown up to it. */
  readonly horizonNs: number;
  readonly rows: readonly PortRow[];
}

export interface TimelineOptions {
  /** Only ports of this node, and those that lead to it. */
  readonly node?: string;
}

/** Ports in the order in which streams pass them, as far as there is one; each over the longest cycle of all. */
export function timelineOf(problem: Problem, schedule: Schedule, { node }: TimelineOptions = {}): Timeline {
  const links = new Map(problem.links.map((link) => [link.id, link]));
  const ports = schedule.ports.filter(({ link: id }) => {
    const link = links.get(id);
    return link !== undefined && (node === undefined || link.from === node || link.to === node);
  });
  const horizonNs = Math.max(1, ...ports.map(({ cycleNs }) => cycleNs));
  const blocks = blocksOf(problem, schedule, horizonNs);
  const deadlines = deadlinesOf(problem, schedule, horizonNs);
  const rank = rankOf(schedule);
  const rows = ports.flatMap((port): readonly PortRow[] => {
    const link = links.get(port.link);
    if (link === undefined) return [];
    const { cycleNs, entries, bestEffortShare } = port;
    return [
      {
        link,
        cycleNs,
        entries: entries.length,
        bestEffortShare,
        bands: bandsOf(port, problem.scheduledClasses, horizonNs),
        blocks: blocks.get(link.id) ?? [],
        deadlines: deadlines.get(link.id) ?? [],
      },
    ];
  });
  return { horizonNs, rows: rows.toSorted((a, b) => (rank.get(a.link.id) ?? 0) - (rank.get(b.link.id) ?? 0)) };
}

/** The links of the longest ways first, each in the order of its hops, so that a way reads downwards. */
function rankOf(schedule: Schedule): ReadonlyMap<string, number> {
  const ways = schedule.streams.flatMap(({ members }) => members.map(({ hops }) => hops.map(({ link }) => link)));
  const links = ways.toSorted((a, b) => b.length - a.length).flat();
  return new Map([...new Set(links)].map((link, i) => [link, i]));
}

function bandsOf({ entries, cycleNs }: PortSchedule, scheduledClasses: readonly number[], horizonNs: number): readonly Band[] {
  const mask = scheduledClasses.reduce((bits, tc) => bits | (1 << tc), 0);
  const bands: Band[] = [];
  for (let start = 0; start < horizonNs; start += cycleNs) {
    let at = start;
    for (const { gateStates, intervalNs, operation } of entries) {
      const isHeld = operation === "set-and-hold-mac" && (gateStates & mask) === 0;
      const kind = (gateStates & mask) !== 0 ? "scheduled" : gateStates === 0 || isHeld ? "guard" : "best-effort";
      const toNs = Math.min(at + intervalNs, horizonNs);
      const last = bands.at(-1);
      if (at < horizonNs) {
        if (last?.kind === kind && last.toNs === at) bands[bands.length - 1] = { ...last, toNs };
        else bands.push({ fromNs: at, toNs, kind });
      }
      at += intervalNs;
    }
  }
  return bands;
}

function blocksOf(problem: Problem, schedule: Schedule, horizonNs: number): ReadonlyMap<string, readonly Block[]> {
  const links = new Map(problem.links.map((link) => [link.id, link]));
  const streams = new Map(problem.streams.map((stream) => [stream.id, stream]));
  const blocks = new Map<string, Block[]>();
  for (const { id, members } of schedule.streams) {
    const stream = streams.get(id);
    if (stream === undefined) continue;
    for (const [tree, { hops }] of members.entries())
      for (const [hop, { link: name, startNs, queue }] of hops.entries()) {
        const link = links.get(name);
        if (link === undefined) continue;
        const earliest = earliestNs(problem, stream, { hops, hop, links });
        const lengthNs = transmissionNs(stream, link, problem.semantics.size);
        const list = blocks.get(name) ?? [];
        for (let turn = 0; turn * stream.intervalNs < horizonNs; turn += 1) {
          const fromNs = (startNs + turn * stream.intervalNs) % horizonNs;
          const waitedNs = startNs - earliest;
          list.push({ stream: id, tree, trafficClass: queue, fromNs, toNs: fromNs + lengthNs, turn, hop, earliestNs: fromNs - waitedNs });
        }
        blocks.set(name, list);
      }
  }
  for (const list of blocks.values()) list.sort((a, b) => a.fromNs - b.fromNs || (a.stream < b.stream ? -1 : 1));
  return blocks;
}

interface Way {
  readonly hops: readonly HopSchedule[];
  readonly hop: number;
  readonly links: ReadonlyMap<string, Link>;
}

/** When the stream's last octet can be at a hop's queue at the earliest, from the start of its interval. */
function earliestNs({ nodes, semantics }: Problem, stream: Stream, { hops, hop, links }: Way): number {
  const here = hops[hop];
  const link = links.get(here?.link ?? "");
  const before = hops.slice(0, hop).findLast(({ link: id }) => links.get(id)?.to === link?.from);
  const leading = links.get(before?.link ?? "");
  if (here === undefined || link === undefined || before === undefined || leading === undefined) return here?.startNs ?? 0;
  const node = nodes.find(({ id }) => id === link.from);
  const pairs = node?.portDelays.filter(({ ingress, egress }) => ingress === leading.id && egress === link.id) ?? [];
  const delay =
    pairs.find(({ trafficClass }) => trafficClass === stream.trafficClass) ?? pairs.find(({ trafficClass }) => trafficClass === undefined);
  const minNs = delay?.delay.minNs ?? node?.processing.minNs ?? 0;
  return before.startNs + transmissionNs(stream, leading, semantics.size) + leading.propagationNs + minNs;
}

function deadlinesOf(
  { streams, links, semantics }: Problem,
  schedule: Schedule,
  horizonNs: number,
): ReadonlyMap<string, readonly Deadline[]> {
  const linkOf = new Map(links.map((link) => [link.id, link]));
  const streamOf = new Map(streams.map((stream) => [stream.id, stream]));
  const deadlines = new Map<string, Deadline[]>();
  for (const { id, members } of schedule.streams) {
    const stream = streamOf.get(id);
    if (stream === undefined) continue;
    for (const { hops } of members)
      for (const { link } of hops) {
        if (!stream.listeners.includes(linkOf.get(link)?.to ?? "")) continue;
        const fromNs = semantics.latencyFrom === "interval" ? 0 : (hops[0]?.startNs ?? 0);
        const list = deadlines.get(link) ?? [];
        for (let turn = 0; turn * stream.intervalNs < horizonNs; turn += 1) {
          const atNs = (fromNs + stream.maxLatencyNs + turn * stream.intervalNs) % horizonNs;
          list.push({ stream: id, atNs });
        }
        deadlines.set(link, list);
      }
  }
  return deadlines;
}
