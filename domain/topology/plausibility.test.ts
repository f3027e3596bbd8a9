import { describe, expect, it } from "vitest";
import { delay, failures, loss, noEnergy, rate } from "../../test/support/topology.ts";
import type { Measurement } from "../probe/model.ts";
import { isFromTheFuture, isPlausible } from "./plausibility.ts";

const alone = (measurement: Measurement): boolean => isPlausible(measurement, [measurement]);

describe("a measured value", () => {
  it.each([
    ["an RTT of nothing", delay(0)],
    ["an RTT under nothing", delay(-1)],
    ["an RTT of more than a minute", delay(60_001)],
    ["a loss under nothing", loss(-0.1)],
    ["a loss of more than everything", loss(100.1)],
    ["a rate under nothing", rate(-1)],
    ["a rate beyond any Ethernet", rate(2_000_000)],
    ["half a failure", failures(0.5)],
    ["a value that is none", delay(Number.NaN)],
    ["a value that stands on no sample", { ...delay(1), n: 0 } as Measurement],
  ])("is not believed: %s", (_, measurement) => {
    expect(alone(measurement)).toBe(false);
  });

  it.each([
    ["a switch's RTT", delay(0.05)],
    ["no loss", loss(0)],
    ["everything lost", loss(100)],
    ["D2.3's own rate", rate(18_461.14)],
    ["no failure", failures(0)],
    ["no value, and why", noEnergy],
  ])("is believed: %s", (_, measurement) => {
    expect(alone(measurement)).toBe(true);
  });

  it("is not believed where the same look contradicts it: a least above the middle, a delay although nothing came back", () => {
    const crossed = [delay(2, "min"), delay(1, "p50"), delay(3, "p99")];
    expect(crossed.map((measurement) => isPlausible(measurement, crossed))).toEqual([false, false, true]);
    const straight = [delay(1, "min"), delay(1, "p50"), delay(3, "p99")];
    expect(straight.every((measurement) => isPlausible(measurement, straight))).toBe(true);
    const lost = [delay(1), loss(100)];
    expect(lost.map((measurement) => isPlausible(measurement, lost))).toEqual([false, true]);
  });
});

it("a look is from the future when it is ahead of us by more than clocks are", () => {
  const now = new Date("2026-01-01T00:00:00.000Z");
  expect(isFromTheFuture("2026-01-01T00:01:00.000Z", now)).toBe(false);
  expect(isFromTheFuture("2026-01-01T00:01:00.001Z", now)).toBe(true);
});
