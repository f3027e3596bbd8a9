import { describe, expect, it } from "vitest";
import { goldenJson } from "../../../test/support/golden.ts";
import { changed, documents, textOf, wrongDocuments } from "../../../test/support/tsn-yang.ts";
import { BridgeDocument } from "./yang-schema.ts";

describe("a bridge's document", () => {
  it.each(["sw", "5gs"])("of %s is its golden file, to the letter", (bridge) => {
    const document = documents.get(bridge);
    expect(JSON.stringify(document)).toBe(goldenJson(new URL(`golden/${bridge}.yang.json`, import.meta.url), document));
  });

  it("is there for every bridge and no end station, and keeps to our schema", () => {
    expect([...documents.keys()]).toEqual(["sw", "sw2", "5gs"]);
    for (const [id, document] of documents) expect(BridgeDocument.safeParse(document), id).toMatchObject({ success: true });
  });

  it("begins its lists at whole multiples of their cycle after the time that was asked for", () => {
    for (const document of documents.values())
      for (const { "ieee802-dot1q-bridge:bridge-port": port } of document["ietf-interfaces:interfaces"].interface) {
        const table = port["ieee802-dot1q-sched-bridge:gate-parameter-table"];
        if (!table["gate-enabled"]) continue;
        const { seconds, nanoseconds } = table["admin-base-time"];
        const ns = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
        const { numerator, denominator } = table["admin-cycle-time"];
        const cycleNs = (BigInt(numerator) * 1_000_000_000n) / BigInt(denominator);
        expect(ns % cycleNs).toBe(0n);
        expect(ns - 1_767_225_600_000_000_001n).toBeLessThan(cycleNs);
      }
  });

  it("registers each tree of a stream in a VLAN of its own, where it passes and nowhere else", () => {
    const vlansOf = (bridge: string) =>
      documents
        .get(bridge)
        ?.["ieee802-dot1q-bridge:bridges"].bridge[0].component[0]["filtering-database"]["vlan-registration-entry"].map(
          ({ vids, "port-map": map }) => [vids, map.map((port) => port["port-ref"])],
        );
    expect(vlansOf("sw")).toEqual([
      ["100", [1, 3]],
      ["200", [1, 2]],
    ]);
    expect(vlansOf("sw2")).toEqual([["101", [1, 2]]]);
  });

  it("says what of best effort is preemptable where a port preempts", () => {
    const table = documents.get("sw")?.["ietf-interfaces:interfaces"].interface.find(({ name }) => name === "p2")?.[
      "ieee802-dot1q-bridge:bridge-port"
    ]["ieee802-dot1q-preemption-bridge:frame-preemption-parameters"];
    expect(table?.["frame-preemption-status-table"]).toMatchObject({
      priority7: "express",
      priority6: "express",
      priority5: "preemptable",
    });
  });
});

describe("our schema", () => {
  it.each(wrongDocuments)("refuses %s", (_, path, value) => {
    expect(BridgeDocument.safeParse(JSON.parse(textOf("sw"))).success).toBe(true);
    expect(BridgeDocument.safeParse(changed(path, value)).success).toBe(false);
  });
});
