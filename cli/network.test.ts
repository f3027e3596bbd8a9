import { describe, expect, it } from "vitest";
import { costMapLines, nodeTable } from "./commands/network.ts";
import { painter } from "./screen.ts";
import type { CostMap, LinkMeasurement } from "./wire.ts";

const plain = painter(false);
const now = Date.parse("2026-01-01T00:10:00Z");
const reading = (metric: string, value: number | null, more: Partial<LinkMeasurement> = {}, at = "2026-01-01T00:09:00.000Z") => ({
  at,
  measurement: {
    metric,
    unit: "x",
    statistic: "mean",
    n: 1,
    method: "m",
    floor: null,
    value,
    error: value === null ? { code: "WHY", reason: "not" } : null,
    ...more,
  },
});
const map = (links: CostMap["links"], errors: CostMap["errors"] = []): CostMap => ({ cluster: "kind-kind", seq: 1, links, errors });

describe("a cost map on the screen", () => {
  it("has a line a link, of each metric the reading that stands for it, and a dash where there is none", () => {
    const costs = [
      reading("delay-rt", 9, { statistic: "p99", direction: "round-trip" }),
      reading("delay-rt", 0.28041, { statistic: "p50", direction: "round-trip" }),
      reading("lossrate", 50, { statistic: "total", direction: "backward" }),
      reading("lossrate", 0.5, { statistic: "total", direction: "round-trip" }),
      reading("tput", 12_809.54, { direction: "forward" }, "2026-01-01T00:00:00.000Z"),
      reading("link-failures", 0, { statistic: "total" }),
      reading("link-energy", null),
    ];
    expect(costMapLines([map([{ source: "worker", destination: "worker2", costs }])], now, plain)).toEqual([
      "CLUSTER    FROM    TO       RTT ms  LOSS %  RATE Mbit/s  FAILURES  ENERGY W  AGE",
      "kind-kind  worker  worker2  0.28    0.5     12810        0         –         60 s",
    ]);
  });

  it("says what is missing, of which link or node, and since when a link is stale", () => {
    const errors = [
      { code: "LINK_STALE", reason: "last measured at noon", nodes: ["a", "b"], link: "a->b" },
      { code: "IMPLAUSIBLE", reason: "-3 ms cannot be", nodes: ["a", "b"], link: "a->b", reading: "delay-rt:p50" },
      { code: "NODE_UNMEASURED", reason: "no value", nodes: ["c"] },
    ];
    const lines = costMapLines([map([{ source: "a", destination: "b", costs: [] }], errors)], now, plain);
    expect(lines.slice(1)).toEqual([
      "kind-kind  a     b   –       –       –            –         –         stale",
      "",
      "kind-kind: a->b: LINK_STALE: last measured at noon",
      "kind-kind: a->b: IMPLAUSIBLE: -3 ms cannot be (delay-rt:p50)",
      "kind-kind: c: NODE_UNMEASURED: no value",
    ]);
    expect(costMapLines([map([], errors.slice(2))], now, plain)).toEqual(["kind-kind: c: NODE_UNMEASURED: no value"]);
  });

  it("says so where there is nothing", () => {
    expect(costMapLines([], now, plain)).toEqual(["no cost map: nothing was measured yet"]);
    expect(nodeTable([], plain)).toEqual(["no nodes: nothing is probed, and no Kubernetes is watched"]);
  });

  it.each([
    ["2026-01-01T00:08:30.000Z", "90 s"],
    ["2026-01-01T00:00:00.000Z", "10 min"],
    ["2025-12-31T12:10:00.000Z", "12 h"],
    ["2026-01-01T00:10:05.000Z", "0 s"],
  ])("has an age that one reads at a glance: %s is %s", (at, age) => {
    const [, line] = costMapLines([map([{ source: "a", destination: "b", costs: [reading("delay-rt", 1, {}, at)] }])], now, plain);
    expect(line?.endsWith(`  ${age}`)).toBe(true);
  });
});

it("nodes on the screen say who knows them, and what is not known of them", () => {
  const nodes = [
    { cluster: "kind-kind", name: "worker", address: "172.18.0.2", ready: true, seenBy: ["kubernetes", "probe"] },
    { cluster: "kind-kind", name: "worker2", address: null, ready: false, seenBy: ["kubernetes"] },
    { cluster: "lab", name: "x", address: "127.0.0.9", ready: null, seenBy: ["probe"] },
  ];
  expect(nodeTable(nodes, plain)).toEqual([
    "CLUSTER    NODE     ADDRESS     READY  SEEN BY",
    "kind-kind  worker   172.18.0.2  yes    kubernetes, probe",
    "kind-kind  worker2  –           no     kubernetes",
    "lab        x        127.0.0.9   –      probe",
  ]);
});
