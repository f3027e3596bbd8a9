import { expect, it } from "vitest";
import type { LinkMeasurement } from "../wire.ts";
import { probeLines } from "./probe.ts";

const plain = (text: string): string => text;
const end = (node: string) => ({ cluster: "c", node, address: `10.0.0.${node}` });
const measurement = (more: Partial<LinkMeasurement>): LinkMeasurement => ({
  metric: "delay-rt",
  unit: "ms",
  statistic: "p50",
  n: 95,
  method: "stamp",
  floor: null,
  value: 1,
  error: null,
  ...more,
});
const lines = (...measurements: readonly LinkMeasurement[]): readonly string[] =>
  probeLines({ source: end("1"), destination: end("2"), measuredAt: "2026-01-01T00:00:00.000Z", measurements }, plain);

it("shows who measured whom, and every value with what it takes to judge it", () => {
  expect(
    lines(
      measurement({ direction: "round-trip", floor: 0.1449, value: 12.3456 }),
      measurement({ metric: "tput", unit: "Mbit/s", statistic: "mean", value: 941.6, ci95: 2.51, n: 40, method: "tcp" }),
    ),
  ).toEqual([
    "c/1 (10.0.0.1) -> c/2 (10.0.0.2), 2026-01-01T00:00:00.000Z",
    "",
    "METRIC    DIRECTION   STATISTIC  VALUE              N   FLOOR     METHOD",
    "delay-rt  round-trip  p50        12.3 ms            95  0.145 ms  stamp",
    "tput                  mean       942 Mbit/s ± 2.51  40            tcp",
  ]);
});

it("shows a dash and the reason where there is no value, and a zero where zero was measured", () => {
  const shown = lines(
    measurement({ metric: "lossrate", unit: "%", statistic: "total", value: 0 }),
    measurement({
      metric: "link-energy",
      unit: "W",
      statistic: "mean",
      n: 0,
      method: "none",
      value: null,
      error: { code: "X", reason: "nothing measures it" },
    }),
  ).join("\n");
  expect(shown).toMatch(/lossrate +total +0 % /);
  expect(shown).toMatch(/link-energy +mean +– .* X: nothing measures it/);
});
