import type { Problem } from "../../domain/tsn/model.ts";
import { admit, plan, validate } from "../../domain/tsn/operations.ts";
import type { Schedule, Verdict } from "../../domain/tsn/schedule.ts";
import { checkCertificate } from "../../domain/tsn/verify/certificate.ts";
import { type Cell, instanceOf, nameOf, periodsUs, topologies } from "./grid.ts";
import { meshOf } from "./mesh.ts";

/** Attempts that a problem gets: about a second of CPU where nothing helps. */
const BUDGET = 4000;
/** Entries of the shortest list among the devices that are known (VSC9959). */
const SHORT_LIST = 63;
const SHORT_CYCLE_US = 4000;

export interface GridReport {
  readonly instances: number;
  readonly scheduled: number;
  readonly infeasible: number;
  readonly undecided: number;
  readonly decidedWithinOneSecond: number;
  readonly cpuMs: { readonly p50: number; readonly p95: number; readonly max: number };
  readonly verifierRejects: number;
  readonly certificateRejects: number;
  readonly shortLists: { readonly instances: number; readonly within: number; readonly bestEffortShare: number };
  readonly proofs: Readonly<Record<string, number>>;
  /** Scheduled, infeasible, undecided by each coordinate of the grid. */
  readonly by: Readonly<Record<string, readonly [number, number, number]>>;
  readonly open: readonly string[];
}

const cpuMs = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** One instance of every cell: sizes × periods × deadlines × topologies × streams, on eight switches. Every so-manieth of them with `every`. */
function* cellsOf(seed: number, every: number): Generator<Cell> {
  let count = 0;
  for (const streams of [10, 70, 130, 220])
    for (let size = 1; size <= 5; size++)
      for (let period = 1; period <= 6; period++)
        for (let deadline = 1; deadline <= 5; deadline++)
          for (const topology of topologies)
            if (count++ % every === 0) yield { size, period, deadline, streams, switches: 8, topology, seed: seed * 1_000_000 + count };
}

const lcmUs = (period: number): number => {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  return (periodsUs[period - 1] ?? []).reduce((l, p) => (l / gcd(l, p)) * p, 1);
};

function planned(problem: Problem): Verdict {
  const answer = plan(problem, { seed: 1, iterationBudget: BUDGET });
  if (!answer.ok) throw new Error(answer.reason);
  return answer.value;
}

const meanBestEffort = ({ ports }: Schedule): number => ports.reduce((sum, p) => sum + p.bestEffortShare, 0) / ports.length;

export function runGrid({ seed, every }: { seed: number; every: number }, say: (line: string) => void): GridReport {
  const cpus: number[] = [];
  const open: string[] = [];
  const shares: number[] = [];
  const proofs: Record<string, number> = {};
  const by: Record<string, [number, number, number]> = {};
  const count = { scheduled: 0, infeasible: 0, undecided: 0 };
  const seen = { decided: 0, verifier: 0, certificates: 0, short: 0, within: 0 };
  for (const cell of cellsOf(seed, every)) {
    const isShort = lcmUs(cell.period) <= SHORT_CYCLE_US;
    let problem = instanceOf(cell, { maxEntries: isShort ? SHORT_LIST : 4096 });
    let verdict = undefined as Verdict | undefined;
    let spent = cpuMs(() => (verdict = planned(problem)));
    let within = isShort;
    if (isShort && verdict?.verdict === "undecided") {
      within = false;
      problem = instanceOf(cell, { maxEntries: 4096 });
      spent = cpuMs(() => (verdict = planned(problem)));
    }
    const { verdict: kind } = verdict as Verdict;
    count[kind] += 1;
    cpus.push(spent);
    if (kind !== "undecided" && spent <= 1000) seen.decided += 1;
    const axes = { size: cell.size, period: cell.period, deadline: cell.deadline, topology: cell.topology, streams: cell.streams };
    for (const [axis, value] of Object.entries(axes)) {
      const row = (by[`${axis} ${String(value)}`] ??= [0, 0, 0]);
      row[kind === "scheduled" ? 0 : kind === "infeasible" ? 1 : 2] += 1;
    }
    if (verdict?.verdict === "scheduled") {
      if (validate(problem, verdict.schedule).length > 0) {
        seen.verifier += 1;
        say(`REJECTED ${nameOf(cell)}`);
      }
      if (isShort) {
        seen.short += 1;
        if (within) {
          seen.within += 1;
          shares.push(meanBestEffort(verdict.schedule));
        }
      }
    } else if (verdict?.verdict === "infeasible") {
      const { certificate } = verdict;
      const proof = `${certificate.kind} (${certificate.model})`;
      proofs[proof] = (proofs[proof] ?? 0) + 1;
      const check = checkCertificate(problem, certificate);
      if (!check.holds) {
        seen.certificates += 1;
        say(`NOT CONFIRMED ${nameOf(cell)} ${certificate.kind}: ${check.reason}`);
      }
    } else open.push(nameOf(cell));
    if (cpus.length % 200 === 0) say(`${String(cpus.length)} instances`);
  }
  cpus.sort((a, b) => a - b);
  return {
    instances: cpus.length,
    ...count,
    decidedWithinOneSecond: seen.decided,
    cpuMs: { p50: quantile(cpus, 0.5), p95: quantile(cpus, 0.95), max: cpus.at(-1) ?? 0 },
    verifierRejects: seen.verifier,
    certificateRejects: seen.certificates,
    shortLists: {
      instances: seen.short,
      within: seen.within,
      bestEffortShare: shares.reduce((a, b) => a + b, 0) / Math.max(1, shares.length),
    },
    proofs,
    by,
    open,
  };
}

