import type { Link, Problem, Stream } from "../model.ts";
import type { GateEntry, PortSchedule, Schedule } from "../schedule.ts";
import { transmissionNs } from "../wire.ts";
import { csvText, parseCsv, type Row } from "./csv.ts";
import { faulty, type Read } from "./text.ts";

/*
 * Schedules in the tables that tsnkit's tools write and simulate: windows, offsets, routes and queues. What they do not say (when a frame goes
 * out after the first link, best-effort gates) is worked out: a frame waits for its queue's next window.
 */

export const tsnkitTables = ["GCL", "OFFSET", "ROUTE", "QUEUE", "DELAY"] as const;
export type TsnkitTable = (typeof tsnkitTables)[number];

const columns = {
  GCL: ["link", "queue", "start", "end", "cycle"],
  OFFSET: ["stream", "frame", "offset"],
  ROUTE: ["stream", "link"],
  QUEUE: ["stream", "frame", "link", "queue"],
  DELAY: ["stream", "frame", "delay"],
} as const satisfies Record<TsnkitTable, readonly string[]>;

/** One text a table. Trees after the first are left out: the tables know one route a stream. */
export function writeTsnkit(problem: Problem, schedule: Schedule): Readonly<Record<TsnkitTable, string>> {
  const links = new Map(problem.links.map((link) => [link.id, link]));
  const streams = new Map(problem.streams.map((stream) => [stream.id, stream]));
  const cycles = new Map(schedule.ports.map(({ link, cycleNs }) => [link, cycleNs]));
  const rows: Record<TsnkitTable, (string | number)[][]> = { GCL: [], OFFSET: [], ROUTE: [], QUEUE: [], DELAY: [] };
  for (const { id, members, latencyNs } of schedule.streams) {
    const stream = streams.get(id);
    const [first] = members;
    if (stream === undefined || first === undefined) continue;
    rows.OFFSET.push([id, 0, first.hops[0]?.startNs ?? 0]);
    rows.DELAY.push([id, 0, latencyNs]);
    for (const { link: name, startNs, queue } of first.hops) {
      const link = links.get(name);
      if (link === undefined) continue;
      const text = tableLink(link);
      rows.ROUTE.push([id, text]);
      rows.QUEUE.push([id, 0, text, queue]);
      const cycleNs = cycles.get(name) ?? stream.intervalNs;
      const lengthNs = transmissionNs(stream, link, problem.semantics.size);
      for (let at = startNs; at < startNs + cycleNs; at += stream.intervalNs)
        for (const [from, to] of unwrapped(at % cycleNs, lengthNs, cycleNs)) rows.GCL.push([text, queue, from, to, cycleNs]);
    }
  }
  rows.GCL.sort((a, b) => compare(a[0], b[0]) || Number(a[2]) - Number(b[2]));
  return Object.fromEntries(tsnkitTables.map((table) => [table, csvText(columns[table], rows[table])])) as Record<TsnkitTable, string>;
}

const tableLink = ({ from, to }: Link): string => `(${from}, ${to})`;
const compare = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0);

/** A window that crosses the end of the cycle is two rows. */
const unwrapped = (from: number, length: number, cycle: number): readonly (readonly [number, number])[] =>
  from + length <= cycle
    ? [[from, from + length]]
    : [
        [from, cycle],
        [0, from + length - cycle],
      ];

interface Window {
  readonly queue: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Faults name the table that they are in. */
export type TableRead<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly table: TsnkitTable; readonly faults: Extract<Read<T>, { ok: false }>["faults"] };

type Tables = Readonly<Record<"GCL" | "OFFSET" | "ROUTE" | "QUEUE", string>>;

/** A schedule and the queues that it uses, which are the scheduled ones whatever their numbers: some of their methods count from 0. */
export interface TableSchedule {
  readonly schedule: Schedule;
  readonly scheduledClasses: number[];
}

