import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEVIATIONS, EnvelopeSettings, HpaSettings, type Model, type Transition } from "../learning/model.ts";
import { parametersOf } from "../learning/network.ts";
import { FEATURES } from "../learning/state.ts";
import { TRAIN_DEFAULTS } from "../learning/train.ts";
import { canary, canaryLoads, passes } from "./canary.ts";
import { decodeTransition, encodeTransition, experience, type Pending, type Seen, TRANSITION_BYTES } from "./experience.ts";
import { genesis, linkText, updateText } from "./federation.ts";
import { readIntentLimits } from "./intent-limits.ts";
import type { ScalingRecord } from "./record.ts";
import { shadowReport } from "./report.ts";
import { LearningFile, settingsFor } from "./settings.ts";

const layout = [FEATURES.length, 4, DEVIATIONS.length];
/** A model that values every action the same in every state: what it does is told by its biases alone. */
function constantModel(values: readonly number[]): Model {
  const weights = { layout, values: new Float32Array(parametersOf(layout)) };
  values.forEach((x, i) => (weights.values[weights.values.length - values.length + i] = x));
  const normalisation = { mean: new Float32Array(FEATURES.length), deviation: new Float32Array(FEATURES.length).fill(1e6) };
  return { weights, normalisation, hurdle: 0 };
}
const rule = constantModel([0, 0, 1, 0, 0]);
const wasteful = constantModel([0, 0, 0, 0, 1]);

describe("the canary", () => {
  it("plays the same loads always, and tells a model that wastes pods from one that follows the rule", () => {
    expect(canaryLoads().map((load) => [...load])).toEqual(canaryLoads().map((load) => [...load]));
    const seen = canary(wasteful, rule);
    expect(seen.candidate).toBeGreaterThan(seen.current + 1);
    expect(passes(seen)).toBe(false);
    expect(canary(rule, rule)).toMatchObject({ candidate: seen.current, hpa: seen.hpa });
  });

  it.each([
    [{ candidate: 4, current: 4, hpa: 3 }, true],
    [{ candidate: 4.05, current: 4, hpa: 5 }, true],
    [{ candidate: 4.05, current: 4, hpa: 4.04 }, false],
    [{ candidate: 4.2, current: 4, hpa: 5 }, false],
    [{ candidate: Number.NaN, current: 4, hpa: 5 }, false],
  ])("lets %j through: %s", (seen, does) => {
    expect(passes(seen)).toBe(does);
  });
});

describe("experience", () => {
  const seen = (pods: number, centre: number, demand = 1): Seen => ({
    state: { features: new Float32Array(FEATURES.length).fill(pods), centre, least: 1 },
    mask: DEVIATIONS.map(() => true),
    replicas: { ready: pods, starting: 0 },
    demand,
  });
  const run = (all: readonly Seen[]): readonly (Transition | undefined)[] => {
    let pending: readonly Pending[] = [];
    return all.map((one) => {
      const { transition, pending: next } = experience(pending, one);
      pending = next;
      return transition;
    });
  };

  const { steps } = TRAIN_DEFAULTS;
  /** Enough periods after the first ones for their transitions to be complete. */
  const then = (first: readonly Seen[], one: Seen): readonly Seen[] => [...first, ...Array.from({ length: steps }, () => one)];

  it("is what was done and not what was decided: pods against the rule's of the period before", () => {
    const done = run(then([seen(3, 4), seen(3, 4)], seen(4, 4))).filter((transition) => transition !== undefined);
    expect(done.map(({ action }) => DEVIATIONS[action])).toEqual([-1, 0]);
    expect(done.map((transition) => transition.steps)).toEqual([steps, steps]);
    expect(done.map(({ features, nextFeatures }) => [features[0], nextFeatures[0]])).toEqual([
      [3, 4],
      [3, 4],
    ]);
  });

  it("is worth less the more pods, violations and moves there were", () => {
    const worth = (all: readonly Seen[]): number => run(all).find((transition) => transition !== undefined)?.reward ?? Number.NaN;
    const calm = worth(then([seen(4, 4)], seen(4, 4)));
    expect(worth(then([seen(5, 5)], seen(5, 5)))).toBeLessThan(calm);
    expect(worth(then([seen(4, 4, 3.9)], seen(4, 4, 3.9)))).toBeLessThan(calm - 1);
    expect(worth(then([seen(4, 4), seen(5, 4)], seen(4, 4)))).toBeLessThan(calm);
  });

  it("ends where the pods jumped as no action could make them", () => {
    expect(run([seen(4, 4), seen(4, 4), seen(9, 4), seen(9, 9), seen(9, 9), seen(9, 9)])).toEqual(
      Array.from({ length: 6 }, () => undefined),
    );
  });

  it("never keeps more than a few pending decisions", () => {
    let pending: readonly Pending[] = [];
    for (let i = 0; i < 50; i += 1) ({ pending } = experience(pending, seen(4, 4)));
    expect(pending).toHaveLength(steps);
  });

  it("comes back from its bytes as it was, all of one length", () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    const features = fc.array(float, { minLength: FEATURES.length, maxLength: FEATURES.length }).map((all) => Float32Array.from(all));
    fc.assert(
      fc.property(
        fc.record({
          features,
          nextFeatures: features,
          action: fc.nat(DEVIATIONS.length - 1),
          reward: float,
          steps: fc.integer({ min: 1, max: 4 }),
          nextMask: fc.array(fc.boolean(), { minLength: DEVIATIONS.length, maxLength: DEVIATIONS.length }),
        }),
        (transition) => {
          const bytes = encodeTransition(transition);
          expect(bytes).toHaveLength(TRANSITION_BYTES);
          // As a store gives it: a window on something larger, at any offset.
          const window = new Uint8Array(TRANSITION_BYTES + 3).subarray(3);
          window.set(bytes);
          expect(decodeTransition(window)).toEqual(transition);
        },
      ),
    );
  });
});