export interface AdmissionReport {
  readonly admissions: number;
  readonly refused: number;
  readonly cpuMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly verifierRejects: number;
}

/** Admissions before the first that counts: a process that schedules has done so before. */
const WARM_UP = 200;

/** One more stream beside 200, again and again, on each topology. CPU time of all threads, what is compiled and collected meanwhile included. */
export function runAdmissions(seed: number, rounds: number): AdmissionReport {
  const cpus: number[] = [];
  let refused = 0;
  let verifierRejects = 0;
  for (const topology of topologies) {
    const all = instanceOf({ size: 2, period: 3, deadline: 3, streams: 200 + WARM_UP + rounds, switches: 8, topology, seed });
    const problem = { ...all, streams: all.streams.slice(0, 200) };
    const before = planned(problem);
    if (before.verdict !== "scheduled") throw new Error(`the 200 streams on a ${topology} have no schedule to begin with`);
    for (const stream of all.streams.slice(200, 200 + WARM_UP)) admit(problem, before.schedule, stream);
    for (const stream of all.streams.slice(200 + WARM_UP)) {
      let change = undefined as ReturnType<typeof admit> | undefined;
      cpus.push(cpuMs(() => (change = admit(problem, before.schedule, stream))));
      if (change?.ok !== true || change.value.verdict.verdict !== "scheduled") refused += 1;
      else if (validate({ ...problem, streams: [...problem.streams, stream] }, change.value.verdict.schedule).length > 0)
        verifierRejects += 1;
    }
  }
  cpus.sort((a, b) => a - b);
  return {
    admissions: cpus.length,
    refused,
    cpuMs: { p50: quantile(cpus, 0.5), p99: quantile(cpus, 0.99), max: cpus.at(-1) ?? 0 },
    verifierRejects,
  };
}

export interface ScaleReport {
  readonly streams: number;
  readonly switches: number;
  readonly verdict: Verdict["verdict"];
  readonly cpuSeconds: number;
  readonly verifierRejects: number;
  readonly verifierCpuSeconds: number;
}

export function runScale(seed: number): readonly ScaleReport[] {
  return (
    [
      [10, 10, 1000],
      [20, 20, 5000],
      [32, 31, 10_000],
    ] as const
  ).map(([width, height, streams]) => {
    const problem = meshOf({ width, height, streams, seed });
    let verdict = undefined as Verdict | undefined;
    const cpuSeconds = cpuMs(() => (verdict = planned(problem))) / 1000;
    let rejects = 0;
    const { schedule } = verdict?.verdict === "scheduled" ? verdict : { schedule: undefined };
    const verifierCpuSeconds = cpuMs(() => (rejects = schedule === undefined ? 0 : validate(problem, schedule).length)) / 1000;
    return {
      streams,
      switches: width * height,
      verdict: verdict?.verdict ?? "undecided",
      cpuSeconds,
      verifierRejects: rejects,
      verifierCpuSeconds,
    };
  });
}