/** A schedule of the problem's streams, as any of their methods left it. Whether it is valid is for the verifier to say. */
export function readTsnkitSchedule(problem: Problem, tables: Tables): TableRead<TableSchedule> {
  const rows = {} as Record<keyof Tables, readonly Row[]>;
  for (const table of ["GCL", "OFFSET", "ROUTE", "QUEUE"] as const) {
    const read = parseCsv(tables[table], { columns: columns[table].map((name) => [name] as const), maxRows: 2_000_000 });
    if (!read.ok) return { ok: false, table, faults: read.faults };
    rows[table] = read.value;
  }
  const byName = new Map(problem.links.map((link) => [normalised(tableLink(link)), link]));
  const windows = new Map<string, { cycleNs: number; windows: Window[] }>();
  for (const row of rows.GCL) {
    const link = byName.get(normalised(cell(row, "link")));
    const [queue, fromNs, toNs, cycleNs] = [number(row, "queue"), number(row, "start"), number(row, "end"), number(row, "cycle")];
    if (link === undefined) return wrong("GCL", row, "link", "there is no such link");
    if (!(queue >= 0 && queue <= 7) || !(fromNs >= 0) || !(toNs > fromNs) || !(cycleNs >= toNs))
      return wrong("GCL", row, "start", "expected 0 ≤ start < end ≤ cycle, and a queue from 0 to 7");
    const known = windows.get(link.id) ?? { cycleNs, windows: [] };
    known.windows.push({ queue, fromNs, toNs });
    windows.set(link.id, known);
  }
  const routes = Map.groupBy(rows.ROUTE, (row) => cell(row, "stream"));
  const offsets = new Map(rows.OFFSET.map((row) => [cell(row, "stream"), number(row, "offset")]));
  const queues = new Map(rows.QUEUE.map((row) => [`${cell(row, "stream")} ${normalised(cell(row, "link"))}`, number(row, "queue")]));
  const used = [...windows.values()].flatMap((port) => port.windows.map(({ queue }) => queue));
  const scheduledClasses = used.length === 0 ? problem.scheduledClasses : [...new Set(used)].toSorted((a, b) => b - a);
  const streams: Schedule["streams"] = [];
  for (const stream of problem.streams) {
    const route = routes.get(stream.id);
    const offset = offsets.get(stream.id);
    if (route === undefined || offset === undefined) continue; // the verifier says that it is missing
    const hops: { link: Link; queue: number }[] = [];
    for (const row of route) {
      const link = byName.get(normalised(cell(row, "link")));
      if (link === undefined) return wrong("ROUTE", row, "link", "there is no such link");
      hops.push({ link, queue: queues.get(`${stream.id} ${normalised(cell(row, "link"))}`) ?? stream.trafficClass });
    }
    streams.push(walked(problem, stream, { offsetNs: offset, hops: inOrder(stream, hops), windows }));
  }
  const ports = problem.links.flatMap((link) => portOf(scheduledClasses, link, windows.get(link.id)));
  return { ok: true, value: { schedule: { streams, ports }, scheduledClasses } };
}

