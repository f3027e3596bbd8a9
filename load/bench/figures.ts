import type { ArrangementName } from "./arrangement.ts";
import type { Burst } from "./burst.ts";
import type { Calibration } from "./calibration.ts";
import type { ProfileSummary } from "./profile.ts";
import type { Paced, Throughput } from "./run.ts";
import type { SelfTest } from "./self-test.ts";
import { geometric, type Goal, judge, median, type Ratio, ratioOf, type Verdict } from "./statistics.ts";

/** One line of the answer: a ratio, its bounds, and what was promised of it. */
export interface Figure {
  readonly name: string;
  readonly ratio: Ratio;
  readonly of: "pairs" | "runs";
  readonly goal?: Goal;
  readonly verdict?: Verdict;
  /** The same from CPU time alone, which other work on the machine disturbs less than throughput. */
  readonly byCpu?: Ratio;
}

export interface Runs {
  readonly name: ArrangementName;
  readonly perSecond: number;
  readonly cpuUs: Readonly<Record<string, number>>;
  readonly others: number;
}

export interface Report {
  readonly date: string;
  readonly form: string;
  /** Before and after. */
  readonly calibrations: readonly Calibration[];
  readonly broker: string;
  readonly store: string;
  readonly selfTests: readonly SelfTest[];
  readonly figures: readonly Figure[];
  readonly runs: readonly Runs[];
  readonly latencies: readonly {
    readonly name: ArrangementName;
    readonly p50Ms: number;
    readonly p99Ms: number;
    readonly others: number;
  }[];
  readonly bursts: readonly (Burst & { readonly name: ArrangementName })[];
  readonly notes: readonly string[];
  readonly profiles: Readonly<Record<string, ProfileSummary>>;
}

const totalCpu = ({ cpuUs }: Throughput): number => Object.values(cpuUs).reduce((sum, us) => sum + us, 0);

const figure = (name: string, of: Figure["of"], ratio: Ratio, goal?: Goal, byCpu?: Ratio): Figure => ({
  name,
  of,
  ratio,
  ...(goal === undefined ? {} : { goal, verdict: judge(ratio, goal) }),
  ...(byCpu === undefined ? {} : { byCpu }),
});

export function throughputFigure(name: string, a: readonly Throughput[], b: readonly Throughput[], goal?: Goal): Figure {
  const rates = (runs: readonly Throughput[]): readonly number[] => runs.map(({ perSecond }) => perSecond);
  return figure(name, "pairs", ratioOf(rates(a), rates(b)), goal, ratioOf(b.map(totalCpu), a.map(totalCpu)));
}

export function latencyFigures(name: string, a: readonly Paced[], b: readonly Paced[], goal: Goal): readonly Figure[] {
  return (["p50Ms", "p99Ms"] as const).map((at) => {
    const values = (runs: readonly Paced[]): readonly number[] => runs.map(({ latency }) => latency[at]);
    return figure(`${at.slice(0, 3)}: ${name}`, "pairs", ratioOf(values(a), values(b)), goal);
  });
}

export function burstFigures(name: string, { delayMs, cold, warm }: Burst): readonly Figure[] {
  const inDelays = (bursts: Burst["cold"]): Ratio => geometric(bursts.map(({ ms }) => ms / delayMs));
  return [
    figure(`${name}, warm, in controller delays`, "runs", inDelays(warm), { is: "at most", goal: 2.5 }),
    figure(`${name}, first of a process, in controller delays`, "runs", inDelays(cold), { is: "at most", goal: 4 }),
  ];
}

export const runsOf = (results: ReadonlyMap<ArrangementName, readonly Throughput[]>): readonly Runs[] =>
  [...results].map(([name, runs]) => {
    const roles = Object.keys(runs[0]?.cpuUs ?? {});
    return {
      name,
      perSecond: median(runs.map((run) => run.perSecond)),
      cpuUs: Object.fromEntries(roles.map((role) => [role, median(runs.map((run) => run.cpuUs[role] ?? 0))])),
      others: median(runs.map((run) => run.others)),
    };
  });

export const latenciesOf = (results: ReadonlyMap<ArrangementName, readonly Paced[]>): Report["latencies"] =>
  [...results].map(([name, runs]) => ({
    name,
    p50Ms: median(runs.map(({ latency }) => latency.p50Ms)),
    p99Ms: median(runs.map(({ latency }) => latency.p99Ms)),
    others: median(runs.map(({ others }) => others)),
  }));
