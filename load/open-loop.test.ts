import { expect, it } from "vitest";
import { latencyOf, openHistogram, openLoop, record } from "./bench/open-loop.ts";
import { isTrue, selfTest } from "./bench/self-test.ts";

it("reports a known delay as that delay, whatever the rate", async () => {
  const tests = await selfTest(800);
  expect(tests).toHaveLength(2);
  for (const test of tests) expect(isTrue(test), JSON.stringify(test)).toBe(true);
});

it("starts each event once, and counts from when it was due", async () => {
  const due: number[] = [];
  const from = performance.now();
  await openLoop(200, 500, (dueAt) => due.push(dueAt - from));
  expect(due).toHaveLength(100);
  expect(due.map((at, i) => Math.round(at - i * 5)).every((late) => late >= 0 && late <= 1)).toBe(true);
});

it("counts a stall of the generator as latency of everything that was due in it", async () => {
  const histogram = openHistogram();
  let stalled = false;
  await openLoop(100, 600, (dueAt) => {
    if (!stalled) {
      stalled = true;
      for (const until = performance.now() + 200; performance.now() < until;);
    }
    record(histogram, performance.now() - dueAt);
  });
  expect(latencyOf(histogram).maxMs).toBeGreaterThan(190);
  expect(histogram.getValueAtPercentile(75) / 1000).toBeGreaterThan(40);
});
