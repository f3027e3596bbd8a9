import { z } from "zod";

/** What was seen of each vector on each host: the events of the golden file, or others; and which hosts were not there, and why. */
export const Matrix = z.object({
  hosts: z.array(z.object({ name: z.string(), why: z.string().optional() })),
  rows: z.array(z.object({ vector: z.string(), cells: z.record(z.string(), z.enum(["equal", "differs", "differs, as known"])) })),
  /** Why a cell is known to differ. */
  known: z.array(z.object({ vector: z.string(), hosts: z.array(z.string()), why: z.string() })),
});
export type Matrix = z.infer<typeof Matrix>;

/** Vectors down, hosts across; below, why a host was skipped and why a cell is known to differ. */
export function tableOf({ hosts, rows, known }: Matrix): string {
  const cells = rows.map(({ vector, cells: seen }) => [
    vector,
    ...hosts.map(({ name, why }) => seen[name] ?? (why === undefined ? "not run" : "skipped")),
  ]);
  const table = [["vector", ...hosts.map(({ name }) => name)], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const [head = [], ...body] = table;
  const notes = [
    ...hosts.flatMap(({ name, why }) => (why === undefined ? [] : [`skipped, ${name}: ${why}`])),
    ...known.map(({ vector, hosts: where, why }) => `differs as known, ${vector}, on ${where.join(" and ")}: ${why}`),
  ];
  return [line(head), rule, ...body.map(line), "", ...notes].join("\n");
}
