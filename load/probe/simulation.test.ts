import { describe, expect, it } from "vitest";
import { simulate } from "./simulation.ts";

const HOUR_MS = 3_600_000;

describe("the schedule, simulated", () => {
  it.each([
    [3, "full-mesh", 120_000],
    [23, "full-mesh", HOUR_MS],
    [100, "full-mesh", HOUR_MS],
    [1_000, "ring", HOUR_MS],
    [1_000, "sampled", HOUR_MS],
  ] as const)(
    "measures every link of %d nodes (%s) once a period of %d ms, and lets none wait until it is given up",
    (nodes, strategy, periodMs) => {
      const run = simulate({ nodes, strategy, periodMs, periods: 2 });
      expect(run.leftOver).toBe(0);
      expect(run.measured).toBe(2 * run.pairsPerPeriod);
      expect(run.longestWaitMs).toBeLessThan(120_000);
      expect(run.longestGapMs).toBeLessThan(periodMs + 120_000);
      expect(run.busiestShare).toBeLessThan(0.5);
    },
  );
});
