import { describe, expect, it } from "vitest";
import type { Latest } from "./model.ts";
import { type Counted, nothingCounted } from "./tally.ts";
import { earlier, emptyWindow, latest, push, trafficOf, type Window, WINDOW_MS } from "./window.ts";

const SECOND = 1_000;
const counted = (codes: Readonly<Record<string, number>>, latency: readonly number[] = []): Counted => {
  const one = nothingCounted();
  const responses = Object.values(codes).reduce((a, b) => a + b, 0);
  return { ...one, inbound: { ...one.inbound, requests: responses, succeeded: responses, codes: { ...codes }, latency: [...latency] } };
};
const none = { inbound: 0, outbound: 0 };

/** D2.3 6.1.1: two requests a minute are answered with 200, and one in six minutes with 500. */
function example(minutes: number, everySeconds: number): Window {
  let window = push(emptyWindow(), nothingCounted(), [], 0);
  for (let second = everySeconds; second <= minutes * 60; second += everySeconds) {
    const in_ = (period: number): number => Math.floor(second / period) - Math.floor((second - everySeconds) / period);
    const codes = { ...(in_(30) === 0 ? {} : { 200: in_(30) }), ...(in_(360) === 0 ? {} : { 500: in_(360) }) };
    window = push(window, counted(codes), [], second * SECOND);
  }
  return window;
}

describe("the window", () => {
  it.each([10, 15, 30, 60])("gives D2.3's example exactly, looked at every %i s", (everySeconds) => {
    const { windowSeconds, inbound } = trafficOf(example(120, everySeconds), none);
    expect(windowSeconds).toBe(1_800);
    expect(inbound?.responseCountByCode).toEqual({ 200: 60, 500: 5 });
    expect(inbound?.responseRateByCode).toEqual({ 200: 2 / 60, 500: 1 / 360 });
  });

  it("knows no rate before it has looked twice", () => {
    const window = push(emptyWindow(), nothingCounted(), [], 0);
    expect(trafficOf(window, none)).toMatchObject({
      windowSeconds: 0,
      inbound: { requestRate: null, successRatio: null, responseRateByCode: {} },
    });
  });

  it("covers the time that it has, and says how much", () => {
    const { windowSeconds, inbound } = trafficOf(example(6, 30), none);
    expect(windowSeconds).toBe(360);
    expect(inbound?.responseRateByCode).toEqual({ 200: 2 / 60, 500: 1 / 360 });
  });

  it("keeps what was counted in a gap, over the time of the gap", () => {
    let window = push(emptyWindow(), nothingCounted(), [], 0);
    window = push(window, counted({ 200: 30 }), [], 900 * SECOND);
    expect(trafficOf(window, none)).toMatchObject({ windowSeconds: 900, inbound: { responseRateByCode: { 200: 30 / 900 } } });
  });

  it("forgets what is older than it covers, and no more than that", () => {
    let window = push(emptyWindow(), nothingCounted(), [], 0);
    for (let minute = 1; minute <= 90; minute += 1)
      window = push(window, counted({ 200: minute === 1 ? 1_000 : 1 }), [], minute * 60 * SECOND);
    expect(window.bins).toHaveLength(WINDOW_MS / 60_000);
    expect(trafficOf(window, none).inbound?.responseCountByCode).toEqual({ 200: 30 });
  });

  it("takes nothing for a moment that it has counted already", () => {
    const window = example(10, 30);
    expect(push(window, counted({ 200: 5 }), [], 600 * SECOND)).toBe(window);
    expect(push(window, counted({ 200: 5 }), [], 599 * SECOND)).toBe(window);
  });

  it("drops latencies, and no counts, when a proxy comes with other buckets", () => {
    let window = push(emptyWindow(), nothingCounted(), [1, 10], 0);
    window = push(window, counted({ 200: 3 }, [1, 2]), [1, 10], 60 * SECOND);
    window = push(window, counted({ 200: 4 }, [0, 4]), [1, 5, 10], 120 * SECOND);
    expect(trafficOf(window, none).inbound).toMatchObject({
      responseCountByCode: { 200: 7 },
      latencyMs: { samples: 4, bounds: { p50: [1, 5] } },
    });
  });

  it.each([29_900, 30_000, 30_100])("tells the demand of now beside the mean of the whole window, in rounds of %i ms", (everyMs) => {
    let window = push(emptyWindow(), nothingCounted(), [], 0);
    expect(trafficOf(window, none).latest).toBeNull();
    const round = (requests: number): Latest | null | undefined => {
      window = push(window, counted({ 200: requests }), [], (window.bins.at(-1)?.toMs ?? 0) + everyMs);
      return trafficOf(window, none).latest;
    };
    for (let n = 0; n < 41; n += 1) round(30);
    const seen = [round(600), round(600), round(600)];
    expect(trafficOf(window, none).inbound?.requestRate).toBeLessThan(3);
    for (const one of seen) {
      expect(one?.windowSeconds).toBeGreaterThan(29);
      expect(one?.windowSeconds).toBeLessThan(61);
    }
    // At the latest after the second round nothing of the time before is in it.
    expect(seen[2]?.requestRate).toBeCloseTo(600_000 / everyMs, 9);
    expect(seen[0]?.requestRate).toBeGreaterThan(300_000 / everyMs);
  });

  it("parts into the latest time and what came before", () => {
    const window = example(30, 30);
    expect(latest(window, 120 * SECOND).seconds + earlier(window, 120 * SECOND).seconds).toBe(1_800);
    expect(latest(window, 120 * SECOND).counted.inbound.codes).toEqual({ 200: 4, 500: 1 });
    // A round may be longer than what is asked for: then it is the latest all the same.
    expect(latest(push(emptyWindow(), nothingCounted(), [], 0), SECOND).seconds).toBe(0);
    expect(latest(push(push(emptyWindow(), nothingCounted(), [], 0), counted({ 200: 1 }), [], 300 * SECOND), SECOND).seconds).toBe(300);
  });
});
