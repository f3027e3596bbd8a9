import type { EnvelopeSettings, HpaSettings, Model } from "../learning/model.ts";
import { hpaPolicy, learnedPolicy } from "../learning/policies.ts";
import { type Environment, ENVIRONMENT, type Policy, simulate, type Totals, totalsOf } from "../learning/simulate.ts";
import type { ScalingRecord } from "./record.ts";

/** What one workload's log says of what the learner would have been worth. Simulated and observed figures stand side by side. */
export interface ShadowReport {
  readonly workload: string;
  readonly from: string;
  readonly to: string;
  /** Periods that could be compared, and pieces that they are in: nothing is made up for what was not seen. */
  readonly periods: number;
  readonly pieces: number;
  /** What there was, as the twins showed it: whoever scaled. */
  readonly observed: Totals;
  /** The Kubernetes HPA and the learner on the same demand, in the simulator. */
  readonly hpa: Totals;
  readonly learner: Totals;
  /** HPA less learner: above 0 the learner would have saved it. */
  readonly saved: Totals;
  /** How often, by reason. */
  readonly fallbacks: Readonly<Record<string, number>>;
  readonly guards: Readonly<Record<string, number>>;
  /** Share of the learner's decisions that were the HPA's as well. */
  readonly agreement: number | undefined;
  /** Share of periods whose demand comes from request rates; of the others it comes from CPU, which shows nothing beyond 100 %. */
  readonly measuredDemand: number;
}

export interface ReportSettings {
  readonly model: Model;
  readonly envelope: EnvelopeSettings;
  readonly hpa: HpaSettings;
  readonly periodMs: number;
}

type Seen = ScalingRecord & { readonly demandPods: number };
const isSeen = (record: ScalingRecord): record is Seen => record.demandPods !== undefined && record.current.ready > 0;

/** A piece shorter than this says nothing about scaling. */
const LEAST_PERIODS = 10;
const NOTHING: Totals = { cost: 0, violationMinutes: 0, podMinutes: 0, moves: 0 };

/** @returns undefined where the log has not enough in a row. */
export function shadowReport(records: readonly ScalingRecord[], settings: ReportSettings): ShadowReport | undefined {
  const pieces = inPieces(records.filter(isSeen), settings.periodMs).filter((piece) => piece.length >= LEAST_PERIODS);
  const all = pieces.flat();
  const [first] = all;
  const last = all.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const hpa = simulated(pieces, () => hpaPolicy(settings.hpa.targetUtilisation, settings.hpa.scaleDownWindowMs), settings);
  const learner = simulated(pieces, () => learnedPolicy(settings.model, settings.envelope, settings.hpa.targetUtilisation), settings);
  const decided = records.filter((record) => record.learned !== undefined);
  return {
    workload: first.workload,
    from: first.takenAt,
    to: last.takenAt,
    periods: all.length,
    pieces: pieces.length,
    observed: mean(pieces.map((piece) => observed(piece, environmentOf(piece, settings)))),
    hpa,
    learner,
    saved: {
      cost: hpa.cost - learner.cost,
      violationMinutes: hpa.violationMinutes - learner.violationMinutes,
      podMinutes: hpa.podMinutes - learner.podMinutes,
      moves: hpa.moves - learner.moves,
    },
    fallbacks: tally(records.flatMap(({ fallback }) => fallback ?? [])),
    guards: tally(records.flatMap(({ guard }) => guard)),
    agreement: decided.length === 0 ? undefined : decided.filter(({ learned, hpa: other }) => learned === other).length / decided.length,
    measuredDemand: all.filter(({ observation }) => observation?.podRequestsPerSecond !== undefined).length / all.length,
  };
}

function inPieces(records: readonly Seen[], periodMs: number): readonly (readonly Seen[])[] {
  const pieces: Seen[][] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const record of records) {
    const atMs = Date.parse(record.takenAt);
    if (atMs - lastMs > 2 * periodMs) pieces.push([]);
    pieces.at(-1)?.push(record);
    lastMs = atMs;
  }
  return pieces;
}

const environmentOf = ([first]: readonly Seen[], { envelope, periodMs }: ReportSettings): Environment => ({
  ...ENVIRONMENT,
  tickMs: periodMs,
  minReplicas: envelope.minReplicas,
  maxReplicas: envelope.maxReplicas,
  initialReplicas: Math.max(1, first?.current.ready ?? 1),
});

const simulated = (pieces: readonly (readonly Seen[])[], policy: () => Policy, settings: ReportSettings): Totals =>
  mean(
    pieces.map((piece) => {
      const environment = environmentOf(piece, settings);
      const demand = Float32Array.from(piece, ({ demandPods }) => demandPods);
      return { periods: piece.length, totals: totalsOf(simulate(policy(), demand, environment), environment) };
    }),
  );

/** What was, by the same prices. */
function observed(piece: readonly Seen[], environment: Environment): Part {
  const minutes = environment.tickMs / 60_000;
  let violations = 0;
  let pods = 0;
  let moves = 0;
  piece.forEach(({ current, demandPods }, i) => {
    const before = piece[i - 1]?.current ?? current;
    const all = current.ready + current.starting;
    pods += all;
    moves += Math.abs(all - before.ready - before.starting);
    if (demandPods > environment.violationUtilisation * current.ready) violations += 1;
  });
  const cost = (pods + environment.violationCost * violations + environment.moveCost * moves) / piece.length;
  return { periods: piece.length, totals: { cost, violationMinutes: violations * minutes, podMinutes: pods * minutes, moves } };
}

interface Part {
  readonly periods: number;
  readonly totals: Totals;
}

/** Totals add up; cost is per period, so it is weighed. */
function mean(parts: readonly Part[]): Totals {
  const periods = parts.reduce((sum, part) => sum + part.periods, 0);
  return parts.reduce(
    (sum, { periods: own, totals }) => ({
      cost: sum.cost + (totals.cost * own) / periods,
      violationMinutes: sum.violationMinutes + totals.violationMinutes,
      podMinutes: sum.podMinutes + totals.podMinutes,
      moves: sum.moves + totals.moves,
    }),
    NOTHING,
  );
}

function tally(words: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(counts);
}
