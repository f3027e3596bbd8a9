import { describe, expect, it } from "vitest";
import { DEVIATIONS, type Model } from "../../domain/learning/model.ts";
import { initialWeights } from "../../domain/learning/network.ts";
import { poisson, seeded } from "../../domain/learning/random.ts";
import { FEATURES } from "../../domain/learning/state.ts";
import { CELLS } from "../../domain/learning/tabular-policy.ts";
import { newTable } from "../../domain/learning/tabular.ts";
import { blocksOf, evaluate } from "./evaluation.ts";
import { plotDay, plotScores, plotTradeOff } from "./plots.ts";
import { ENVIRONMENT } from "../../domain/learning/simulate.ts";
import { describe as table } from "./table.ts";

describe("days", () => {
  it("are days where there are two or more, the last with what is left", () => {
    expect(blocksOf(3 * 2880 + 100)).toEqual([
      [0, 2880],
      [2880, 5760],
      [5760, 8740],
    ]);
  });
  it("are parts of at least an hour of a shorter trace", () => {
    expect(blocksOf(300)).toEqual([
      [0, 150],
      [150, 300],
    ]);
    expect(blocksOf(60)).toEqual([[0, 60]]);
    expect(blocksOf(5000)).toHaveLength(6);
  });
});

const random = seeded(1);
const demand = Float32Array.from({ length: 1200 }, (_, t) => poisson(random, 40 * (3 + 2 * Math.sin(t / 200))) / 40);
const model = (seed: number): Model => ({
  weights: initialWeights([FEATURES.length, 8, DEVIATIONS.length], seeded(seed)),
  normalisation: { mean: new Float32Array(FEATURES.length), deviation: new Float32Array(FEATURES.length).fill(1) },
  hurdle: 0.01,
});
const evaluation = evaluate(demand, { models: [model(1), model(2)], table: newTable(CELLS, DEVIATIONS.length) });

describe("an evaluation", () => {
  it("puts nobody below the oracle", () => {
    const { oracle, ...others } = evaluation.policies;
    expect(Object.keys(others).length).toBeGreaterThan(7);
    for (const { cost } of Object.values(others)) expect(cost).toBeGreaterThanOrEqual(oracle?.cost ?? Number.NaN);
  });
  it("gives the oracle 1 and the HPA that was calibrated in hindsight 0", () => {
    expect(evaluation.policies["oracle"]?.normalised).toEqual({ iqm: 1, low: 1, high: 1 });
    expect(evaluation.policies["hpa-calibrated"]?.normalised).toEqual({ iqm: 0, low: 0, high: 0 });
  });
  it("takes the cheapest HPA of its grid", () =>
    expect(evaluation.policies["hpa-60"]?.cost).toBeGreaterThanOrEqual(evaluation.policies["hpa-calibrated"]?.cost ?? Number.NaN));
  it("has a score for each seed and day", () => expect(evaluation.scores.map((days) => days.length)).toEqual([6, 6]));
  it("costs pods, violations and moves", () => {
    for (const { cost, podMinutes, violationMinutes, moves } of Object.values(evaluation.policies))
      expect(cost * demand.length).toBeCloseTo(2 * podMinutes + 2 * 20 * violationMinutes + 0.2 * moves, 0);
  });
  it("is a table and three pictures that name every policy and nothing that is not a number", () => {
    const scores = plotScores("a <trace>", evaluation);
    const pictures = [scores, plotTradeOff("t", evaluation), plotDay("t", demand, evaluation, ENVIRONMENT)];
    for (const name of Object.keys(evaluation.policies))
      expect([table("t", evaluation), pictures[1]].every((text) => text?.includes(name))).toBe(true);
    for (const picture of pictures) expect(picture).not.toMatch(/NaN|undefined|Infinity/);
    expect(scores).toContain("a &lt;trace>");
  });
});
