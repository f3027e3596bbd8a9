import type { Model } from "../../domain/learning/model.ts";
import { optimalRun } from "../../domain/learning/oracle.ts";
import { hpaPolicy, learnedPolicy, marginPolicy, rulePolicy, seasonalPolicy, staticPolicy } from "../../domain/learning/policies.ts";
import { seeded } from "../../domain/learning/random.ts";
import { type Environment, ENVIRONMENT, type Policy, type Run, simulate, type Totals, totalsOf } from "../../domain/learning/simulate.ts";
import { tablePolicy } from "../../domain/learning/tabular-policy.ts";
import type { Table } from "../../domain/learning/tabular.ts";
import { TRAIN_DEFAULTS } from "../../domain/learning/train.ts";
import { type Estimate, estimate, probabilityOfImprovement } from "./statistics.ts";

/** Targets and scale-down windows among which the HPA is calibrated, in hindsight, on the very trace. */
const HPA_TARGETS = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8];
const HPA_WINDOWS_MS = [0, 60_000, 120_000, 300_000, 600_000];

/** Where the trace is cut into days; one that is shorter than two days, into hours or more, at most six. */
export function blocksOf(ticks: number, environment: Environment = ENVIRONMENT): readonly (readonly [from: number, to: number])[] {
  const day = 86_400_000 / environment.tickMs;
  const blocks =
    ticks >= 2 * day ? Math.floor(ticks / day) : Math.max(1, Math.min(6, Math.floor((ticks * environment.tickMs) / 3_600_000)));
  const length = ticks >= 2 * day ? day : Math.floor(ticks / blocks);
  return Array.from({ length: blocks }, (_, i) => [i * length, i === blocks - 1 ? ticks : (i + 1) * length] as const);
}

export interface Scored extends Totals {
  /** Against the HPA that was calibrated in hindsight (0) and the oracle (1). */
  readonly normalised: Estimate;
  /** Share of days, and seeds, on which it costs less than that HPA. */
  readonly better: number;
}

export interface Evaluation {
  readonly policies: Readonly<Record<string, Scored>>;
  readonly hpa: { readonly targetUtilisation: number; readonly scaleDownWindowMs: number };
  readonly days: number;
  readonly seeds: number;
  /** Normalised score of the learner, by seed and by day. */
  readonly scores: readonly (readonly number[])[];
  readonly runs: Readonly<Record<string, readonly Run[]>>;
}

/** The learners: networks, one of each seed, and the table. */
export interface Learnt {
  readonly models: readonly Model[];
  readonly table: Table;
}

interface Tried {
  readonly targetUtilisation: number;
  readonly scaleDownWindowMs: number;
  readonly run: Run;
}

/** The HPA that would have been the cheapest on this demand. */
export function bestHpa(demand: Float32Array, environment: Environment): Tried {
  let best: (Tried & { readonly cost: number }) | undefined;
  for (const targetUtilisation of HPA_TARGETS) {
    for (const scaleDownWindowMs of HPA_WINDOWS_MS) {
      const run = simulate(hpaPolicy(targetUtilisation, scaleDownWindowMs), demand, environment);
      const { cost } = totalsOf(run, environment);
      if (best === undefined || cost < best.cost) best = { targetUtilisation, scaleDownWindowMs, run, cost };
    }
  }
  return best as Tried;
}

/**
 * What everybody makes of a demand.
 */
export function evaluate(demand: Float32Array, { models, table }: Learnt, environment: Environment = ENVIRONMENT): Evaluation {
  const blocks = blocksOf(demand.length, environment);
  const run = (policy: Policy): Run => simulate(policy, demand, environment);
  const hpa = bestHpa(demand, environment);
  const runs: Record<string, readonly Run[]> = {
    oracle: [optimalRun(demand, environment)],
    // As it is deployed: it has to earn that it decides, from nothing.
    dqn: models.map((model) => run(learnedPolicy(model, {}, 0.6, true))),
    "dqn-at-once": models.map((model) => run(learnedPolicy(model))),
    "tabular-q": [run(tablePolicy(table, TRAIN_DEFAULTS.hurdle))],
    "margin-rule": [run(marginPolicy())],
    "seasonal-predictor": [run(seasonalPolicy(0.7))],
    "demand-rule": [run(rulePolicy(0.65))],
    "hpa-calibrated": [hpa.run],
    "hpa-60": [run(hpaPolicy(0.6))],
    "hpa-80": [run(hpaPolicy(0.8))],
    "static-4": [run(staticPolicy(4))],
  };
  const costs = (of: Run): number[] => blocks.map(([from, to]) => totalsOf(of, environment, from, to).cost);
  const [least, calibrated] = [costs(runs["oracle"]?.[0] as Run), costs(hpa.run)];
  const normalise = (cost: number, day: number): number => {
    const room = (calibrated[day] as number) - (least[day] as number);
    return room > 0 ? ((calibrated[day] as number) - cost) / room : 0;
  };
  const scoresOf = (all: readonly Run[]): number[][] => all.map((one) => costs(one).map(normalise));
  const policies = Object.fromEntries(
    Object.entries(runs).map(([name, all]): [string, Scored] => {
      const mean = (of: (totals: Totals) => number): number =>
        all.reduce((sum, one) => sum + of(totalsOf(one, environment)), 0) / Math.max(1, all.length);
      return [
        name,
        {
          cost: mean(({ cost }) => cost),
          violationMinutes: mean(({ violationMinutes }) => violationMinutes),
          podMinutes: mean(({ podMinutes }) => podMinutes),
          moves: mean(({ moves }) => moves),
          normalised: estimate(scoresOf(all), seeded(1)),
          better: probabilityOfImprovement(all.map(costs), calibrated),
        },
      ];
    }),
  );
  const { targetUtilisation, scaleDownWindowMs } = hpa;
  return {
    policies,
    hpa: { targetUtilisation, scaleDownWindowMs },
    days: blocks.length,
    seeds: models.length,
    scores: scoresOf(runs["dqn"] ?? []),
    runs,
  };
}
