import { describe, expect, it } from "vitest";
import type { NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import { declaredOf, differences, isPending, SliceService } from "./compare.ts";
import { sliceServiceBody } from "./nss.ts";

const slice: NetworkSlice = {
  slice: "nemo-1",
  policy: "gold",
  sdps: [
    {
      id: "1",
      node: "r1",
      address: "10.0.0.1",
      port: "p1",
      vlanId: 100,
      niName: "blue",
      bounds: [
        { metric: "one-way-bandwidth", unit: "Mbps", bound: "5000" },
        { metric: "one-way-delay-maximum", unit: "microseconds", bound: "15200" },
      ],
    },
    { id: "2", node: "r2", address: "10.0.0.2", bounds: [] },
  ],
};
const [one, two] = slice.sdps as [NetworkSlice["sdps"][number], NetworkSlice["sdps"][number]];
const third = { id: "3", node: "r3", address: "10.0.0.3", bounds: [] };

const textOf = (wanted: NetworkSlice, hasTemplate = true): string =>
  JSON.stringify(Object.values(sliceServiceBody(wanted, hasTemplate))[0]?.[0]);
const seen = (text: string): SliceService => SliceService.parse(JSON.parse(text));
const between = (has: NetworkSlice, wants: NetworkSlice) => differences(seen(textOf(has)), seen(textOf(wants)));
const withFirst = (changes: Partial<typeof one>): NetworkSlice => ({ ...slice, sdps: [{ ...one, ...changes }, two] });

describe("differences", () => {
  it("finds none in the same slice, however it is written", () => {
    expect(between(slice, slice)).toEqual([]);
    const asked = seen(textOf(slice));
    expect(differences(seen(textOf(slice, false)), asked)).toEqual([]); // the policy by its name alone
    expect(differences(seen(textOf(slice).replaceAll("ietf-network-slice-service:", "")), asked)).toEqual([]);
    const turned = JSON.parse(textOf(slice)) as { sdps: { sdp: unknown[] } };
    turned.sdps.sdp.reverse();
    expect(differences(seen(JSON.stringify({ ...turned, description: "somebody's words", "test-only": [null] })), asked)).toEqual([]);
    expect(differences(seen(textOf(slice).replace('"5000"', "5000")), asked)).toEqual([]);
  });

  it.each([
    ["slo-sle-policy", { ...slice, policy: "silver" }],
    ["niName", withFirst({ niName: "green" })],
    ["node-id", withFirst({ node: "r9" })],
    ["sdp-ip-address", withFirst({ address: "10.0.0.9" })],
    ["ac-tp-id", withFirst({ port: "p9" })],
    ["vlanId", withFirst({ vlanId: 101 })],
    ["one-way-bandwidth", withFirst({ bounds: [{ metric: "one-way-bandwidth", unit: "Gbps", bound: "5000" }, ...one.bounds.slice(1)] })],
    ["one-way-delay-maximum", withFirst({ bounds: one.bounds.slice(0, 1) })],
  ] as const)("names %s alone, whichever side has it", (name, other) => {
    expect(between(other, slice)).toEqual([name]);
    expect(between(slice, other)).toEqual([name]);
  });

  it("names what has no value on one side", () => {
    const bare = withFirst({ bounds: [] });
    expect(between(slice, bare)).toEqual(["one-way-bandwidth", "one-way-delay-maximum"]);
    expect(between(bare, slice)).toEqual(["one-way-bandwidth", "one-way-delay-maximum"]);
    const { vlanId: _, ...untagged } = one;
    expect(between(slice, { ...slice, sdps: [untagged, two] })).toEqual(["vlanId"]);
  });

  it("names SDPs that come or go, and constructs that do", () => {
    expect(between(slice, { ...slice, sdps: [one, two, third] })).toEqual(["sdp-id"]);
    expect(between({ ...slice, sdps: [one, two, third] }, slice)).toEqual(["sdp-id"]);
    const text = textOf(slice);
    const oneWay = text.replace(/,\{"id":"2","p2p-sender-sdp":"2","p2p-receiver-sdp":"1"\}/, "");
    expect(oneWay).not.toBe(text);
    expect(differences(seen(oneWay), seen(text))).toEqual(["connectivity"]);
  });

  it("finds bounds that are turned around", () => {
    const turned: NetworkSlice = {
      ...slice,
      sdps: [
        { ...one, bounds: [] },
        { ...two, bounds: one.bounds },
      ],
    };
    expect(between(turned, slice)).toEqual(["one-way-bandwidth", "one-way-delay-maximum"]);
  });
});

describe("declared bounds", () => {
  it("are told as an intent would write them, without those that differ", () => {
    expect(declaredOf(slice, [])).toEqual({ "one-way-bandwidth": "5000 Mbps", "one-way-delay-maximum": "15200 us" });
    expect(declaredOf(slice, ["one-way-bandwidth"])).toEqual({ "one-way-delay-maximum": "15200 us" });
  });

  it("are not told for a metric in which the SDPs were asked different things", () => {
    const other: NetworkSlice = { ...slice, sdps: [one, { ...two, bounds: [{ metric: "one-way-bandwidth", unit: "Gbps", bound: "1" }] }] };
    expect(declaredOf(other, [])).toEqual({ "one-way-delay-maximum": "15200 us" });
  });
});

it("a slice is pending while its operational status is anything but up", () => {
  const of = (status: unknown) => isPending(SliceService.parse({ ...(JSON.parse(textOf(slice)) as object), status }));
  expect(of({ "oper-status": { status: "ietf-vpn-common:op-up" } })).toBe(false);
  expect(of({ "oper-status": { status: "ietf-vpn-common:op-down" } })).toBe(true);
  expect(of({ "oper-status": { status: "op-unknown" } })).toBe(true);
  expect(of({ "admin-status": { status: "ietf-vpn-common:admin-up" } })).toBe(false);
  expect(of(undefined)).toBe(false);
});
