import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Grounds } from "./decide.ts";
import { DEVIATIONS, emptyMemory, EnvelopeSettings, HpaSettings, type Memory, type Model, NO_DEVIATION } from "./model.ts";
import { parametersOf } from "./network.ts";
import { hpaPolicy, learnedPolicy, SIMULATED_HPA } from "./policies.ts";
import { normal, seeded } from "./random.ts";
import { ENVIRONMENT, type Policy, simulate, totalsOf } from "./simulate.ts";
import { FEATURES } from "./state.ts";

/** A model that likes one action best, whatever it sees, and thinks nothing out of its range. */
function modelThatLikes(action: number): Model {
  const layout = [FEATURES.length, DEVIATIONS.length];
  const values = new Float32Array(parametersOf(layout));
  values[FEATURES.length * DEVIATIONS.length + action] = 1;
  const normalisation = { mean: new Float32Array(FEATURES.length), deviation: new Float32Array(FEATURES.length).fill(1e6) };
  return { weights: { layout, values }, normalisation, hurdle: 0 };
}
const [WASTEFUL, STINGY] = [modelThatLikes(DEVIATIONS.length - 1), modelThatLikes(0)];
const SOUND = modelThatLikes(NO_DEVIATION);

const DAY = 2880;
/** Arrivals that jump to and fro around a day's wave: the rule is cheaper on them than an HPA at 60 %. */
const noisy = (days: number, seed: number): Float32Array => {
  const random = seeded(seed);
  return Float32Array.from({ length: days * DAY }, (_, t) => Math.max(0, 2.5 + Math.sin((2 * Math.PI * t) / DAY) + 0.5 * normal(random)));
};
const costOf = (policy: Policy, demand: Float32Array): number => totalsOf(simulate(policy, demand), ENVIRONMENT).cost;
const earning = (model: Model): Policy => learnedPolicy(model, {}, 0.6, true);

describe("a learner that has to earn that it decides", () => {
  it.each([
    ["wastes pods", WASTEFUL],
    ["runs too few", STINGY],
  ])("and %s costs about what the HPA does", (_, model) => {
    const demand = noisy(3, 1);
    const hpa = costOf(hpaPolicy(0.6), demand);
    expect(costOf(learnedPolicy(model), demand)).toBeGreaterThan(1.2 * hpa);
    expect(costOf(earning(model), demand)).toBeLessThan(1.01 * hpa);
  });

  it("and is cheaper saves most of what it would have saved from the first period on", () => {
    const demand = noisy(3, 2);
    const [hpa, atOnce, earned] = [costOf(hpaPolicy(0.6), demand), costOf(learnedPolicy(SOUND), demand), costOf(earning(SOUND), demand)];
    expect(atOnce).toBeLessThan(0.97 * hpa);
    expect(hpa - earned).toBeGreaterThan(0.8 * (hpa - atOnce));
  });

  it("and was good loses its place when it is no longer", () => {
    const turns = { periods: 0 };
    let memory: Memory = emptyMemory;
    const good = learnedPolicyOf(() => (turns.periods++ < 2 * DAY ? SOUND : WASTEFUL));
    function learnedPolicyOf(model: () => Model): Policy {
      return (observation) => {
        const decided = decide({ ...grounds(observation), memory, model: model() });
        memory = decided.memory;
        fallbacks.push(decided.decision.fallback);
        return decided.decision.replicas;
      };
    }
    const fallbacks: (string | undefined)[] = [];
    simulate(good, noisy(4, 3));
    const share = (from: number, to: number): number =>
      fallbacks.slice(from, to).filter((reason) => reason === "NOT_AHEAD").length / (to - from);
    expect(fallbacks[0]).toBe("NOT_AHEAD");
    expect(share(DAY, 2 * DAY)).toBe(0);
    expect(share(3 * DAY, 4 * DAY)).toBe(1);
  });

  it("says how it stands, and what it would have done, while the HPA decides", () => {
    const { decision, memory } = decide({ ...grounds(observed(2)), memory: emptyMemory, model: WASTEFUL });
    expect(decision).toMatchObject({ fallback: "NOT_AHEAD", replicas: decision.hpa });
    expect(decision.learned).toBeGreaterThan(decision.replicas);
    expect(decision.qValues).toHaveLength(DEVIATIONS.length);
    expect(decision.advantage).toBe(memory.standing?.advantage);
    expect(decision.advantage).toBeLessThan(0);
  });

  it("is compared in shadow as well, so that a place may be earned before anything is left to it", () => {
    let memory: Memory = emptyMemory;
    for (const demand of noisy(1, 4)) ({ memory } = decide({ ...grounds(observed(demand)), memory, model: SOUND, mode: "shadow" }));
    expect(memory.standing?.advantage).toBeGreaterThan(0);
    expect(decide({ ...grounds(observed(2)), memory, model: SOUND }).decision.fallback).toBeUndefined();
  });

  it("is told by the demand alone: what is really there does not count for or against it", () => {
    const ready = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 20, maxLength: 20 });
    const demand = noisy(1, 5);
    fc.assert(
      fc.property(ready, ready, (some, others) => {
        const [one, other] = [some, others].map((real) => {
          let memory: Memory = emptyMemory;
          real.forEach((pods, t) => {
            const observation = { ...observed(demand[t] ?? 0), replicas: { ready: t === 0 ? 3 : pods, starting: 0 } };
            ({ memory } = decide({ ...grounds(observation), memory, model: SOUND }));
          });
          return memory.standing;
        });
        expect(other).toEqual(one);
      }),
      { numRuns: 20 },
    );
  });
});

const observed = (demand: number) => ({
  atMs: 10_000_000,
  periodMs: 30_000,
  replicas: { ready: 3, starting: 0 },
  usage: { cpuCores: Math.min(demand, 3), ramBytes: 2 ** 29 },
  limits: { cpuCores: 1, ramBytes: 2 ** 30 },
  requestsPerSecond: 100 * demand,
  podRequestsPerSecond: 100,
});

const grounds = (observation: Grounds["observation"]): Omit<Grounds, "memory" | "model"> => ({
  observation,
  nowMs: observation.atMs,
  mode: "act",
  killed: false,
  envelope: EnvelopeSettings.parse({}),
  hpa: HpaSettings.parse({ ...SIMULATED_HPA, targetUtilisation: 0.6 }),
  mustEarn: true,
});
