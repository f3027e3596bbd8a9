import { faulty, type Place, type Read, readOk, withoutMark } from "./text.ts";

export interface Cell extends Place {
  readonly text: string;
}

/** One line of data under the names that the header gave its cells. */
export interface Row {
  readonly line: number;
  readonly cells: Readonly<Record<string, Cell>>;
}

interface Shape {
  /** Names that the header must have, in any order; each may be written in several ways. */
  readonly columns: readonly (readonly [name: string, ...otherwise: string[]])[];
  readonly maxRows: number;
}

/** RFC 4180 with a header line: quoted cells may hold commas, line breaks and doubled quotes. Blank lines are passed over. */
export function parseCsv(given: string, { columns, maxRows }: Shape): Read<readonly Row[]> {
  const text = withoutMark(given);
  const rows: Row[] = [];
  let names: readonly string[] | undefined;
  for (const record of records(text)) {
    if ("unclosed" in record) return faulty({ ...record.unclosed, reason: "a quoted cell is not closed: look for an odd double quote" });
    const { cells } = record;
    const [first] = cells;
    if (first === undefined || (cells.length === 1 && first.text === "")) continue;
    if (names === undefined) {
      const header = namesOf(cells, columns);
      if (!header.ok) return header;
      names = header.value;
      continue;
    }
    if (cells.length !== names.length)
      return faulty({
        line: first.line,
        column: 1,
        reason: `has ${count(cells.length, "cell")} where the header has ${String(names.length)}`,
      });
    if (rows.length === maxRows)
      return faulty({ line: first.line, column: 1, reason: `is one line more than the ${String(maxRows)} that are read` });
    const named = Object.fromEntries(names.map((name, i) => [name, cells[i] ?? first]));
    rows.push({ line: first.line, cells: named });
  }
  if (names === undefined)
    return faulty({ line: 1, column: 1, reason: `is empty: the first line must be ${columns.map(([name]) => name).join(",")}` });
  return readOk(rows);
}

const count = (n: number, noun: string): string => `${String(n)} ${noun}${n === 1 ? "" : "s"}`;

function namesOf(header: readonly Cell[], columns: Shape["columns"]): Read<readonly string[]> {
  const wanted = columns.map(([name]) => name).join(",");
  const names = header.map(({ text }) => columns.find((ways) => ways.includes(text.trim().toLowerCase()))?.[0]);
  const stranger = names.indexOf(undefined);
  const cell = header[stranger];
  if (cell !== undefined) return faulty({ ...cell, path: cell.text, reason: `is no column of this file; the header must be ${wanted}` });
  const known = names.filter((name) => name !== undefined);
  const missing = columns.find(([name]) => !known.includes(name));
  if (missing !== undefined)
    return faulty({
      line: header[0]?.line ?? 1,
      column: 1,
      path: missing[0],
      reason: `the column is missing; the header must be ${wanted}`,
    });
  if (known.length > columns.length)
    return faulty({ line: header[0]?.line ?? 1, column: 1, reason: `a column is there twice; the header must be ${wanted}` });
  return readOk(known);
}

/** One record at a time; a place instead of a record where a quoted cell has no end. */
function* records(text: string): Generator<{ readonly cells: readonly Cell[] } | { readonly unclosed: Place }> {
  let line = 1;
  let lineStart = 0;
  let cells: Cell[] = [];
  for (let at = 0; at <= text.length;) {
    const place = { line, column: at - lineStart + 1 };
    let value = "";
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      if (end < 0) {
        yield { unclosed: place };
        return;
      }
      value = text.slice(at + 1, end).replaceAll('""', '"');
      for (let newline = text.indexOf("\n", at); newline >= 0 && newline < end; newline = text.indexOf("\n", newline + 1)) {
        line += 1;
        lineStart = newline + 1;
      }
      at = end + 1;
    }
    const rest = /[^,\r\n]*/y;
    rest.lastIndex = at;
    value += rest.exec(text)?.[0] ?? "";
    at = rest.lastIndex;
    cells.push({ text: value.trim(), ...place });
    if (text[at] === ",") {
      at += 1;
      continue;
    }
    yield { cells };
    cells = [];
    at += text.startsWith("\r\n", at) ? 2 : 1;
    line += 1;
    lineStart = at;
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
  return -1;
}

/** Cells with a comma, a quote or a line break are quoted. */
export const csvText = (columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [columns, ...rows].map((row) => `${row.map((cell) => quoted(String(cell))).join(",")}\n`).join("");

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
