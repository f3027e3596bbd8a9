import { describe, expect, it } from "vitest";
import type { Condition, Intent } from "../../model.ts";
import { library } from "./library.ts";
import { L2vpn } from "./payload.ts";

type Value = string | number;
interface Asked {
  readonly objects?: Readonly<Record<string, Value | undefined>>;
  readonly targets?: readonly (readonly [name: string, condition: Condition, value: Value])[];
  readonly around?: Readonly<Record<string, Value>>;
}

const whole = { nodeSrc: "3.3.3.3", nodeDst: "5.5.5.5", endpointSrc: "eth0", endpointDst: "eth1", vlanId: 999 };

const contexts = (values: Readonly<Record<string, Value | undefined>>) =>
  Object.entries(values).flatMap(([contextAttribute, contextValueRange]) =>
    contextValueRange === undefined ? [] : [{ contextAttribute, contextCondition: "IS_EQUAL_TO" as const, contextValueRange }],
  );

const intent = ({ objects = {}, targets = [], around = {} }: Asked): Intent => ({
  id: "i",
  userLabel: "cloud_continuum",
  intentExpectations: [
    {
      expectationId: "1",
      expectationVerb: "DELIVER",
      expectationObject: { objectType: "L2VPN_TFS", objectContexts: contexts({ ...whole, ...objects }) },
      expectationTargets: targets.map(([targetName, targetCondition, targetValueRange]) => ({
        targetName,
        targetCondition,
        targetValueRange,
      })),
      expectationContexts: contexts(around),
    },
  ],
  intentContexts: [],
  intentAdminState: "ACTIVATED",
  intentPriority: 1,
});

const orderOf = (asked: Asked) => {
  const translated = library.translate(intent(asked));
  if (!translated.ok || translated.value.kind !== "orders") throw new Error(JSON.stringify(translated));
  const [order, ...more] = translated.value.orders;
  if (order === undefined || more.length > 0) throw new Error("expected one order");
  return order;
};
const refused = (asked: Asked) => library.translate(intent(asked));
const objectAt = (name: string) =>
  `/intentExpectations/0/expectationObject/objectContexts/${String(Object.keys(whole).indexOf(name))}/contextValueRange`;