const cell = ({ cells }: Row, column: string): string => cells[column]?.text ?? "";
const number = (row: Row, column: string): number => (/^\d+(?:\.0+)?$/.test(cell(row, column)) ? Number(cell(row, column)) : Number.NaN);
const normalised = (link: string): string => link.replaceAll(/[()[\]'"\s]/g, "");

function wrong(table: TsnkitTable, row: Row, column: string, reason: string): Extract<TableRead<never>, { ok: false }> {
  const at = row.cells[column];
  return { ...faulty({ line: row.line, column: at?.column ?? 1, path: column, reason }), table };
}

/** The table has a route's links in any order. */
function inOrder(stream: Stream, hops: readonly { link: Link; queue: number }[]): readonly { link: Link; queue: number }[] {
  const left = [...hops];
  const ordered: { link: Link; queue: number }[] = [];
  for (let at = stream.talker; ;) {
    const next = left.findIndex(({ link }) => link.from === at);
    const [hop] = next < 0 ? [] : left.splice(next, 1);
    if (hop === undefined) return [...ordered, ...left];
    ordered.push(hop);
    at = hop.link.to;
  }
}

interface PortWindows {
  readonly cycleNs: number;
  readonly windows: readonly Window[];
}

interface Walk {
  readonly offsetNs: number;
  readonly hops: readonly { readonly link: Link; readonly queue: number }[];
  readonly windows: ReadonlyMap<string, PortWindows>;
}

function walked({ nodes, semantics }: Problem, stream: Stream, { offsetNs, hops, windows }: Walk): Schedule["streams"][number] {
  const processing = new Map(nodes.map((node) => [node.id, node.processing.maxNs]));
  let readyNs = offsetNs;
  let endNs = offsetNs;
  const placed = hops.map(({ link, queue }, i) => {
    const lengthNs = transmissionNs(stream, link, semantics.size);
    const own = windows.get(link.id);
    const startNs = i === 0 || own === undefined ? readyNs : nextStart(readyNs, lengthNs, queue, own);
    endNs = startNs + lengthNs + link.propagationNs;
    readyNs = endNs + (processing.get(link.to) ?? 0);
    return { link: link.id, startNs, queue };
  });
  const fromNs = semantics.latencyFrom === "interval" ? 0 : offsetNs;
  return { id: stream.id, members: [{ tree: 0, hops: placed }], latencyNs: endNs - fromNs, jitterNs: 0 };
}

/**
 * When a frame goes out: with the first window of its queue that is exactly as long as it, which is how the tables are written; else as soon as
 * the gate is open for all of it; else at once, for the verifier to find.
 */
function nextStart(readyNs: number, lengthNs: number, queue: number, { cycleNs, windows }: PortWindows): number {
  const turn = Math.floor(readyNs / cycleNs) * cycleNs;
  const mine = windows.filter((w) => w.queue === queue);
  const lengthOf = ({ fromNs, toNs }: Window): number =>
    toNs - fromNs + (toNs === cycleNs ? (mine.find((w) => w.fromNs === 0 && w.toNs < lengthNs)?.toNs ?? 0) : 0);
  const starts = (from: (window: Window, turnNs: number) => number | undefined, of: readonly Window[]): readonly number[] =>
    [turn, turn + cycleNs].flatMap((turnNs) => of.flatMap((window) => from(window, turnNs) ?? []));
  const exact = starts((w, turnNs) => (lengthOf(w) === lengthNs && turnNs + w.fromNs >= readyNs ? turnNs + w.fromNs : undefined), mine);
  if (exact.length > 0) return Math.min(...exact);
  const open = merged(mine);
  const wide = starts((w, turnNs) => {
    const from = Math.max(readyNs, turnNs + w.fromNs);
    const beyond = w.toNs === cycleNs ? (open.find(({ fromNs }) => fromNs === 0)?.toNs ?? 0) : 0;
    return from + lengthNs <= turnNs + w.toNs + beyond ? from : undefined;
  }, open);
  return wide.length === 0 ? readyNs : Math.min(...wide);
}

function merged(windows: readonly Window[]): readonly Window[] {
  const out: Window[] = [];
  for (const window of windows.toSorted((a, b) => a.fromNs - b.fromNs)) {
    const last = out.at(-1);
    if (last !== undefined && window.fromNs <= last.toNs) out[out.length - 1] = { ...last, toNs: Math.max(last.toNs, window.toNs) };
    else out.push(window);
  }
  return out;
}

/** Windows alone as gates: best effort has what is left, without any guard band, since the tables know none. */
function portOf(scheduledClasses: readonly number[], link: Link, own: PortWindows | undefined): readonly PortSchedule[] {
  if (own === undefined) return [];
  const bestEffort = scheduledClasses.reduce((bits, tc) => bits & ~(1 << tc), 255);
  const { cycleNs, windows } = own;
  const cuts = [...new Set([0, cycleNs, ...windows.flatMap(({ fromNs, toNs }) => [fromNs, toNs])])].toSorted((a, b) => a - b);
  const entries: GateEntry[] = [];
  let openNs = 0;
  for (const [i, fromNs] of cuts.entries()) {
    const toNs = cuts[i + 1];
    if (toNs === undefined) break;
    const scheduled = windows.filter((w) => w.fromNs <= fromNs && w.toNs >= toNs).reduce((bits, { queue }) => bits | (1 << queue), 0);
    const gateStates = scheduled === 0 ? bestEffort : scheduled;
    if (scheduled === 0) openNs += toNs - fromNs;
    const last = entries.at(-1);
    if (last?.gateStates === gateStates) entries[entries.length - 1] = { ...last, intervalNs: last.intervalNs + toNs - fromNs };
    else entries.push({ operation: "set-gate-states", gateStates, intervalNs: toNs - fromNs });
  }
  return [{ link: link.id, cycleNs, entries, bestEffortShare: openNs / cycleNs }];
}
