import { describe, expect, it } from "vitest";
import { at, delay, failures, loss, rate, unreachable } from "../../test/support/topology.ts";
import type { Measurement } from "../probe/model.ts";
import { changeOf, isNothing } from "./change.ts";
import type { View } from "./cost-map.ts";

const view = (measurements: readonly Measurement[], more: Partial<View> = {}): View => ({
  nodes: [],
  nodeErrors: [],
  seen: {
    "a->b": { link: { source: "a", destination: "b", costs: measurements.map((measurement) => ({ at: at(0), measurement })) }, errors: [] },
  },
  ...more,
});
const isChange = (before: View, after: View): boolean => !isNothing(changeOf(before, after));

describe("news is", () => {
  it.each([
    ["a latency that moved by more than 0.2 ms and 10 %", delay(1), delay(1.21), true],
    ["not one that moved by less than 0.2 ms", delay(0.1), delay(0.29), false],
    ["not one that moved by less than 10 %", delay(10), delay(10.9), false],
    ["one beyond 10 % of a long path", delay(10), delay(11.1), true],
    ["a loss that moved by more than 0.1 points", loss(0), loss(0.11), true],
    ["not one that moved by less", loss(1), loss(1.09), false],
    ["a rate that moved by more than 10 %", rate(900), rate(800), true],
    ["not one that moved by less", rate(900), rate(820), false],
    ["any link failure", failures(0), failures(1), true],
    ["a value that came", unreachable, delay(0.1), true],
    ["a value that went", delay(0.1), unreachable, true],
    ["not the tail of a distribution", delay(1, "p99"), delay(50, "p99"), false],
  ] as const)("%s", (_, before, after, expected) => {
    expect(isChange(view([before]), view([after]))).toBe(expected);
  });

  it("counted from what was published, not from the last look: small steps add up", () => {
    const steps = [1, 1.1, 1.2, 1.3].map((ms) => view([delay(ms)]));
    expect(steps.map((step) => isChange(view([delay(1)]), step))).toEqual([false, false, false, true]);
  });

  it("a link or a node that came or went, and a complaint; not the words of one that stands", () => {
    const one = view([delay(1)]);
    expect(changeOf(one, { ...one, seen: {} })).toEqual({ seen: {}, removed: ["a->b"], nodesChanged: false });
    expect(Object.keys(changeOf({ ...one, seen: {} }, one).seen)).toEqual(["a->b"]);
    const node = { name: "a", address: null, addresses: [], ready: true, seenBy: ["kubernetes" as const] };
    expect(changeOf(one, { ...one, nodes: [node] }).nodesChanged).toBe(true);
    const stale = (reason: string): View => view([], { nodeErrors: [{ code: "LINK_STALE", reason, nodes: ["a"] }] });
    expect(isChange(stale("since 1"), stale("since 2"))).toBe(false);
    expect(isChange(view([]), stale("since 1"))).toBe(true);
  });
});
