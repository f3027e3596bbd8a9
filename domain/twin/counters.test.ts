import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advance, type Baseline } from "./counters.ts";
import { parseExposition } from "./exposition.ts";
import { type ProxyScrape, readProxy } from "./proxy.ts";
import { nothingCounted, total } from "./tally.ts";

/** A scrape in which each code has had so many responses. */
function scrape(codes: Readonly<Record<string, number>>, startedAt?: number): ProxyScrape {
  const lines = Object.entries(codes).map(
    ([code, n]) =>
      `response_total{direction="inbound",${code === "none" ? "" : `status_code="${code}",`}classification="${code.startsWith("5") ? "failure" : "success"}"} ${String(n)}`,
  );
  const text = [...lines, ...(startedAt === undefined ? [] : [`process_start_time_seconds ${String(startedAt)}`]), ""].join("\n");
  const samples = parseExposition(text);
  const read = samples.ok ? readProxy(samples.value) : samples;
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

const codesOf = (before: Baseline | undefined, now: ProxyScrape, observedSinceMs = Infinity) =>
  advance(before, now, 2_000, observedSinceMs).counted.inbound.codes;
const after = (first: ProxyScrape): Baseline => advance(undefined, first, 1_000, Infinity).baseline;

describe("advance", () => {
  it("knows nothing of a proxy that it sees for the first time", () => {
    expect(codesOf(undefined, scrape({ 200: 1_000 }))).toEqual({});
  });

  it("counts from 0 what a proxy that is younger than the twin has counted", () => {
    expect(codesOf(undefined, scrape({ 200: 7, 500: 1 }, 1_000), 999_000)).toEqual({ 200: 7, 500: 1 });
    expect(codesOf(undefined, scrape({ 200: 7 }, 998), 999_000)).toEqual({});
  });

  it("sees the first error of its kind, which PromQL's increase() does not", () => {
    expect(codesOf(after(scrape({ 200: 10 })), scrape({ 200: 12, 500: 1 }))).toEqual({ 200: 2, 500: 1 });
  });

  it("takes a lower value for a new beginning, and a series that went away and came back too", () => {
    expect(codesOf(after(scrape({ 200: 10, 500: 3 })), scrape({ 200: 4 }))).toEqual({ 200: 4 });
    const without = advance(after(scrape({ 200: 10, 500: 3 })), scrape({ 200: 10 }), 2_000, Infinity).baseline;
    expect(codesOf(without, scrape({ 200: 10, 500: 4 }))).toEqual({ 500: 4 });
  });

  it("sees a proxy that was started again by its start, when its counters have already passed the old ones", () => {
    expect(codesOf(after(scrape({ 200: 5 }, 1_000)), scrape({ 200: 7 }, 1_500))).toEqual({ 200: 7 });
    expect(codesOf(after(scrape({ 200: 5 }, 1_000)), scrape({ 200: 7 }, 1_000.4))).toEqual({ 200: 2 });
  });

  it("counts buckets as it counts counters, each histogram as a whole", () => {
    const histogram = (n: number, le10: number, inf: number) => {
      const text = [
        `response_latency_ms_bucket{direction="inbound",le="5"} ${String(n)}`,
        `response_latency_ms_bucket{direction="inbound",le="10"} ${String(le10)}`,
        `response_latency_ms_bucket{direction="inbound",le="+Inf"} ${String(inf)}`,
        "",
      ].join("\n");
      const samples = parseExposition(text);
      const read = samples.ok ? readProxy(samples.value) : samples;
      if (!read.ok) throw new Error(read.reason);
      return read.value;
    };
    const latency = (before: ProxyScrape, now: ProxyScrape) => advance(after(before), now, 2_000, Infinity).counted.inbound.latency;
    expect(latency(histogram(1, 3, 4), histogram(2, 6, 8))).toEqual([1, 2, 1]);
    expect(latency(histogram(5, 9, 9), histogram(1, 12, 12))).toEqual([1, 11]);
    // Torn apart by an increment between two lines: the bucket below wins.
    expect(latency(histogram(0, 0, 0), histogram(3, 2, 3))).toEqual([3]);
  });

  it("gives exactly what happened, through restarts and forgotten series, as long as it looked before them", () => {
    const code = fc.constantFrom("200", "404", "500", "503", "none");
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant("answer" as const), code, n: fc.integer({ min: 1, max: 50 }) }) },
      { weight: 4, arbitrary: fc.constant({ kind: "look" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("idle" as const), code }) },
    );
    let restarts = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const truth: Record<string, number> = {};
        let counters: Record<string, number> = {};
        let startedAt = 1_000;
        let baseline: Baseline | undefined;
        let counted = nothingCounted();
        const look = () => {
          const progress = advance(baseline, scrape(counters, startedAt), 0, Infinity);
          baseline = progress.baseline;
          counted = total([counted, progress.counted]);
        };
        look();
        for (const one of steps) {
          switch (one.kind) {
            case "answer":
              counters[one.code] = (counters[one.code] ?? 0) + one.n;
              truth[one.code] = (truth[one.code] ?? 0) + one.n;
              break;
            case "look":
              look();
              break;
            case "restart":
              look(); // what it counted after the last look dies with it
              counters = {};
              startedAt += 100;
              restarts += 1;
              break;
            case "idle":
              look(); // a series is dropped after ten idle minutes, which are many looks
              counters = Object.fromEntries(Object.entries(counters).filter(([name]) => name !== one.code));
              look();
              break;
            default:
              one satisfies never;
          }
        }
        look();
        expect(counted.inbound.codes).toEqual(truth);
      }),
    );
    expect(restarts).toBeGreaterThan(0);
  });
});
