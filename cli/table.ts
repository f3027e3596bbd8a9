import { type Paint, printable, type Style } from "./screen.ts";

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | undefined;
  readonly style?: (row: Row) => Style | undefined;
}

/** Lines with columns as wide as their widest cell; where no row has anything to say in a column, it is left out. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], paint: Paint): readonly string[] {
  const cellOf = (row: Row, { of }: Column<Row>): string => printable(String(of(row) ?? ""));
  const shown = columns
    .map((column) => ({ column, width: Math.max(column.title.length, ...rows.map((row) => cellOf(row, column).length)) }))
    .filter(({ column }) => rows.length === 0 || rows.some((row) => cellOf(row, column) !== ""));
  const line = (cells: readonly { text: string; style: Style | undefined }[]) => {
    const last = cells.findLastIndex(({ text }) => text !== "");
    return cells
      .slice(0, last + 1)
      .map(({ text, style }, i) => paint(text, style) + (i === last ? "" : " ".repeat((shown[i]?.width ?? 0) - text.length)))
      .join("  ");
  };
  const heading = line(shown.map(({ column }) => ({ text: column.title, style: "faint" as const })));
  return [heading, ...rows.map((row) => line(shown.map(({ column }) => ({ text: cellOf(row, column), style: column.style?.(row) }))))];
}

const styles: Readonly<Record<string, Style>> = {
  FULFILLED: "good",
  executed: "good",
  create: "good",
  created: "good",
  FULFILMENTFAILED: "bad",
  DEGRADED: "bad",
  failed: "bad",
  delete: "bad",
  removed: "bad",
  ACKNOWLEDGED: "busy",
  COMPLIANT: "busy",
  placed: "busy",
  change: "busy",
  changed: "busy",
  missing: "bad",
  different: "busy",
  unseen: "faint",
  none: "faint",
};

/** One colour a word, wherever it stands. */
export const styleOf = (word: string | undefined): Style | undefined => (word === undefined ? undefined : styles[word]);