describe("what is signed", () => {
  it("has one writing for each content, and another for each kind", () => {
    const sha = "a".repeat(64);
    const claims = { client: "c", round: 1, baseSha256: sha, deltaSha256: sha, samples: 1 };
    const texts = [
      updateText(claims),
      updateText({ ...claims, client: 'c",2,"' }),
      updateText({ ...claims, round: 11 }),
      updateText({ ...claims, samples: 11 }),
      linkText(genesis(sha)),
      linkText({ ...genesis(sha), round: 1 }),
    ];
    expect(new Set(texts).size).toBe(texts.length);
    expect(JSON.parse(texts[0] ?? "")).toEqual(["nemo-cfdrl-update-v1", "c", 1, sha, sha, 1]);
  });
});

describe("limits in the intents", () => {
  const intent = (targets: readonly object[], workload: unknown = "cbcb208a") => ({
    id: "i",
    intentExpectations: [
      {
        expectationObject: {
          objectContexts: [{ contextAttribute: "NEMO_WORKLOAD", contextCondition: "IS_EQUAL_TO", contextValueRange: workload }],
        },
        expectationTargets: targets,
      },
    ],
  });
  const cpu = { targetName: "cpuUsage", targetCondition: "IS_LESS_THAN", targetValueRange: "500m" };
  const ram = { targetName: "ramUsage", targetCondition: "IS_LESS_THAN", targetValueRange: "512Mi" };
  const of = (answer: unknown) => Object.fromEntries(readIntentLimits(answer));

  it("are read from a list, a page, a single intent, and NEMO's wrapping", () => {
    const wanted = { cbcb208a: { cpuCores: 0.5, ramBytes: 2 ** 29 } };
    const one = intent([cpu, ram]);
    for (const answer of [[one], { results: [one] }, { intents: [one] }, one, [{ Intent: one }], { Intent: one }])
      expect(of(answer)).toEqual(wanted);
  });

  it("may have a unit, or be the upper end of a range; the smallest of several holds", () => {
    expect(
      of([intent([{ targetName: "RAM", targetCondition: "IS_WITHIN_RANGE", targetValueRange: [64, 256], targetUnit: "MiB" }])]),
    ).toEqual({
      cbcb208a: { ramBytes: 256 * 2 ** 20 },
    });
    expect(of([intent([cpu]), intent([{ ...cpu, targetValueRange: "2" }])])).toEqual({ cbcb208a: { cpuCores: 0.5 } });
    expect(of([intent([cpu], ["a", "b"])])).toEqual({ a: { cpuCores: 0.5 }, b: { cpuCores: 0.5 } });
  });

  it("are not made up from what is no limit", () => {
    for (const target of [
      { ...cpu, targetCondition: "IS_GREATER_THAN" },
      { ...cpu, targetUnit: "%" },
      { ...cpu, targetValueRange: "much" },
      { ...cpu, targetValueRange: 0 },
      { ...cpu, targetName: "latency" },
    ])
      expect(of([intent([target])])).toEqual({});
    expect(of([{ intentExpectations: [{ expectationTargets: [cpu] }] }])).toEqual({});
  });

  it("are read, or left alone, whatever the answer is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (answer) => {
        expect(readIntentLimits(answer).size).toBe(0);
      }),
    );
    expect(of([null, "x", intent([cpu]), { intentExpectations: [null, { expectationTargets: [null, 3] }] }])).toEqual({
      cbcb208a: { cpuCores: 0.5 },
    });
  });
});

