import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differences } from "./compare.ts";

describe("what differs of a data resource", () => {
  it("is named by its path without modules, and what the server adds does not count", () => {
    const wanted = { "m:interface": [{ name: "eth1", mtu: 1500, ipv4: { enabled: true } }] };
    const found = { "m:interface": [{ name: "eth1", mtu: 9000, ipv4: { enabled: false, "m2:state": {} }, "oper-status": "up" }] };
    expect(differences(wanted, found)).toEqual(["interface/mtu", "interface/ipv4/enabled"]);
    expect(differences(wanted, { "m:interface": [{ ...wanted["m:interface"][0], "oper-status": "up" }] })).toEqual([]);
  });

  it("is an entry of a list that is not among those found, wherever they are", () => {
    expect(differences({ a: [1, 2] }, { a: [3, 2, 1] })).toEqual([]);
    expect(differences({ a: [{ k: 1 }, { k: 2 }] }, { a: [{ k: 2, s: 1 }, { k: 3 }] })).toEqual(["a[0]"]);
    expect(differences({ a: [1] }, {})).toEqual(["a[0]"]);
  });

  it("is everything of what is not there, five at most", () => {
    expect(differences({ a: 1, b: null }, undefined)).toEqual(["a", "b"]);
    expect(differences(Object.fromEntries("abcdefgh".split("").map((c) => [c, 1])), {})).toHaveLength(5);
  });

  it("is nothing between a document and itself, and something when a leaf is another", () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean());
    const document = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(leaf, fc.array(leaf, { maxLength: 4 })), {
      minKeys: 1,
      maxKeys: 5,
    });
    fc.assert(
      fc.property(document, (d) => {
        expect(differences(d, structuredClone(d))).toEqual([]);
        expect(differences({ ...d, other: "wanted" }, { ...d, other: "found" })).toContain("other");
      }),
    );
  });
});