describe("the tfs-l2vpn library", () => {
  it("needs two nodes, two endpoints and a VLAN, and nothing else", () => {
    for (const name of Object.keys(whole))
      expect(refused({ objects: { [name]: undefined } })).toEqual({
        ok: false,
        code: "CONTEXT_MISSING",
        reason: `needs the context ${name}`,
        path: "/intentExpectations/0/expectationObject/objectContexts",
      });
    expect(L2vpn.parse(orderOf({}).payload)).toEqual({
      service: "i-1",
      source: { node: "3.3.3.3", endpoint: "eth0" },
      destination: { node: "5.5.5.5", endpoint: "eth1" },
      vlanId: 999,
    });
  });

  it.each([1, 4094, "1", "999", "4094"])("takes VLAN %j", (vlanId) => {
    expect(orderOf({ objects: { vlanId } }).payload).toMatchObject({ vlanId: Number(vlanId) });
  });

  it.each([0, 4095, 5000, -1, 1.5, "0", "4095", "5000", "abc", "", "0x10", "1e3", " 9", "99999", "9 9"])("refuses VLAN %j", (vlanId) => {
    expect(refused({ objects: { vlanId } })).toMatchObject({
      ok: false,
      code: "CONTEXT_INVALID",
      reason: expect.stringMatching(/^vlanId: /),
      path: objectAt("vlanId"),
    });
  });

  it.each([
    [10, 10],
    ["10", 10],
    ["10.5 Gbps", 10.5],
    ["500 Mbps", 0.5],
    ["500Mbit/s", 0.5],
    ["100 kbps", 0.0001],
    ["1000000 bps", 0.001],
    [" 2 gbit/s ", 2],
  ])("reads a bandwidth of %j as %d Gbit/s", (given, bandwidthGbps) => {
    expect(orderOf({ targets: [["bandwidth", "IS_EQUAL_TO", given]] }).payload).toMatchObject({ bandwidthGbps });
  });

  it.each([
    [15.2, 15.2],
    ["15.2", 15.2],
    ["10 ms", 10],
    ["1 s", 1000],
    ["500 us", 0.5],
    ["500 µs", 0.5],
    ["100 ns", 0.0001],
  ])("reads a latency of %j as %d ms", (given, latencyMs) => {
    expect(orderOf({ targets: [["latency", "IS_LESS_THAN", given]] }).payload).toMatchObject({ latencyMs });
  });

  it.each([
    ["bandwidth", "10 ms"],
    ["bandwidth", "ten"],
    ["bandwidth", 0],
    ["bandwidth", -1],
    ["bandwidth", "-1 Gbps"],
    ["bandwidth", "1 Gbps extra"],
    ["bandwidth", "1 GBps2"],
    ["bandwidth", "1,5,5"],
    ["bandwidth", "constructor"],
    ["bandwidth", "1 constructor"],
    ["bandwidth", ""],
    ["bandwidth", Number.NaN],
    ["bandwidth", Number.POSITIVE_INFINITY],
    ["latency", "10 Mbps"],
    ["latency", "10 minutes"],
    ["latency", 0],
  ])("refuses a %s of %j, by its name and place", (name, given) => {
    expect(refused({ targets: [[name, name === "latency" ? "IS_LESS_THAN" : "IS_EQUAL_TO", given]] })).toMatchObject({
      ok: false,
      code: "TARGET_INVALID",
      reason: expect.stringContaining(`${name}: `),
      path: "/intentExpectations/0/expectationTargets/0/targetValueRange",
    });
  });

  it("lets a bandwidth only be asked for from below, and a latency only from above", () => {
    const taken = (name: string, condition: Condition) => library.translate(intent({ targets: [[name, condition, 1]] })).ok;
    const every: readonly Condition[] = [
      "IS_EQUAL_TO",
      "IS_LESS_THAN",
      "IS_GREATER_THAN",
      "IS_WITHIN_RANGE",
      "IS_OUTSIDE_RANGE",
      "IS_ONE_OF",
      "IS_NOT_ONE_OF",
      "IS_EQUAL_TO_OR_LESS_THAN",
      "IS_EQUAL_TO_OR_GREATER_THAN",
      "IS_ALL_OF",
    ];
    expect(every.filter((c) => taken("bandwidth", c))).toEqual(["IS_EQUAL_TO", "IS_GREATER_THAN", "IS_EQUAL_TO_OR_GREATER_THAN"]);
    expect(every.filter((c) => taken("latency", c))).toEqual(["IS_EQUAL_TO", "IS_LESS_THAN", "IS_EQUAL_TO_OR_LESS_THAN"]);
    expect(refused({ targets: [["latency", "IS_GREATER_THAN", 1]] })).toMatchObject({
      code: "CONDITION_UNSUPPORTED",
      path: "/intentExpectations/0/expectationTargets/0/targetCondition",
    });
  });

  it("refuses targets that it does not have, and one that is given twice", () => {
    for (const name of ["jitter", "constructor", "__proto__"])
      expect(refused({ targets: [[name, "IS_EQUAL_TO", 1]] })).toMatchObject({
        code: "TARGET_UNSUPPORTED",
        reason: expect.stringContaining(name),
        path: "/intentExpectations/0/expectationTargets/0",
      });
    const twice: Asked["targets"] = [
      ["latency", "IS_LESS_THAN", 1],
      ["latency", "IS_LESS_THAN", 2],
    ];
    expect(refused({ targets: twice })).toMatchObject({ code: "TARGET_INVALID", path: "/intentExpectations/0/expectationTargets/1" });
  });

  it("refuses a link from an endpoint to itself, and takes one between two endpoints of a node", () => {
    const same = { nodeDst: whole.nodeSrc, endpointDst: whole.endpointSrc };
    expect(refused({ objects: same })).toMatchObject({ code: "CONTEXT_INVALID", reason: expect.stringContaining("same endpoint") });
    expect(refused({ objects: { nodeSrc: "7", nodeDst: 7, endpointSrc: "1", endpointDst: 1 } })).toMatchObject({ code: "CONTEXT_INVALID" });
    expect(orderOf({ objects: { nodeDst: whole.nodeSrc } }).payload).toMatchObject({
      source: { node: "3.3.3.3" },
      destination: { node: "3.3.3.3" },
    });
  });

  it.each([
    "ftp://192.168.165.10",
    "192.168.165.10",
    "javascript:alert(1)",
    "http://",
    "http://user:secret@192.168.165.10",
    "http://user@192.168.165.10",
    " http:user:secret@192.168.165.10",
  ])("refuses the url %j and does not repeat it", (url) => {
    const answer = refused({ around: { url } });
    expect(answer).toMatchObject({ code: "CONTEXT_INVALID", path: "/intentExpectations/0/expectationContexts/0/contextValueRange" });
    expect(JSON.stringify(answer)).not.toContain("secret");
  });

  it("names the service after intent and expectation, so that no two pairs read alike", () => {
    const named = (id: string, expectationId: string) => {
      const one = intent({});
      const translated = library.translate({
        ...one,
        id,
        intentExpectations: one.intentExpectations.map((e) => ({ ...e, expectationId })),
      });
      return translated.ok && translated.value.kind === "orders" ? translated.value.orders[0]?.resource : undefined;
    };
    expect(named("a-b", "c")).not.toBe(named("a", "b-c"));
    expect(named("a", "b")).toBe("service/a-b");
  });
});
