import type { Evaluation } from "./evaluation.ts";

const COLUMNS = ["policy", "cost/tick", "violation min", "pod min", "moves", "normalised IQM [95 %]", "better than HPA*"] as const;

/** The table that `npm run evaluate` prints. */
export function describe(name: string, { policies, hpa, days, seeds }: Evaluation): string {
  const rows = Object.entries(policies).map(([policy, { cost, violationMinutes, podMinutes, moves, normalised, better }]) => [
    policy,
    cost.toFixed(3),
    violationMinutes.toFixed(1),
    podMinutes.toFixed(0),
    moves.toFixed(0),
    `${normalised.iqm.toFixed(3)} [${normalised.low.toFixed(3)}, ${normalised.high.toFixed(3)}]`,
    `${(100 * better).toFixed(0)} %`,
  ]);
  const widths = COLUMNS.map((column, i) => Math.max(column.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return [
    `${name}: ${String(days)} days (or parts), ${String(seeds)} seeds. HPA* = hpa-calibrated: target ${String(Math.round(100 * hpa.targetUtilisation))} %, scale-down window ${String(hpa.scaleDownWindowMs / 1000)} s, the cheapest of 55 in hindsight.`,
    "",
    line(COLUMNS),
    ...rows.map(line),
    "",
    "normalised: 0 is HPA*, 1 the oracle that knew the future. cost: pods + 20 × violation + 0.2 × pods started or stopped, a tick of 30 s.",
  ].join("\n");
}
