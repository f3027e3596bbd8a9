import { describe, expect, it } from "vitest";
import type { Condition, Intent } from "../../model.ts";
import { library } from "./library.ts";
import { NetworkSlice } from "./payload.ts";

type Value = string | number;
interface Asked {
  readonly objects?: Readonly<Record<string, Value | undefined>>;
  readonly targets?: readonly (readonly [name: string, condition: Condition, value: Value])[];
  readonly around?: Readonly<Record<string, Value>>;
}

const first = { "slo-sle-policy": "gold", "sdp-id": "1", "node-id": "r1", "sdp-ip-address": "10.0.0.1" };
const second = { "slo-sle-policy": "gold", "sdp-id": "2", "node-id": "r2", "sdp-ip-address": "10.0.0.2" };

const contexts = (values: Readonly<Record<string, Value | undefined>>) =>
  Object.entries(values).flatMap(([contextAttribute, contextValueRange]) =>
    contextValueRange === undefined ? [] : [{ contextAttribute, contextCondition: "IS_EQUAL_TO" as const, contextValueRange }],
  );

const intentOf = (sdps: readonly Asked[], id = "i"): Intent => ({
  id,
  userLabel: "cloud_continuum",
  intentExpectations: sdps.map(({ objects = {}, targets = [], around = {} }, i) => ({
    expectationId: String(i + 1),
    expectationVerb: "DELIVER",
    expectationObject: { objectType: "SLICE_SERVICE_SDP", objectContexts: contexts(objects) },
    expectationTargets: targets.map(([targetName, targetCondition, targetValueRange]) => ({
      targetName,
      targetCondition,
      targetValueRange,
    })),
    expectationContexts: contexts(around),
  })),
  intentContexts: [],
  intentAdminState: "ACTIVATED",
  intentPriority: 1,
});
/** The first SDP with what is given beside what it needs, and a second one that only has what it needs. */
const pair = (one: Asked, other: Asked = {}): readonly Asked[] => [
  { ...one, objects: { ...first, ...one.objects } },
  { ...other, objects: { ...second, ...other.objects } },
];

const translated = (...sdps: readonly Asked[]) => library.translate(intentOf(sdps));
const orderOf = (...sdps: readonly Asked[]) => {
  const answer = translated(...sdps);
  if (!answer.ok || answer.value.kind !== "orders") throw new Error(JSON.stringify(answer));
  const [order, ...more] = answer.value.orders;
  if (order === undefined || more.length > 0) throw new Error("expected one order");
  return order;
};
const payloadOf = (...sdps: readonly Asked[]) => NetworkSlice.parse(orderOf(...sdps).payload);

