import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PodMetric, recommendHpa, replicasForMetrics, replicasForUtilisation } from "./hpa.ts";
import { HpaSettings } from "./model.ts";

const ready = (...usages: number[]): PodMetric[] => usages.map((usage) => ({ state: "ready", usage, request: 1000 }));
const unready = (count: number): PodMetric[] => Array<PodMetric>(count).fill({ state: "unready", request: 1000 });
const missing = (count: number): PodMetric[] => Array<PodMetric>(count).fill({ state: "missing", request: 1000 });

// Derived from the documentation of autoscaling/v2 and the algorithm it describes: [what, pods, current, target in per cent, replicas].
const GOLDEN: readonly (readonly [string, PodMetric[], number, number, number | undefined])[] = [
  ["doubles when usage is twice the target", ready(1000, 1000, 1000), 3, 50, 6],
  ["halves when usage is half the target", ready(250, 250, 250, 250), 4, 50, 2],
  ["rounds up", ready(700, 700, 700), 3, 60, 4],
  ["keeps within a tenth above the target", ready(550, 550), 2, 50, 2],
  ["keeps within a tenth below the target", ready(450, 450), 2, 50, 2],
  ["acts just beyond a tenth", ready(560, 560), 2, 50, 3],
  ["cuts the utilisation off to a whole per cent: 55.9 % is 55 %, which is within", ready(559, 559), 2, 50, 2],
  ["takes the mean over pods", ready(900, 100, 800), 3, 50, 4],
  ["has nothing to say without a metric", missing(2), 2, 50, undefined],
  ["has nothing to say when no pod is ready", unready(2), 2, 50, undefined],
  ["scales to the ready pods that it sees, not to the current number", ready(300, 300, 300), 5, 50, 2],
  ["up with unready pods: they count as idle", [...ready(1000, 1000), ...unready(1)], 3, 50, 4],
  ["up with unready pods that would turn it round: keeps", [...ready(700), ...unready(3)], 4, 50, 4],
  ["down with unready pods: they do not count", [...ready(200, 200), ...unready(2)], 4, 50, 1],
  ["up with a missing metric: it counts as idle", [...ready(1000, 1000), ...missing(1)], 3, 50, 4],
  ["down with a missing metric: it counts as fully used", [...ready(100, 100, 100), ...missing(1)], 4, 50, 3],
  ["down with a missing metric that would turn it round: keeps", [...ready(300), ...missing(1)], 2, 50, 2],
  ["missing metrics at exactly the target change nothing", [...ready(500, 500), ...missing(1)], 3, 50, 3],
  ["a target above 100 % is what missing pods count as on the way down", [...ready(500, 500, 500), ...missing(1)], 4, 120, 3],
  ["up, missing and unready together count as idle", [...ready(900, 900), ...missing(1), ...unready(1)], 4, 30, 6],
  ["down to nothing used asks for none; the minimum is applied later", ready(0, 0), 2, 50, 0],
];

describe("replicas for a utilisation", () => {
  it.each(GOLDEN)("%s", (_, pods, current, target, replicas) => {
    expect(replicasForUtilisation(pods, current, target)).toBe(replicas);
  });

  it("never turns round: usage above the target takes no pod away, usage below adds none", () => {
    const pod = fc.oneof(
      fc.integer({ min: 0, max: 3000 }).map((usage): PodMetric => ({ state: "ready", usage, request: 1000 })),
      fc.constantFrom<PodMetric>({ state: "unready", request: 1000 }, { state: "missing", request: 1000 }),
    );
    fc.assert(
      fc.property(fc.array(pod, { minLength: 1, maxLength: 12 }), fc.integer({ min: 10, max: 150 }), (pods, target) => {
        const seen = pods.flatMap((one) => (one.state === "ready" ? [one.usage] : []));
        const mean = seen.reduce((sum, x) => sum + x, 0) / seen.length / 10;
        const replicas = replicasForUtilisation(pods, pods.length, target);
        if (replicas === undefined) return seen.length === 0;
        // A ready pod's share may round up to fewer pods than there are where some are not ready: only those that are seen are compared.
        return mean > target ? replicas >= seen.length : replicas <= pods.length;
      }),
    );
  });
});

describe("several metrics", () => {
  it("follows the one that asks for most", () => expect(replicasForMetrics([3, 7, 5], 4)).toBe(7));
  it("does not scale down while one of them failed", () => expect(replicasForMetrics([2, undefined], 4)).toBeUndefined());
  it("scales up although one of them failed", () => expect(replicasForMetrics([6, undefined], 4)).toBe(6));
  it("has nothing to say when all failed", () => expect(replicasForMetrics([undefined, undefined], 4)).toBeUndefined());
});

describe("behaviour", () => {
  const settings = HpaSettings.parse({});
  const bounds = { minReplicas: 1, maxReplicas: 100 };
  const none = { recommendations: [], changes: [] };
  const at = 1_000_000;
  const recommend = (desired: number | undefined, current: number, state: Parameters<typeof recommendHpa>[2] = none) =>
    recommendHpa(desired, current, state, at, settings, bounds).replicas;

  it("scales up at once, by 4 pods where that is more than double", () => expect([recommend(50, 2), recommend(50, 10)]).toEqual([6, 20]));
  it("does not count a scale-up twice within its period of 15 s", () => {
    expect(recommend(50, 6, { recommendations: [], changes: [{ atMs: at - 10_000, by: 4 }] })).toBe(6);
    expect(recommend(50, 6, { recommendations: [], changes: [{ atMs: at - 15_000, by: 4 }] })).toBe(12);
  });
  it("waits 300 s before it scales down: the most that was recommended in them stands", () => {
    const recommendations = [{ atMs: at - 299_000, replicas: 8 }];
    expect(recommend(2, 10, { recommendations, changes: [] })).toBe(8);
    expect(recommend(2, 10, { recommendations: [{ atMs: at - 300_000, replicas: 8 }], changes: [] })).toBe(2);
  });
  it("an old recommendation does not scale up", () =>
    expect(recommend(4, 4, { recommendations: [{ atMs: at - 60_000, replicas: 9 }], changes: [] })).toBe(4));
  it("keeps the current number, and remembers nothing, without a metric", () => {
    expect(recommendHpa(undefined, 7, none, at, settings, bounds)).toEqual({ replicas: 7, recommendations: [] });
  });
  it("stays within minimum and maximum", () => {
    expect(recommendHpa(0, 3, none, at, settings, { minReplicas: 2, maxReplicas: 5 }).replicas).toBe(2);
    expect(recommendHpa(9, 4, none, at, settings, { minReplicas: 2, maxReplicas: 5 }).replicas).toBe(5);
  });
  it("remembers what was recommended before stabilisation", () => {
    const { recommendations } = recommendHpa(
      2,
      10,
      { recommendations: [{ atMs: at - 1, replicas: 8 }], changes: [] },
      at,
      settings,
      bounds,
    );
    expect(recommendations).toEqual([
      { atMs: at - 1, replicas: 8 },
      { atMs: at, replicas: 2 },
    ]);
  });
});