describe("the operator's file", () => {
  it("may be empty: shadow mode, alone", () => {
    expect(LearningFile.parse({})).toMatchObject({
      client: "local",
      mode: "shadow",
      periodMs: 30_000,
      epsilon: 0,
      scaleDeployments: false,
    });
  });

  it("with a quorum that its clients cannot reach is refused", () => {
    const federation = { clients: { a: "a.pem" }, aggregatorPublicKeyFile: "agg.pem", quorum: 3 };
    expect(LearningFile.safeParse({ federation })).toMatchObject({ success: false });
    expect(LearningFile.safeParse({ federation: { ...federation, quorum: 1, byzantine: 0 } })).toMatchObject({ success: true });
    expect(LearningFile.safeParse({ replicas: 3 }).success).toBe(false);
  });

  it("gives a workload what it says of it, by its twin's id or NEMO's UUID", () => {
    const file = LearningFile.parse({
      mode: "advise",
      workloads: { "c/ns/Deployment/a": { mode: "act", maxReplicas: 3 }, uuid: { minReplicas: 2 } },
    });
    expect(settingsFor(file, "c/ns/Deployment/a")).toMatchObject({ mode: "act", envelope: { minReplicas: 1, maxReplicas: 3 } });
    expect(settingsFor(file, "other", "uuid")).toMatchObject({ mode: "advise", envelope: { minReplicas: 2, maxReplicas: 12 } });
    expect(settingsFor(file, "constructor")).toMatchObject({ mode: "advise", envelope: { minReplicas: 1 } });
  });
});

describe("the shadow report", () => {
  const settings = { model: rule, envelope: EnvelopeSettings.parse({}), hpa: HpaSettings.parse({}), periodMs: 30_000 };
  const record = (i: number, demandPods: number, ready: number, more: Partial<ScalingRecord> = {}): ScalingRecord => ({
    decisionId: String(i),
    workload: "w",
    component: { kind: "Deployment", name: "web" },
    takenAt: new Date(1_767_225_600_000 + 30_000 * i).toISOString(),
    validUntil: new Date(1_767_225_660_000 + 30_000 * i).toISOString(),
    mode: "shadow",
    replicas: ready,
    hpa: ready,
    learned: ready,
    current: { ready, starting: 0 },
    guard: [],
    demandPods,
    ...more,
  });

  it("prices what there was as the simulator prices what there would have been", () => {
    const report = shadowReport(
      Array.from({ length: 120 }, (_, i) => record(i, 2.5, 6)),
      settings,
    );
    expect(report).toMatchObject({
      periods: 120,
      pieces: 1,
      observed: { podMinutes: 360, violationMinutes: 0, moves: 0, cost: 6 },
      agreement: 1,
    });
    // 2.5 pods of work: the rule runs 4 at 0.65, the HPA 5 at 0.6, whoever scaled had 6.
    expect(report?.learner.podMinutes).toBeLessThan(report?.hpa.podMinutes ?? 0);
    expect(report?.hpa.podMinutes).toBeLessThan(360);
    expect(report?.saved.podMinutes).toBeCloseTo((report?.hpa.podMinutes ?? 0) - (report?.learner.podMinutes ?? 0));
  });

  it("counts what was violated, moved, guarded and fallen back", () => {
    const records = Array.from({ length: 40 }, (_, i) =>
      record(i, i < 20 ? 2.9 : 1, i % 2 === 0 ? 3 : 4, { guard: ["STEP"], ...(i < 4 ? { fallback: "STALE" } : {}) }),
    );
    expect(shadowReport(records, settings)).toMatchObject({
      observed: { violationMinutes: 5, moves: 39 },
      guards: { STEP: 40 },
      fallbacks: { STALE: 4 },
    });
  });

  it("makes nothing up for what was not seen, and says nothing where there is too little", () => {
    const holed = Array.from({ length: 60 }, (_, i) => record(i < 30 ? i : i + 500, 2, 3));
    expect(shadowReport(holed, settings)).toMatchObject({ periods: 60, pieces: 2 });
    expect(shadowReport(holed.slice(0, 9), settings)).toBeUndefined();
    const { demandPods: _, ...blind } = record(0, 1, 1);
    expect(
      shadowReport(
        Array.from({ length: 50 }, () => blind),
        settings,
      ),
    ).toBeUndefined();
  });
});
