import { describe, expect, it } from "vitest";
import { ok, refuse } from "../outcome.ts";
import { LinkMeasured, type Measurement, unitOf } from "./model.ts";
import { floorOf, type Look, measurementsOf, notMeasured, valueOf } from "./report.ts";

const summary = { n: 95, min: 1, p50: 2, p99: 9, max: 10, mean: 2.5 };
const look: Look = {
  session: {
    sent: 100,
    received: 90,
    lost: 10,
    lostForward: 6,
    lostBackward: 4,
    duplicates: 0,
    reordered: { forward: 0, backward: 0 },
    roundTripMs: summary,
    oneWayMs: { forward: summary, backward: summary, clockErrorMs: 0.03 },
    jitterMs: { forward: 0.1, backward: 0.2 },
    isClockStepped: false,
  },
  floor: { roundTripMs: 0.15, jitterMs: 0.04 },
  throughput: ok({ medianMbitPerS: 942, meanMbitPerS: 941, ci95: 3, n: 40 }),
  linkFailures: ok(2),
  linkPower: ok({ watts: 3.5, n: 7, method: "rapl-by-bytes" }),
};
const of =
  (measurements: readonly Measurement[]) =>
  (metric: Measurement["metric"], statistic: Measurement["statistic"], direction?: "round-trip" | "forward" | "backward") =>
    measurements.find((m) => m.metric === metric && m.statistic === statistic && m.direction === direction);

const ends = { source: { cluster: "c", node: "a", address: "10.0.0.1" }, destination: { cluster: "c", node: "b", address: "10.0.0.2" } };
const isTold = (measurements: readonly Measurement[]): boolean =>
  LinkMeasured.safeParse({ ...ends, measuredAt: "2026-01-01T00:00:00.000Z", measurements }).success;

