import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Prometheus' own tool judges where it is installed (Debian: the package prometheus). What it said once is written in the tests, so that nothing is skipped. */
export const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

/** Whether Prometheus can parse a scrape. Findings of its linter, which are about names, do not count. */
export function promtoolParses(text: string): boolean {
  const { stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  return !stderr.includes("error while linting");
}

/** Whether PromQL gives these values: histogram_quantile of cumulative buckets at one moment. */
export function promtoolQuantiles(
  buckets: readonly (readonly [le: string, count: number])[],
  wanted: readonly (readonly [q: number, value: number])[],
): string {
  const series = buckets.map(([le, count]) => `      - { series: 'b{le="${le}"}', values: '${String(count)}' }`).join("\n");
  const tests = wanted
    .map(
      ([q, value]) => `      - { expr: 'histogram_quantile(${String(q)}, b)', eval_time: 0s, exp_samples: [{ value: ${String(value)} }] }`,
    )
    .join("\n");
  const folder = mkdtempSync(join(tmpdir(), "promtool-"));
  try {
    const file = join(folder, "test.yml");
    writeFileSync(file, `tests:\n  - interval: 1m\n    input_series:\n${series}\n    promql_expr_test:\n${tests}\n`);
    const { stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
    return `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
