import { describe, expect, it } from "vitest";
import { openFaults } from "./faults.ts";

describe("a declared fault", () => {
  it("strikes as often as it says, after as many as it lets pass, and is gone then", () => {
    const faults = openFaults();
    faults.add({ kind: "destroy", peer: "tfs", operation: "tfs-api.create", skip: 1, times: 2 });
    const struck = Array.from({ length: 4 }, () => faults.strike("tfs", "tfs-api.create", true).disruption?.kind);
    expect(struck).toEqual([undefined, "destroy", "destroy", undefined]);
    expect(faults.list()).toEqual([]);
  });

  it("aims at a peer and an operation, at all clusters, at what changes something or at what reads", () => {
    const faults = openFaults();
    faults.add({ kind: "status", peer: "cluster:*", operation: "mutating", status: 503 });
    const hit = (peer: string, mutating: boolean) => faults.strike(peer, "l2networks.create", mutating).disruption !== undefined;
    expect([hit("cluster:one", true), hit("cluster:two", true), hit("cluster:one", false), hit("tfs", true)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("adds up delays, and of two disruptions lets the older one strike and keeps the other", () => {
    const faults = openFaults();
    faults.add({ kind: "delay", delayMs: 2 });
    faults.add({ kind: "delay", delayMs: 3 });
    faults.add({ kind: "hang", times: 1 });
    faults.add({ kind: "status", status: 500, times: 1 });
    const first = faults.strike("tfs", "x", true);
    const second = faults.strike("tfs", "x", true);
    expect([first.delayBeforeMs, first.disruption?.kind, second.disruption?.kind]).toEqual([5, "hang", "status"]);
  });

  it("is refused when it is not one", () => {
    const faults = openFaults();
    expect(() => faults.add({ kind: "status", status: 200 })).toThrow();
    expect(() => faults.add(JSON.parse('{"kind":"delay","delayMs":1,"chance":0.5}') as never)).toThrow(/chance/);
    expect(faults.list()).toEqual([]);
  });
});
