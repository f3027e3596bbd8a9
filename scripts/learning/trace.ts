import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** Requests in each minute. */
export interface Trace {
  readonly name: string;
  readonly requests: readonly number[];
  /** Minutes that the trace says nothing of; they repeat the minute before them. */
  readonly gaps: number;
}

const MAX_BYTES = 64 * 2 ** 20;
const MAX_MINUTES = 1_000_000;

/** A run of so many zero minutes, in a trace that is busy otherwise, is a recorder that was off and not a world without requests. */
const SILENCE_MINUTES = 5;

class TraceError extends Error {}
export const isTraceError = (error: unknown): error is Error => error instanceof TraceError;

function rowsOf(text: string, name: string): Map<number, number> {
  const [head = "", ...lines] = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const columns = head.split(",").map((column) => column.trim().replaceAll('"', ""));
  const [minuteAt, requestsAt] = [columns.indexOf("minute_index"), columns.indexOf("requests")];
  if (minuteAt < 0 || requestsAt < 0)
    throw new TraceError(`${name}: line 1 must name the columns minute_index and requests, it is: ${head.slice(0, 80)}`);
  const rows = new Map<number, number>();
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    const cells = line.split(",");
    const [minute, requests] = [Number(cells[minuteAt]), Number(cells[requestsAt])];
    const at = `${name}: line ${i + 2}`;
    if (!Number.isInteger(minute) || minute < 0 || cells[minuteAt]?.trim() === "")
      throw new TraceError(`${at}: minute_index is not a whole number of at least 0`);
    if (!Number.isFinite(requests) || requests < 0 || cells[requestsAt]?.trim() === "")
      throw new TraceError(`${at}: requests is not a number of at least 0`);
    if (rows.has(minute)) throw new TraceError(`${at}: minute ${minute} is there twice`);
    rows.set(minute, requests);
  });
  return rows;
}

/** Reads what a CSV with the columns minute_index and requests says; minutes may be missing, in any order, and start anywhere. */
export function parseTrace(text: string, name: string): Trace {
  const rows = rowsOf(text, name);
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let total = 0;
  for (const [minute, requests] of rows) {
    first = Math.min(first, minute);
    last = Math.max(last, minute);
    total += requests;
  }
  if (rows.size === 0 || total === 0) throw new TraceError(`${name}: there is no request in it`);
  const minutes = last - first + 1;
  if (minutes > MAX_MINUTES) throw new TraceError(`${name}: ${minutes} minutes are more than ${MAX_MINUTES}`);
  const said = Array.from({ length: minutes }, (_, i) => rows.get(first + i));
  const isBusy = total / rows.size >= 5;
  return { name, ...filled(isBusy ? withoutSilence(said) : said) };
}

function withoutSilence(said: readonly (number | undefined)[]): (number | undefined)[] {
  const heard = [...said];
  for (let from = 0; from < heard.length;) {
    let to = from;
    while (to < heard.length && said[to] === 0) to += 1;
    if (to - from >= SILENCE_MINUTES) heard.fill(undefined, from, to);
    from = Math.max(to, from + 1);
  }
  return heard;
}

function filled(said: readonly (number | undefined)[]): { readonly requests: readonly number[]; readonly gaps: number } {
  let before = said.find((requests) => requests !== undefined) ?? 0;
  let gaps = 0;
  const requests = said.map((now) => {
    if (now === undefined) gaps += 1;
    return (before = now ?? before);
  });
  return { requests, gaps };
}

export function readTrace(path: string): Trace {
  const bytes = readFileSync(path);
  if (bytes.length > MAX_BYTES) throw new TraceError(`${path}: ${bytes.length} bytes are more than ${MAX_BYTES}`);
  return parseTrace(bytes.toString("utf8"), basename(path, ".csv"));
}

export const MINUTES_OF_DAY = 1440;

/** Requests a minute that one pod serves, so that the 99.9th percentile of the trace is so many pods of work. */
export function podRequestsPerMinute(requests: readonly number[], peakPods: number): number {
  const sorted = requests.toSorted((a, b) => a - b);
  const peak = sorted[Math.floor(0.999 * (sorted.length - 1))] as number;
  return (peak > 0 ? peak : (sorted.at(-1) as number)) / peakPods;
}

/** Pods of work in each tick of 30 s: a minute's requests come evenly. */
export const asDemand = (requests: readonly number[], perPod: number): Float32Array =>
  Float32Array.from({ length: 2 * requests.length }, (_, t) => (requests[t >> 1] as number) / perPod);
