import type { Link, Node, Problem, Stream } from "../model.ts";
import { type Cell, parseCsv, type Row } from "./csv.ts";
import type { TsnInput } from "./network.ts";
import { faulty, MAX_FAULTS, type Read, readOk, type TextFault } from "./text.ts";

/*
 * The two tables that the tools around the benchmark of Xue et al. (RTAS 2024, tsnkit) exchange. Sizes are octets on the wire, times whole
 * nanoseconds, rates bit/ns. Nodes may have names here where theirs are numbers.
 */

const MAX_STREAMS = 50_000;
const MAX_LINKS = 100_000;

const streamColumns = [["stream", "id"], ["src"], ["dst"], ["size"], ["period"], ["deadline"], ["jitter"]] as const;
const linkColumns = [["link"], ["q_num"], ["rate"], ["t_proc"], ["t_prop"]] as const;

/** A link of the tables, as `(0, 1)`. */
export const linkId = (from: string, to: string): string => `(${from}, ${to})`;

/** What a table leaves open. */
export interface TableOptions {
  readonly guardBand?: Problem["guardBand"];
  /** Of every node's clock, either way. */
  readonly syncErrorNs?: number;
}

interface LinkRow {
  readonly link: Link;
  readonly processingNs: number;
  readonly line: number;
}

/** A network without streams: sizes on the wire, latency from the first octet of the talker's frame to the last at the listener. */
export function readTableNetwork(text: string, { guardBand = "frame", syncErrorNs }: TableOptions = {}): Read<TsnInput> {
  const topology = readTopology(text, syncErrorNs);
  if (!topology.ok) return topology;
  const problem: Problem = {
    ...topology.value,
    streams: [],
    semantics: { size: "wire", latencyFrom: "release", latencyTo: "end-of-frame" },
    guardBand,
    scheduledClasses: [7, 6, 5, 4],
  };
  return readOk({ problem, frames: {}, macAddresses: {}, fiveGs: [] });
}

/** `stream,src,dst,size,period,deadline,jitter`; `dst` is a list, as `[7]` or `[7, 8]`. With `nodes` given, talkers and listeners must be among them. */
export function readStreams(text: string, nodes?: readonly Pick<Node, "id">[]): Read<readonly Stream[]> {
  const rows = parseCsv(text, { columns: streamColumns, maxRows: MAX_STREAMS });
  if (!rows.ok) return rows;
  const known = nodes === undefined ? undefined : new Set(nodes.map(({ id }) => id));
  const faults = new Faults();
  const lineOf = new Map<string, number>();
  const streams = rows.value.map((row) => {
    const id = faults.name(row, "stream");
    const earlier = lineOf.get(id);
    if (earlier !== undefined) faults.add(row, "stream", `stream ${id} is on line ${String(earlier)} already`);
    lineOf.set(id, row.line);
    const talker = faults.node(row, "src", cellOf(row, "src").text, known);
    const listeners = namesIn(cellOf(row, "dst").text).map((name) => faults.node(row, "dst", name, known));
    if (listeners.length === 0) faults.add(row, "dst", "expected at least one listener, as [7]");
    if (listeners.includes(talker)) faults.add(row, "dst", `${talker} would listen to itself`);
    const intervalNs = faults.whole(row, "period", 1, 60_000_000_000);
    return {
      id,
      talker,
      listeners,
      intervalNs,
      frameBytes: faults.whole(row, "size", 1, 65_535),
      framesPerInterval: 1,
      maxLatencyNs: faults.whole(row, "deadline", 0, 60_000_000_000),
      earliestOffsetNs: 0,
      talkerJitterNs: 0,
      maxJitterNs: faults.whole(row, "jitter", 0, 60_000_000_000),
      trafficClass: 7,
      trees: 1,
      rank: 1,
    };
  });
  return faults.read(streams);
}

/** `link,q_num,rate,t_proc,t_prop`; `link` is `"(0, 1)"`, one direction. A node with one neighbour is an end station. */
export function readTopology(text: string, syncErrorNs = 0): Read<Pick<Problem, "nodes" | "links">> {
  const rows = parseCsv(text, { columns: linkColumns, maxRows: MAX_LINKS });
  if (!rows.ok) return rows;
  const faults = new Faults();
  const lineOf = new Map<string, number>();
  const read = rows.value.map((row) => readLink(row, faults, lineOf));
  if (read.length === 0) faults.push({ line: 2, column: 1, reason: "there is no link: a topology has at least one" });
  return faults.read({ nodes: nodesOf(read, syncErrorNs), links: spread(read) });
}

