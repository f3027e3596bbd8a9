import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Grounds } from "./decide.ts";
import {
  DEVIATIONS,
  emptyMemory,
  EnvelopeSettings,
  HpaSettings,
  type Memory,
  type Model,
  NO_DEVIATION,
  type Observation,
} from "./model.ts";
import { parametersOf } from "./network.ts";
import { seeded } from "./random.ts";
import { FEATURES, maskOf, outlookOf, stateOf } from "./state.ts";

const GIB = 2 ** 30;
const observation = (more: Partial<Observation> = {}): Observation => ({
  atMs: 10_000_000,
  periodMs: 30_000,
  replicas: { ready: 4, starting: 0 },
  usage: { cpuCores: 2, ramBytes: GIB },
  limits: { cpuCores: 1, ramBytes: GIB },
  requestsPerSecond: 200,
  podRequestsPerSecond: 100,
  ...more,
});
const memory: Memory = { ...emptyMemory, demand: Array.from({ length: 119 }, (_, t) => 2 + 0.2 * Math.sin(t)) };

/** A model that likes one action best, whatever it sees. */
function modelThatLikes(action: number, hurdle = 0.01): Model {
  const layout = [FEATURES.length, DEVIATIONS.length];
  const values = new Float32Array(parametersOf(layout));
  values[FEATURES.length * DEVIATIONS.length + action] = 1;
  return {
    weights: { layout, values },
    normalisation: { mean: new Float32Array(FEATURES.length), deviation: new Float32Array(FEATURES.length).fill(1) },
    hurdle,
  };
}

const grounds = (more: Partial<Grounds> = {}): Grounds => ({
  observation: observation(),
  memory,
  nowMs: 10_000_500,
  mode: "act",
  killed: false,
  model: modelThatLikes(NO_DEVIATION),
  envelope: EnvelopeSettings.parse({}),
  hpa: HpaSettings.parse({}),
  ...more,
});
const decisionOf = (more: Partial<Grounds> = {}) => decide(grounds(more)).decision;

