import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { optimalRun } from "./oracle.ts";
import { hpaPolicy, marginPolicy, rulePolicy, seasonalPolicy, staticPolicy } from "./policies.ts";
import { seeded } from "./random.ts";
import { costOf, type Environment, ENVIRONMENT, newWorkload, podsOf, type Policy, scaleTo, serve, simulate, totalsOf } from "./simulate.ts";

// Hundredths: fast-check's doubles are mostly next to nothing, and then one pod is always enough.
const demands = (maxLength: number, most: number) =>
  fc
    .array(
      fc.integer({ min: 0, max: 100 * most }).map((hundredths) => hundredths / 100),
      { minLength: 1, maxLength },
    )
    .map((values) => Float32Array.from(values));

/** Every sequence of decisions, tried out on the simulator with no backlog: what the oracle must find without trying. */
function cheapestByTrial(demand: Float32Array, environment: Environment): number {
  let cheapest = Number.POSITIVE_INFINITY;
  const from = (workload: ReturnType<typeof newWorkload>, t: number, moved: number, spent: number): void => {
    const here = { ...workload, starting: [...workload.starting] };
    const tick = serve(here, demand[t] as number, environment);
    const cost = spent + costOf(tick, moved, environment);
    if (t === demand.length - 1) {
      cheapest = Math.min(cheapest, cost);
      return;
    }
    for (let wanted = environment.minReplicas; wanted <= environment.maxReplicas; wanted += 1) {
      const next = { ...here, starting: [...here.starting], backlog: 0 };
      from(next, t + 1, scaleTo(next, wanted, environment), cost);
    }
  };
  from(newWorkload(environment), 0, 0, 0);
  return cheapest / demand.length;
}

describe("the oracle", () => {
  it.each([0, 1, 2, 3])("is as cheap as the cheapest of all sequences of decisions, with a start-up of %i ticks", (startUpTicks) => {
    const environment = { ...ENVIRONMENT, maxReplicas: 4, initialReplicas: 2, startUpTicks };
    fc.assert(
      fc.property(demands(6, 4), (demand) => {
        expect(totalsOf(optimalRun(demand, environment), environment).cost).toBeCloseTo(cheapestByTrial(demand, environment), 4);
      }),
      { numRuns: 25 },
    );
  });

  it("is as cheap as brute force on 8 ticks and 4 replicas", () => {
    const demand = Float32Array.of(1, 0.2, 2.9, 3.1, 0.1, 0.1, 2.2, 1);
    const environment = { ...ENVIRONMENT, maxReplicas: 4, initialReplicas: 1 };
    expect(totalsOf(optimalRun(demand, environment), environment).cost).toBeCloseTo(cheapestByTrial(demand, environment), 5);
  });

  it("costs at most what any policy does, on any demand", () => {
    const random = seeded(9);
    const policies: readonly (() => Policy)[] = [
      ...[0.3, 0.6, 0.8].map((target) => () => hpaPolicy(target)),
      () => hpaPolicy(0.6, 0),
      () => rulePolicy(0.65),
      () => marginPolicy(),
      () => seasonalPolicy(0.7, 40),
      ...[1, 4, 12].map((pods) => () => staticPolicy(pods)),
      () => () => 1 + Math.floor(12 * random()),
    ];
    let compared = 0;
    fc.assert(
      fc.property(demands(200, 14), (demand) => {
        const least = totalsOf(optimalRun(demand), ENVIRONMENT).cost;
        for (const policy of policies) {
          compared += 1;
          expect(totalsOf(simulate(policy(), demand), ENVIRONMENT).cost).toBeGreaterThanOrEqual(least - 1e-4);
        }
      }),
      { numRuns: 40 },
    );
    expect(compared).toBeGreaterThan(0);
  });

  it("adds up: its cost is that of its pods, violations and moves", () => {
    const demand = Float32Array.from({ length: 500 }, (_, t) => 2 + 2 * Math.sin(t / 20));
    const run = optimalRun(demand);
    const { cost, podMinutes, violationMinutes, moves } = totalsOf(run, ENVIRONMENT);
    expect(500 * cost).toBeCloseTo(2 * podMinutes + 20 * 2 * violationMinutes + 0.2 * moves, 2);
    expect(run.pods[0]).toBe(podsOf(newWorkload(ENVIRONMENT)));
  });
});