function readLink(row: Row, faults: Faults, lineOf: Map<string, number>): LinkRow {
  const [from, to, ...more] = namesIn(cellOf(row, "link").text);
  if (from === undefined || to === undefined || more.length > 0)
    faults.add(row, "link", 'expected two nodes, as "(0, 1)", in double quotes');
  else if (from === to) faults.add(row, "link", `leads from ${from} to itself`);
  const ends = [from ?? "", to ?? ""] as const;
  for (const end of ends) if (end !== "") faults.node(row, "link", end, undefined);
  const id = linkId(...ends);
  const earlier = lineOf.get(id);
  if (earlier !== undefined) faults.add(row, "link", `${id} is on line ${String(earlier)} already`);
  lineOf.set(id, row.line);
  const rate = faults.rateMbps(row, "rate");
  const link = {
    id,
    from: ends[0],
    to: ends[1],
    rateMbps: rate,
    propagationNs: faults.whole(row, "t_prop", 0, 1_000_000_000),
    queues: faults.whole(row, "q_num", 1, 8),
    gates: { maxEntries: 1024, maxCycleNs: 1_000_000_000, maxIntervalNs: 999_999_999, minIntervalNs: 1, tickNs: 1 },
    bestEffortMaxFrameBytes: 1522,
  };
  return { link, processingNs: faults.whole(row, "t_proc", 0, 1_000_000_000), line: row.line };
}

/** The least processing of the links that lead to a node is the node's own; what a link has beyond that, `spread` puts on its way. */
function nodesOf(rows: readonly LinkRow[], syncErrorNs: number): Node[] {
  const neighbours = new Map<string, Set<string>>();
  const processingNs = new Map<string, number>();
  for (const { link, processingNs: given } of rows) {
    for (const [at, other] of [
      [link.from, link.to],
      [link.to, link.from],
    ] as const)
      neighbours.set(at, (neighbours.get(at) ?? new Set()).add(other));
    processingNs.set(link.to, Math.min(processingNs.get(link.to) ?? Infinity, given));
  }
  return [...neighbours].map(([id, others]) => {
    const ns = processingNs.get(id) ?? 0;
    return {
      id,
      kind: others.size === 1 ? ("end-station" as const) : ("bridge" as const),
      processing: { minNs: ns, maxNs: ns },
      portDelays: [],
      syncErrorNs,
    };
  });
}

function spread(rows: readonly LinkRow[]): Link[] {
  const least = new Map<string, number>();
  for (const { link, processingNs } of rows) least.set(link.to, Math.min(least.get(link.to) ?? Infinity, processingNs));
  return rows.map(({ link, processingNs }) => ({
    ...link,
    propagationNs: link.propagationNs + processingNs - (least.get(link.to) ?? processingNs),
  }));
}

/** `[7, 8]`, `(0, 1)` and `7` alike. */
const namesIn = (text: string): readonly string[] =>
  text
    .replaceAll(/^[[(]|[\])]$/g, "")
    .split(",")
    .map((name) => name.trim().replaceAll(/^['"]|['"]$/g, ""))
    .filter((name) => name !== "");

const noCell: Cell = { text: "", line: 1, column: 1 };
const cellOf = ({ cells }: Row, column: string): Cell => cells[column] ?? noCell;

/** Gathers what is wrong with a table; a cell that cannot be read counts as its least value until all has been looked at. */
class Faults {
  readonly #faults: TextFault[] = [];

  push(fault: TextFault): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(fault);
  }

  add(row: Row, column: string, reason: string): void {
    const { line, column: at } = cellOf(row, column);
    this.push({ line, column: at, path: column, reason });
  }

  read<T>(value: T): Read<T> {
    return this.#faults.length === 0 ? readOk(value) : faulty(...this.#faults);
  }

  name(row: Row, column: string): string {
    return this.node(row, column, cellOf(row, column).text, undefined);
  }

  node(row: Row, column: string, name: string, known: ReadonlySet<string> | undefined): string {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$/.test(name))
      this.add(
        row,
        column,
        `expected a number or a name of letters, digits and _ . : -, at most 64, not ${JSON.stringify(name.slice(0, 64))}`,
      );
    else if (known !== undefined && !known.has(name)) this.add(row, column, `the topology has no node ${name}`);
    return name;
  }

  whole(row: Row, column: string, least: number, most: number): number {
    const { text } = cellOf(row, column);
    const value = /^\d{1,12}(?:\.0+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    this.add(row, column, `expected a whole number from ${String(least)} to ${String(most)}, not ${JSON.stringify(text.slice(0, 64))}`);
    return least;
  }

  rateMbps(row: Row, column: string): number {
    const { text } = cellOf(row, column);
    const rate = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : Number.NaN;
    if (rate >= 1 && rate <= 800_000) return rate;
    this.add(row, column, `expected bit/ns from 0.001 to 800, such as 1 for 1 Gbit/s, not ${JSON.stringify(text.slice(0, 64))}`);
    return 1;
  }
}
