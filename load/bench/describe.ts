import type { Burst } from "./burst.ts";
import type { Figure, Report } from "./figures.ts";
import { describeProfile } from "./profile.ts";
import { isTrue } from "./self-test.ts";
import type { Goal, Ratio } from "./statistics.ts";
import { median } from "./statistics.ts";

const digits = (value: number): string => (Number.isFinite(value) ? value.toPrecision(value >= 100 ? 4 : 3) : "?");
const interval = ({ mean, low, high }: Ratio): string => `${digits(mean)} [${digits(low)}–${digits(high)}]`;

const goalText = ({ is, goal, stretch }: Goal): string =>
  `goal ${is === "at least" ? "≥" : "≤"} ${String(goal)}${stretch === undefined ? "" : `, stretch ${String(stretch)}`}`;

function figureLine({ name, of, ratio, goal, verdict, byCpu }: Figure): string {
  const promised = goal === undefined || verdict === undefined ? "" : `   ${goalText(goal)}   ${verdict.toUpperCase()}`;
  const cpu = byCpu === undefined ? "" : `\n      by CPU time: ${interval(byCpu)}`;
  return `  ${name}: ${interval(ratio)}   ${String(ratio.pairs)} ${of}${promised}${cpu}`;
}

const whole = (values: readonly { readonly ms: number }[]): string => values.map(({ ms }) => ms.toFixed(0)).join(", ");

function burstLines({ name, networks, delayMs, cold, warm }: Burst & { readonly name: string }): readonly string[] {
  const cpu = (bursts: Burst["cold"]): string =>
    Object.keys(bursts[0]?.cpuMs ?? {})
      .map((role) => `${role} ${median(bursts.map(({ cpuMs }) => cpuMs[role] ?? 0)).toFixed(0)}`)
      .join(", ");
  return [
    `  ${name}: ${String(networks)} networks, controller ${String(delayMs)} ms: first ${whole(cold)} ms; then median ${median(warm.map(({ ms }) => ms)).toFixed(0)} ms (${whole(warm)})`,
    `      CPU ms of a first burst: ${cpu(cold)}; of a later one: ${cpu(warm)}; D2.3's, on its own machine, took 3531 ms`,
  ];
}

export function describe(report: Report): string {
  const [c] = report.calibrations;
  const roles = Object.keys(report.runs[0]?.cpuUs ?? {});
  return [
    `load, ${report.form}, ${report.date}`,
    "",
    `  machine      ${c?.machine ?? ""}`,
    `  Node         ${c?.node ?? ""}; ${c?.packages ?? ""}`,
    `  broker       ${report.broker}`,
    `  store        ${report.store}`,
    ...report.calibrations.map(
      ({ fdatasyncP50Ms, loopMs }) =>
        `  calibration  fdatasync p50 ${fdatasyncP50Ms.toFixed(2)} ms; fixed loop ${loopMs.toFixed(0)} ms CPU`,
    ),
    ...report.selfTests.map(
      (test) =>
        `  self test    a sink of ${String(test.delayMs)} ms at ${String(test.rate)}/s: p50 ${test.seen.p50Ms.toFixed(1)} ms, p99 ${test.seen.p99Ms.toFixed(1)} ms: ${isTrue(test) ? "true" : "FALSE"}`,
    ),
    "",
    "Ratios: geometric mean [95 %]; the bound decides",
    "",
    ...report.figures.map(figureLine),
    ...(report.runs.length === 0
      ? []
      : [
          "",
          `Medians of the runs: intents/s (information only), CPU µs an intent (${roles.join(" / ")}), cores that others kept busy`,
          "",
        ]),
    ...report.runs.map(
      ({ name, perSecond, cpuUs, others }) =>
        `  ${name.padEnd(26)} ${perSecond.toFixed(0).padStart(6)}/s   ${roles.map((role) => (cpuUs[role] ?? 0).toFixed(0)).join(" / ")}   ${others.toFixed(2)}`,
    ),
    ...(report.latencies.length === 0 ? [] : ["", "Latency, open loop, from the intended instant: median of the runs", ""]),
    ...report.latencies.map(
      ({ name, p50Ms, p99Ms, others }) =>
        `  ${name.padEnd(26)} p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, others ${others.toFixed(2)}`,
    ),
    ...(report.bursts.length === 0 ? [] : ["", "Burst (KPI 3.1), from the first publish to the last order executed", ""]),
    ...report.bursts.flatMap(burstLines),
    "",
    ...report.notes.map((note) => `  ${note}`),
    ...Object.entries(report.profiles).flatMap(([name, profile]) => ["", `Profile of ${name}`, "", describeProfile(profile)]),
  ].join("\n");
}