describe("the network-slice library", () => {
  it("joins the SDPs of an intent into one slice service, in their order", () => {
    const order = orderOf({ objects: first }, { objects: second }, { objects: { ...second, "sdp-id": "3" } });
    expect(order).toMatchObject({ executioner: "nsc", resource: "slice-service/i-~slice", expectationIds: ["1", "2", "3"] });
    expect(NetworkSlice.parse(order.payload)).toEqual({
      slice: "i-~slice",
      policy: "gold",
      sdps: [
        { id: "1", node: "r1", address: "10.0.0.1", bounds: [] },
        { id: "2", node: "r2", address: "10.0.0.2", bounds: [] },
        { id: "3", node: "r2", address: "10.0.0.2", bounds: [] },
      ],
    });
  });

  it("refuses a single SDP, and says that a slice needs two", () => {
    expect(translated({ objects: first })).toEqual({
      ok: false,
      code: "CONTEXT_MISSING",
      reason: expect.stringMatching(/at least two SLICE_SERVICE_SDP expectations in one intent.* has one$/),
      path: "/intentExpectations/0",
    });
  });

  it("keeps the slice's name when SDPs come, go, or change places", () => {
    const names = [
      [{ objects: first }, { objects: second }],
      [{ objects: second }, { objects: first }],
      [{ objects: first }, { objects: second }, { objects: { ...second, "sdp-id": "3" } }],
    ].map((sdps) => orderOf(...sdps).resource);
    expect(new Set(names).size).toBe(1);
    const other = library.translate(intentOf([{ objects: first }, { objects: second }], "i-1"));
    expect(JSON.stringify(other)).not.toContain(`"${String(names[0])}"`);
  });

  it.each(Object.keys(first))("needs the context %s of each SDP", (name) => {
    for (const [at, sdps] of [pair({ objects: { [name]: undefined } }), pair({}, { objects: { [name]: undefined } })].entries())
      expect(translated(...sdps)).toEqual({
        ok: false,
        code: "CONTEXT_MISSING",
        reason: `needs the context ${name}`,
        path: `/intentExpectations/${String(at)}/expectationObject/objectContexts`,
      });
  });

  it("carries port, VLAN and network instance where they are given", () => {
    const objects = { "ac-tp-id": "GigabitEthernet0/0/0/1", vlanId: "100", niName: "ninametfs" };
    expect(payloadOf(...pair({ objects })).sdps[0]).toEqual({
      id: "1",
      node: "r1",
      address: "10.0.0.1",
      port: "GigabitEthernet0/0/0/1",
      vlanId: 100,
      niName: "ninametfs",
      bounds: [],
    });
  });

  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["fd00::0:1", "fd00::1"],
  ])("takes the address %s as %s", (given, address) => {
    expect(payloadOf(...pair({ objects: { "sdp-ip-address": given } })).sdps[0]).toMatchObject({ address });
  });

  it.each([
    ["sdp-ip-address", "10.0.0.256"],
    ["sdp-ip-address", "10.0.0.1/24"],
    ["sdp-ip-address", "r1.example.org"],
    ["sdp-ip-address", "fe80::1%eth0"],
    ["sdp-ip-address", 10],
    ["sdp-id", "a/b"],
    ["sdp-id", "1]"],
    ["node-id", "r1/x"],
    ["ac-tp-id", "../eth0"],
    ["vlanId", 4095],
    ["slo-sle-policy", "gold plated"],
  ])("refuses the %s %j, by its name", (name, value) => {
    expect(translated(...pair({ objects: { [name]: value } }))).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining(`${name}: `),
    });
  });

  it("refuses two SDPs of one id, and two at the same port and VLAN of a node", () => {
    const at = "/intentExpectations/1/expectationObject/objectContexts";
    expect(translated(...pair({}, { objects: { "sdp-id": "1" } }))).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining("sdp-id"),
      path: at,
    });
    const port = { "node-id": "r1", "ac-tp-id": "eth0", vlanId: 5 };
    expect(translated(...pair({ objects: port }, { objects: port }))).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining("ac-tp-id"),
      path: at,
    });
    expect(translated(...pair({ objects: port }, { objects: { ...port, vlanId: 6 } })).ok).toBe(true);
    expect(translated(...pair({ objects: { "node-id": "r1" } }, { objects: { "node-id": "r1" } })).ok).toBe(true);
  });

  it("refuses SDPs that name different policies, or different controllers", () => {
    expect(translated(...pair({}, { objects: { "slo-sle-policy": "silver" } }))).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining("slo-sle-policy"),
      path: "/intentExpectations/1/expectationObject/objectContexts",
    });
    const here = { url: "http://192.168.165.10/some/path" };
    expect(translated(...pair({ around: here }, { around: { url: "http://192.168.165.11" } }))).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining("url"),
      path: "/intentExpectations/1/expectationContexts",
    });
    expect(orderOf(...pair({ around: here }, { around: { url: "http://192.168.165.10" } })).controller).toBe(here.url);
    expect(orderOf(...pair({}, { around: here })).controller).toBe(here.url);
    expect(orderOf(...pair({}))).not.toHaveProperty("controller");
  });

  it("takes each SDP's targets as the bounds of what it sends", () => {
    const sdps = pair(
      {
        targets: [
          ["one-way-delay-maximum", "IS_EQUAL_TO", "10 ms"],
          ["one-way-bandwidth", "IS_EQUAL_TO", "5000 Mbps"],
        ],
      },
      { targets: [["one-way-bandwidth", "IS_EQUAL_TO", "1 Gbps"]] },
    );
    expect(payloadOf(...sdps).sdps.map(({ bounds }) => bounds)).toEqual([
      [
        { metric: "one-way-bandwidth", unit: "Mbps", bound: "5000" },
        { metric: "one-way-delay-maximum", unit: "milliseconds", bound: "10" },
      ],
      [{ metric: "one-way-bandwidth", unit: "Gbps", bound: "1" }],
    ]);
  });

  it.each([
    ["one-way-delay-maximum", "15.2 ms", "15200 microseconds"],
    ["one-way-delay-maximum", "10.000 ms", "10 milliseconds"],
    ["one-way-delay-maximum", "1 s", "1000 milliseconds"],
    ["one-way-delay-maximum", "0.0005s", "500 microseconds"],
    ["one-way-delay-maximum", "1.5 µs", "1500 nanoseconds"],
    ["one-way-delay-maximum", "0.1 us", "100 nanoseconds"],
    ["one-way-delay-maximum", "9007199254740993 ns", "9007199254740993 nanoseconds"],
    ["one-way-bandwidth", "2.5 Gbit/s", "2500 Mbps"],
    ["one-way-bandwidth", " 2 gbps ", "2 Gbps"],
    ["one-way-bandwidth", "0.1234567 Gbps", "123456700 bps"],
    ["one-way-bandwidth", "0.3 Mbps", "300 Kbps"],
    ["one-way-bandwidth", "007 kbit/s", "7 Kbps"],
    ["one-way-bandwidth", "18446744073709551615 bps", "18446744073709551615 bps"],
  ])("reads a %s of %s as %s, exactly", (name, given, expected) => {
    const [bound] = payloadOf(...pair({ targets: [[name, "IS_EQUAL_TO", given]] })).sdps[0]?.bounds ?? [];
    expect(`${String(bound?.bound)} ${String(bound?.unit)}`).toBe(expected);
  });

  it.each([
    ["one-way-bandwidth", 5000], // of what?
    ["one-way-bandwidth", "5000"],
    ["one-way-bandwidth", "0 Mbps"], // the model's word for no bound at all
    ["one-way-bandwidth", "-1 Mbps"],
    ["one-way-bandwidth", "0.5 bps"],
    ["one-way-bandwidth", "18446744073709551616 bps"],
    ["one-way-bandwidth", "99999999999999999999 Gbps"],
    ["one-way-bandwidth", "10 ms"],
    ["one-way-bandwidth", "1e3 Mbps"],
    ["one-way-bandwidth", "1 constructor"],
    ["one-way-delay-maximum", "10 Mbps"],
    ["one-way-delay-maximum", "0.1 ns"],
    ["one-way-delay-maximum", "1.00000000001 s"],
    ["one-way-delay-maximum", "ten ms"],
    ["one-way-delay-maximum", ""],
  ])("refuses a %s of %j, by its name and place", (name, given) => {
    expect(translated(...pair({}, { targets: [[name, "IS_EQUAL_TO", given]] }))).toMatchObject({
      code: "TARGET_INVALID",
      reason: expect.stringContaining(`${name}: expected`),
      path: "/intentExpectations/1/expectationTargets/0/targetValueRange",
    });
  });

  it("compares targets by equality only, and knows no others", () => {
    for (const condition of ["IS_LESS_THAN", "IS_EQUAL_TO_OR_GREATER_THAN"] as const)
      expect(translated(...pair({ targets: [["one-way-bandwidth", condition, "1 Gbps"]] }))).toMatchObject({
        code: "CONDITION_UNSUPPORTED",
      });
    expect(translated(...pair({ targets: [["bandwidth", "IS_EQUAL_TO", "1 Gbps"]] }))).toMatchObject({ code: "TARGET_UNSUPPORTED" });
  });
});
