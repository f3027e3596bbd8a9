import { ok, type Outcome, refuse } from "../outcome.ts";

/** One line of a scrape. Labels are a Map: `__proto__` is a legal name of one. */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly timestampMs: number | null;
}

interface ParseOptions {
  /** Only these metrics are read to the end; of others no more than the name. Absent: all. */
  readonly wanted?: ReadonlySet<string>;
  readonly maxCharacters?: number;
  readonly maxSamples?: number;
}

export type ExpositionRefusal = "EXPOSITION_INVALID" | "EXPOSITION_TOO_LARGE";

const MAX_CHARACTERS = 64 * 1024 * 1024;
const MAX_SAMPLES = 500_000;
/** As Prometheus' own limits that operators set: no real series has more. */
const MAX_LABELS = 128;

const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
/** What Go's ParseFloat takes of the numbers that occur: decimal, with an exponent, infinite, or no number. */
const NUMBER = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

const BLANK: ReadonlySet<string> = new Set([" ", "\t"]);

class Malformed extends Error {}

/**
 * Reads the Prometheus text exposition format (version 0.0.4, and of OpenMetrics what exporters send under that name: `# EOF`, exemplars, quoted
 * UTF-8 names). Strict: one line that is not in the format refuses the whole scrape, because a half-read one would look like counters that
 * vanished. `path` is `/line/<n>`.
 */
export function parseExposition(text: string, options: ParseOptions = {}): Outcome<readonly Sample[], ExpositionRefusal> {
  const { wanted, maxCharacters = MAX_CHARACTERS, maxSamples = MAX_SAMPLES } = options;
  if (text.length > maxCharacters) return refuse("EXPOSITION_TOO_LARGE", `a scrape has at most ${String(maxCharacters)} characters`);
  const samples: Sample[] = [];
  let line = 0;
  try {
    for (let start = 0; start < text.length;) {
      const end = text.indexOf("\n", start);
      line += 1;
      // What was cut off in the middle of a number still looks like one.
      if (end === -1) malformed("the last line is not ended, so the scrape may be cut off");
      const sample = readLine(text.slice(start, end), wanted);
      if (sample !== undefined) samples.push(sample);
      if (samples.length > maxSamples) return refuse("EXPOSITION_TOO_LARGE", `a scrape has at most ${String(maxSamples)} samples`);
      start = end + 1;
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return refuse("EXPOSITION_INVALID", `line ${String(line)}: ${error.message}`, `/line/${String(line)}`);
  }
  return ok(samples);
}

function readLine(line: string, wanted: ReadonlySet<string> | undefined): Sample | undefined {
  let at = skipBlanks(line, 0);
  if (at === line.length || line[at] === "#") return undefined;
  let name = "";
  if (line[at] !== "{") {
    name = match(METRIC_NAME, line, at) ?? malformed("a metric's name is wanted");
    const after = line[at + name.length] ?? "";
    if (after !== "{" && !BLANK.has(after)) malformed("labels or a value are wanted after the name");
    if (wanted !== undefined && !wanted.has(name)) return undefined;
    at = skipBlanks(line, at + name.length);
  }
  const labels = new Map<string, string>();
  if (line[at] === "{") {
    const read = readLabels(line, at + 1, labels);
    at = read.at;
    if (read.name !== undefined) name = name === "" ? read.name : malformed("two names for one metric");
  }
  if (name === "") malformed("a metric's name is wanted");
  if (wanted !== undefined && !wanted.has(name)) return undefined;
  return { name, labels, ...readValue(line, at) };
}

/** From after the brace: label="value" pairs with commas between and, if somebody likes, after them. A quoted string alone is the metric's name. */
function readLabels(line: string, from: number, labels: Map<string, string>): { readonly at: number; readonly name: string | undefined } {
  let at = skipBlanks(line, from);
  let name: string | undefined;
  while (line[at] !== "}") {
    let label: string;
    if (line[at] === '"') {
      const quoted = readQuoted(line, at + 1);
      label = quoted.value;
      at = skipBlanks(line, quoted.at);
      if (line[at] !== "=") {
        if (name !== undefined || labels.size > 0 || label === "") malformed("a quoted name stands first, once");
        name = label;
        at = afterComma(line, at);
        continue;
      }
    } else {
      label = match(LABEL_NAME, line, at) ?? malformed("a label's name is wanted");
      at = skipBlanks(line, at + label.length);
    }
    if (line[at] !== "=") malformed(`= is wanted after ${label}`);
    at = skipBlanks(line, at + 1);
    if (line[at] !== '"') malformed(`the value of ${label} is wanted in quotes`);
    const { value, at: after } = readQuoted(line, at + 1);
    if (labels.has(label)) malformed(`the label ${label} is there twice`);
    if (label === "__name__") malformed("__name__ is Prometheus' own label");
    if (labels.size === MAX_LABELS) malformed(`a series has at most ${String(MAX_LABELS)} labels`);
    labels.set(label, value);
    at = afterComma(line, skipBlanks(line, after));
  }
  return { at: skipBlanks(line, at + 1), name };
}

function afterComma(line: string, at: number): number {
  if (line[at] === ",") return skipBlanks(line, at + 1);
  return line[at] === "}" ? at : malformed("a comma or a closing brace is wanted");
}

function readQuoted(line: string, from: number): { readonly value: string; readonly at: number } {
  const end = line.indexOf('"', from);
  if (end === -1) malformed("a quote is not closed");
  const plain = line.slice(from, end);
  if (!plain.includes("\\")) return { value: plain, at: end + 1 };
  let value = "";
  for (let at = from; at < line.length; at += 1) {
    const character = line[at];
    if (character === '"') return { value, at: at + 1 };
    if (character !== "\\") {
      value += character;
      continue;
    }
    at += 1;
    const escaped = line[at];
    if (escaped === "n") value += "\n";
    else if (escaped === "\\" || escaped === '"') value += escaped;
    else malformed('only \\\\, \\" and \\n are escapes');
  }
  return malformed("a quote is not closed");
}

function readValue(line: string, from: number): { readonly value: number; readonly timestampMs: number | null } {
  // OpenMetrics' exemplar: what it says of one request is not for a twin.
  const exemplar = line.indexOf(" # {", from);
  const words = line.slice(from, exemplar === -1 ? undefined : exemplar).match(/[^ \t]+/g) ?? [];
  const [value, timestamp, ...more] = words;
  if (value === undefined) return malformed("a value is wanted");
  if (more.length > 0) return malformed("nothing is wanted after value and timestamp");
  if (timestamp !== undefined && !/^[+-]?\d{1,18}$/.test(timestamp)) return malformed("the timestamp is no whole number of ms");
  return { value: numberOf(value), timestampMs: timestamp === undefined ? null : Number(timestamp) };
}

function numberOf(word: string): number {
  if (NUMBER.test(word)) return Number(word);
  if (/^nan$/i.test(word)) return Number.NaN;
  const infinite = INFINITE.exec(word);
  if (infinite === null) return malformed("the value is no number");
  return infinite[1] === "-" ? -Infinity : Infinity;
}

function match(pattern: RegExp, line: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0];
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === " " || line[at] === "\t") at += 1;
  return at;
}

function malformed(why: string): never {
  throw new Malformed(why);
}