describe("the measurements of a look", () => {
  it("carry value, unit, statistic, sample size, method and floor, and pass the event's schema", () => {
    const measurements = measurementsOf(look);
    expect(isTold(measurements)).toBe(true);
    const find = of(measurements);
    expect(find("delay-rt", "p50", "round-trip")).toEqual({
      metric: "delay-rt",
      unit: "ms",
      statistic: "p50",
      direction: "round-trip",
      n: 95,
      method: "stamp",
      floor: 0.15,
      value: 2,
      error: null,
    });
    expect(find("delay-ow", "p99", "backward")).toMatchObject({ value: 9, ci95: 0.03 });
    expect(find("delay-variation", "cur", "forward")).toMatchObject({ value: 0.1, unit: "ms", floor: 0.04 });
    expect(find("tput", "mean", "forward")).toMatchObject({ value: 941, ci95: 3, n: 40, unit: "Mbit/s", method: "tcp" });
    expect(find("tput", "p50", "forward")).toMatchObject({ value: 942, n: 40 });
    expect(find("link-failures", "total")).toMatchObject({ value: 2, method: "carrier-down-count" });
    expect(find("link-energy", "mean")).toMatchObject({ value: 3.5, n: 7, method: "rapl-by-bytes" });
    for (const m of measurements) expect(m.unit).toBe(unitOf[m.metric]);
  });

  it("have each metric, statistic and direction once", () => {
    const keys = measurementsOf(look).map(({ metric, statistic, direction }) => `${metric} ${statistic} ${direction ?? ""}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("have losses as shares of what was sent that way, from which the counts come back exactly", () => {
    const find = of(measurementsOf(look));
    const countOf = (m: Measurement | undefined): number => Math.round(((m?.value ?? NaN) * (m?.n ?? NaN)) / 100);
    expect(countOf(find("lossrate", "total", "round-trip"))).toBe(10);
    expect(countOf(find("lossrate", "total", "forward"))).toBe(6);
    expect(find("lossrate", "total", "backward")).toMatchObject({ n: 94, value: (100 * 4) / 94 });
    expect(countOf(find("lossrate", "total", "backward"))).toBe(4);
  });

  it("have the instrument's own round trip and jitter as their floor, as far as it shows any", () => {
    expect(floorOf(look.session)).toEqual({ roundTripMs: 2, jitterMs: 0.2 });
    const { roundTripMs: _r, jitterMs: _j, ...silent } = look.session;
    expect(floorOf(silent)).toEqual({});
  });

  it("leave out what was not asked for", () => {
    const { throughput: _t, ...cheap } = look;
    expect(measurementsOf(cheap).filter((m) => m.metric === "tput")).toEqual([]);
  });
});

describe("what was not measured", () => {
  const { roundTripMs: _r, oneWayMs: _o, jitterMs: _j, lostForward: _f, lostBackward: _b, ...bare } = look.session;
  const codes = (session: Look["session"], more: Partial<Look> = {}): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      measurementsOf({ ...look, ...more, session }).map((m) => [
        [m.metric, m.statistic, m.direction].join(" ").trim(),
        m.error?.code ?? m.value,
      ]),
    );

  it("says that nothing came back", () => {
    expect(codes({ ...bare, received: 0, lost: 100 })).toMatchObject({
      "delay-rt p50 round-trip": "PROBE_NO_REPLY",
      "lossrate total round-trip": 100,
      "lossrate total forward": "PROBE_LOSS_UNSPLIT",
    });
  });

  it("says that nothing could come back, where nothing arrived", () => {
    expect(codes({ ...bare, received: 0, lost: 100, lostForward: 100, lostBackward: 0 })).toMatchObject({
      "lossrate total forward": 100,
      "lossrate total backward": "PROBE_NO_REPLY",
    });
  });

  it("says whether it was the clocks", () => {
    const timed = { ...bare, roundTripMs: summary };
    expect(codes(timed)).toMatchObject({ "delay-ow p50 forward": "PROBE_CLOCKS_FREE", "delay-variation cur forward": "PROBE_TOO_FEW" });
    expect(codes({ ...timed, isClockStepped: true })).toMatchObject({
      "delay-rt p50 round-trip": 2,
      "delay-ow p50 forward": "PROBE_CLOCK_STEPPED",
      "delay-variation cur backward": "PROBE_CLOCK_STEPPED",
    });
  });

  it("is null with the reason, and never a zero", () => {
    const no = refuse("PROBE_ENERGY_UNMEASURED", "no RAPL");
    const measurements = measurementsOf({
      ...look,
      throughput: refuse("PROBE_BUSY", "in another test"),
      linkFailures: no,
      linkPower: no,
      floor: {},
    });
    expect(isTold(measurements)).toBe(true);
    const find = of(measurements);
    expect(find("tput", "mean", "forward")).toMatchObject({ value: null, error: { code: "PROBE_BUSY", reason: "in another test" }, n: 0 });
    expect(find("link-energy", "mean")).toMatchObject({ value: null, method: "none", error: { reason: "no RAPL" } });
    expect(find("delay-rt", "p50", "round-trip")).toMatchObject({ floor: null });
  });

  it("of a link that could not be looked at is everything", () => {
    const link = notMeasured(ends, { code: "PROBE_AGENT_UNREACHABLE", reason: "ECONNREFUSED" }, "2026-01-01T00:00:00.000Z");
    expect(LinkMeasured.safeParse(link).success).toBe(true);
    expect(new Set(link.measurements.map((m) => m.error?.code))).toEqual(new Set(["PROBE_AGENT_UNREACHABLE"]));
    expect(valueOf(link, "lossrate", "total", "round-trip")).toBeUndefined();
  });
});

describe("the schema of a measurement", () => {
  const [good] = measurementsOf(look);
  it.each([
    ["a value and an error", { ...good, error: { code: "X", reason: "" } }],
    ["neither", { ...good, value: null }],
    ["a value that is no number", { ...good, value: "2" }],
    ["a unit of its own", { ...good, unit: "s" }],
    ["a field that nobody knows", { ...good, note: "x" }],
    ["infinity", { ...good, value: Infinity }],
  ])("refuses %s", (_, bad) => {
    expect(isTold([bad as Measurement])).toBe(false);
  });
});
