import { describe, expect, it } from "vitest";
import { linkOf, piecesOfLink } from "../../topology/merge.ts";
import type { Measurement } from "../../probe/model.ts";
import { at, delay, endOf, look, noRate, rate } from "../../../test/support/topology.ts";
import { declaredLimits, type Limit, thing } from "./limits.ts";
import { measurable, measuredCapacity, withMeasured } from "./measured.ts";

const [a, b] = [endOf("a", "10.0.0.1"), endOf("b", "10.0.0.2", "kind-2")];
const seen = (...looks: readonly (readonly Measurement[])[]) => {
  const pieces = looks.flatMap((measurements, second) => piecesOfLink(look(a, b, measurements, second)));
  const link = linkOf(pieces.map(({ key, body }) => [key, body]));
  if (link === undefined) throw new Error("no link");
  return link;
};
const age = { now: new Date(at(60)), staleAfterMs: 60_000 };
const measured = (mbps: number, second = 0): Limit => ({
  capacity: mbps / 1000,
  source: "measured",
  reading: { mbps, at: at(second) },
});

describe("the capacity of a link", () => {
  it("is the throughput that a probe measured, with when that was", () => {
    expect(measuredCapacity(seen([rate(940)]), age)).toEqual(measured(940));
  });

  it("is the median of a test's stretches where there is one", () => {
    const median: Measurement = { ...rate(940), statistic: "p50" };
    expect(measuredCapacity(seen([rate(700), median]), age)).toEqual(measured(940));
  });

  it("is what was measured last, and stands while tests are put off", () => {
    expect(measuredCapacity(seen([rate(940)], [rate(500)]), age)).toEqual(measured(500, 1));
    expect(measuredCapacity(seen([rate(940)], [delay(1), noRate]), age)).toEqual(measured(940));
  });

  it.each<[string, readonly Measurement[]]>([
    ["nothing but delays were measured", [delay(3)]],
    ["the link gave no value at all", [noRate]],
    ["nothing came through, which is a fault and no capacity", [rate(0)]],
    ["what was measured cannot be", [rate(10_000_000)]],
  ])("is not known where %s", (_, measurements) => {
    expect(measuredCapacity(seen(measurements), age)).toBeUndefined();
  });

  it("is not known any more when the reading is older than what counts as fresh, by the clock that is passed in", () => {
    const link = seen([rate(940)]);
    expect(measuredCapacity(link, { ...age, now: new Date(at(60)) })).toBeDefined();
    expect(measuredCapacity(link, { ...age, now: new Date(Date.parse(at(60)) + 1) })).toBeUndefined();
  });
});

describe("which measurement belongs to a path", () => {
  const tfs = { executioner: "tfs", origin: "http://tfs", address: new URL("http://tfs") };
  const way = thing.pathBandwidth("http://tfs", "r1", "r2");

  it("is what the operator says of where probes stand, each way by itself", () => {
    const places = measurable([{ ...tfs, probes: { r1: "kind-kind/a", r2: "kind-2/b" } }, tfs]);
    expect([...places]).toEqual([
      [way, { cluster: "kind-kind", place: "kind-kind/a->kind-2/b" }],
      [thing.pathBandwidth("http://tfs", "r2", "r1"), { cluster: "kind-2", place: "kind-2/b->kind-kind/a" }],
    ]);
  });

  it("is none where the operator declared what the path carries: that holds, each way", () => {
    const declared = declaredLimits([{ ...tfs, paths: [{ between: ["r2", "r1"], bandwidthGbps: 10 }] }]);
    const limits = withMeasured(declared, new Map([[way, measured(940)]]));
    expect(limits.of(way)).toEqual({ capacity: 10, source: "declared" });
    expect(withMeasured(declaredLimits([tfs]), new Map([[way, measured(940)]])).of(way)).toEqual(measured(940));
  });
});
