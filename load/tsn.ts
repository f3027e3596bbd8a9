import { parseArgs } from "node:util";
import { runAdmissions, runGrid, runScale } from "./tsn/bench.ts";

const USAGE = `npm run load -- tsn            the published grid in 2,400 draws of one's own, admissions, and 10,000 streams; minutes
npm run load -- tsn --short    every 17th instance

  --seed N (7)  --every N (1)  -o json  --strict (a missed goal is exit code 99)`;

const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;

interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  readonly isMet: boolean;
}

type Reports = {
  readonly grid: ReturnType<typeof runGrid>;
  readonly admission: ReturnType<typeof runAdmissions>;
  readonly scale: ReturnType<typeof runScale>;
};

function goalsOf({ grid, admission, scale }: Reports): readonly Goal[] {
  const largest = scale.at(-1);
  const rejects = grid.verifierRejects + admission.verifierRejects + scale.reduce((sum, s) => sum + s.verifierRejects, 0);
  return [
    {
      what: "decided within 1 s of CPU",
      goal: "≥ 98 %",
      measured: `${percent(grid.decidedWithinOneSecond, grid.instances)} of ${String(grid.instances)}`,
      isMet: grid.decidedWithinOneSecond >= 0.98 * grid.instances,
    },
    { what: "schedules that the verifier rejects", goal: "0", measured: String(rejects), isMet: rejects === 0 },
    {
      what: "proofs that the checker does not confirm",
      goal: "0",
      measured: `${String(grid.certificateRejects)} of ${String(grid.infeasible)}`,
      isMet: grid.certificateRejects === 0,
    },
    {
      what: "scheduled within 63 gate entries a port, cycle at most 4 ms",
      goal: "≥ 95 %",
      measured: `${percent(grid.shortLists.within, grid.shortLists.instances)} of ${String(grid.shortLists.instances)}`,
      isMet: grid.shortLists.within >= 0.95 * grid.shortLists.instances,
    },
    {
      what: "one stream more at 200, CPU p99",
      goal: "≤ 5 ms",
      measured: `p50 ${admission.cpuMs.p50.toFixed(2)}, p99 ${admission.cpuMs.p99.toFixed(2)}, max ${admission.cpuMs.max.toFixed(2)} ms of ${String(admission.admissions)}`,
      isMet: admission.cpuMs.p99 <= 5,
    },
    {
      what: "10,000 streams over 992 switches, CPU",
      goal: "≤ 5 s",
      measured: `${largest?.verdict ?? "none"} in ${largest?.cpuSeconds.toFixed(2) ?? "?"} s`,
      isMet: largest?.verdict === "scheduled" && largest.cpuSeconds <= 5,
    },
  ];
}

function describe({ grid, admission, scale }: Reports, goals: readonly Goal[]): string {
  const table = (rows: readonly (readonly string[])[]): string => rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
  return [
    table([
      ["figure", "goal", "measured", "verdict"],
      ["---", "---", "---", "---"],
      ...goals.map((g) => [g.what, g.goal, g.measured, g.isMet ? "met" : "**missed**"]),
    ]),
    "",
    `grid: ${String(grid.scheduled)} scheduled, ${String(grid.infeasible)} infeasible, ${String(grid.undecided)} undecided; CPU p50 ${grid.cpuMs.p50.toFixed(1)}, p95 ${grid.cpuMs.p95.toFixed(1)}, max ${grid.cpuMs.max.toFixed(0)} ms; best effort keeps ${percent(grid.shortLists.bestEffortShare, 1)} of a port where lists are short`,
    `proofs: ${Object.entries(grid.proofs)
      .map(([kind, n]) => `${String(n)} ${kind}`)
      .join(", ")}`,
    "",
    table([
      ["by", "scheduled / infeasible / undecided"],
      ["---", "---"],
      ...Object.entries(grid.by).map(([cell, counts]) => [cell, counts.join(" / ")]),
    ]),
    "",
    `admissions: ${String(admission.refused)} of ${String(admission.admissions)} found no place beside streams that stay where they are`,
    ...scale.map(
      (s) =>
        `${String(s.streams)} streams, ${String(s.switches)} switches: ${s.verdict}, ${s.cpuSeconds.toFixed(2)} s CPU; verified in ${s.verifierCpuSeconds.toFixed(2)} s`,
    ),
    ...(grid.open.length === 0 ? [] : ["", "undecided:", ...grid.open]),
  ].join("\n");
}

/** The scheduler's figures; a rejected schedule or an unconfirmed proof is exit code 1. */
export function benchTsn(args: readonly string[]): number {
  const option = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { ...option, default: "7" },
      every: { ...option, default: "1" },
      short: { type: "boolean", default: false },
      strict: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      output: { ...option, short: "o", default: "text" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seed = Number(values.seed);
  const say = (line: string): void => console.error(`  ${line}`);
  const reports: Reports = {
    admission: runAdmissions(seed, values.short ? 50 : 250),
    scale: runScale(seed),
    grid: runGrid({ seed, every: values.short ? 17 : Number(values.every) }, say),
  };
  const goals = goalsOf(reports);
  console.log(values.output === "json" ? JSON.stringify({ goals, ...reports }, undefined, 2) : describe(reports, goals));
  if (!goals[1]?.isMet || !goals[2]?.isMet) return 1;
  return values.strict && goals.some((g) => !g.isMet) ? 99 : 0;
}