describe("a decision", () => {
  it("is the rule's where the model does not deviate, and the deviation where it does", () => {
    const rule = decisionOf();
    expect(rule).toMatchObject({ action: NO_DEVIATION, guard: [] });
    expect(rule.fallback).toBeUndefined();
    expect(rule.replicas).toBe(rule.state?.centre);
    expect(decisionOf({ model: modelThatLikes(3) }).replicas).toBe(rule.replicas + 1);
  });

  it("deviates only for more than the hurdle", () => {
    expect(decisionOf({ model: modelThatLikes(3, 0.99) }).action).toBe(3);
    expect(decisionOf({ model: modelThatLikes(3, 1.01) }).action).toBe(NO_DEVIATION);
  });

  it("says everything that it follows from, and the same again for the same grounds", () => {
    const decision = decisionOf();
    expect(decision.qValues).toHaveLength(DEVIATIONS.length);
    expect(decision.mask).toHaveLength(DEVIATIONS.length);
    expect(decision.state?.features).toHaveLength(FEATURES.length);
    expect(decision.propensity).toBe(1);
    expect(decisionOf()).toEqual(decision);
  });

  it("remembers the demand, what the HPA said and what was changed, and no more than a window of it", () => {
    const after = decide(grounds({ model: modelThatLikes(4) })).memory;
    expect(after.demand).toEqual([...memory.demand, 2]);
    expect(decide(grounds({ memory: after })).memory.demand).toHaveLength(120);
    expect(after.recommendations.at(-1)).toEqual({ atMs: 10_000_000, replicas: 4 });
    expect(after.changes).toEqual([{ atMs: 10_000_000, by: 1 }]);
  });

  it.each([
    ["OFF", { mode: "off" }],
    ["KILLED", { killed: true }],
    ["NO_MODEL", { model: "NO_MODEL" }],
    ["MODEL_HASH", { model: "MODEL_HASH" }],
    ["STALE", { nowMs: 10_060_001 }],
    ["MISSING", { observation: observation({ usage: { cpuCores: Number.NaN, ramBytes: 1 } }) }],
    ["MISSING", { observation: observation({ limits: { cpuCores: 0, ramBytes: 1 } }) }],
    ["OUT_OF_RANGE", { observation: observation({ requestsPerSecond: 1e6 }) }],
    [
      "NOT_FINITE",
      {
        model: {
          ...modelThatLikes(2),
          weights: {
            layout: [FEATURES.length, DEVIATIONS.length],
            values: new Float32Array(parametersOf([FEATURES.length, DEVIATIONS.length])).fill(Number.NaN),
          },
        },
      },
    ],
  ] satisfies [string, Partial<Grounds>][])("is the HPA's, with the reason %s", (fallback, more) => {
    const decision = decisionOf(more);
    expect(decision.fallback).toBe(fallback);
    expect(decision.replicas).toBe(decision.hpa);
    expect(decision.learned).toBeUndefined();
  });

  it("in shadow and advise is the HPA's, and says what the learner would have", () => {
    for (const mode of ["shadow", "advise"] as const) {
      const decision = decisionOf({
        mode,
        model: modelThatLikes(4),
        hpa: HpaSettings.parse({ targetUtilisation: 0.9, scaleDownWindowMs: 0 }),
      });
      expect([decision.replicas, decision.fallback]).toEqual([decision.hpa, undefined]);
      expect(decision.learned).toBeGreaterThan(decision.replicas);
    }
  });

  it("keeps what is there when the data of a workload are missing", () => {
    expect(decisionOf({ observation: observation({ usage: { cpuCores: Number.NaN, ramBytes: 1 } }) }).replicas).toBe(4);
  });

  it("explores only what the mask allows, with the propensity that it had", () => {
    const random = seeded(2);
    for (let i = 0; i < 200; i += 1) {
      const { action, mask, propensity } = decisionOf({ explore: { epsilon: 0.5, random } });
      expect(mask?.[action ?? -1]).toBe(true);
      const allowed = mask?.filter(Boolean).length ?? 0;
      expect(propensity).toBeCloseTo(action === NO_DEVIATION ? 0.5 + 0.5 / allowed : 0.5 / allowed, 9);
    }
  });

  it("is a whole number of pods within the envelope, whatever the observation", () => {
    const number = fc.oneof(
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1),
    );
    const any = fc.record({
      cpuCores: number,
      ramBytes: number,
      rate: number,
      ready: fc.integer({ min: 0, max: 12 }),
      starting: fc.integer({ min: 0, max: 6 }),
      action: fc.nat(4),
    });
    fc.assert(
      fc.property(any, ({ cpuCores, ramBytes, rate, ready, starting, action }) => {
        const { decision, memory: after } = decide(
          grounds({
            observation: observation({ usage: { cpuCores, ramBytes }, requestsPerSecond: rate, replicas: { ready, starting } }),
            model: modelThatLikes(action),
          }),
        );
        expect(Number.isInteger(decision.replicas)).toBe(true);
        expect(decision.replicas).toBeGreaterThanOrEqual(1);
        expect(decision.replicas).toBeLessThanOrEqual(12);
        expect(after.demand.every(Number.isFinite)).toBe(true);
      }),
    );
  });
});

describe("the mask", () => {
  const settings = EnvelopeSettings.parse({});
  const state = (centre: number, least: number) => ({ features: new Float32Array(FEATURES.length), centre, least });
  it("allows no fewer pods than the level of the demand needs", () => {
    expect(maskOf(state(4, 3), { ready: 4, starting: 0 }, settings)).toEqual([false, true, true, true, true]);
  });
  it("allows no more than a step up, no less than a step down", () => {
    expect(maskOf(state(8, 1), { ready: 4, starting: 0 }, settings)).toEqual([true, true, true, false, false]);
    expect(maskOf(state(4, 1), { ready: 7, starting: 0 }, settings)).toEqual([false, false, false, true, true]);
  });
  it("always allows something: the nearest", () => {
    expect(maskOf(state(12, 1), { ready: 1, starting: 0 }, settings)).toEqual([true, false, false, false, false]);
    expect(maskOf(state(1, 1), { ready: 12, starting: 0 }, settings)).toEqual([false, false, false, false, true]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        fc.nat(12),
        fc.nat(6),
        (centre, least, ready, starting) => maskOf(state(centre, least), { ready, starting }, settings).includes(true),
      ),
    );
  });
});

it("features are finite, whatever the demand has been", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(20)), { minLength: 1, maxLength: 120 }),
      (demand) => {
        const { features, centre } = stateOf(outlookOf(demand), { ready: 0, starting: 0 }, 1e9);
        return features.every(Number.isFinite) && Number.isInteger(centre) && centre >= 1;
      },
    ),
  );
});
