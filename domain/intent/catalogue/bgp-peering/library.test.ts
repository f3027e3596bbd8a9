import { describe, expect, it } from "vitest";
import type { Intent } from "../../model.ts";
import { library } from "./library.ts";
import { BgpSession } from "./payload.ts";

type Values = Readonly<Record<string, string | number | undefined>>;
const ref = "secretRef:0123456789abcdef";
const whole = { localAsn: 64512, localIp: "192.0.2.1", peerAsn: 64513, peerType: "private" };

const contexts = (values: Values) =>
  Object.entries(values).flatMap(([contextAttribute, contextValueRange]) =>
    contextValueRange === undefined ? [] : [{ contextAttribute, contextCondition: "IS_EQUAL_TO" as const, contextValueRange }],
  );
const intent = (...asked: readonly { readonly objects?: Values; readonly around?: Values }[]): Intent => ({
  id: "i",
  userLabel: "cloud_continuum",
  intentExpectations: asked.map(({ objects = {}, around = {} }, i) => ({
    expectationId: String(i + 1),
    expectationVerb: "DELIVER",
    expectationObject: { objectType: "BGP_SESSION", objectContexts: contexts({ ...whole, ...objects }) },
    expectationTargets: [],
    expectationContexts: contexts({ location: "pdb:ix:1", ...around }),
  })),
  intentContexts: [],
  intentAdminState: "ACTIVATED",
  intentPriority: 1,
});
const refused = (objects: Values, around: Values = {}) => library.translate(intent({ objects, around }));
const orderOf = (objects: Values, around: Values = {}) => {
  const translated = refused(objects, around);
  if (!translated.ok || translated.value.kind !== "orders") throw new Error(JSON.stringify(translated));
  const [order, ...more] = translated.value.orders;
  if (order === undefined || more.length > 0) throw new Error("expected one order");
  return order;
};

describe("the bgp-peering library", () => {
  it("needs both networks, an address, a type and a location; the secret and the url are as one likes", () => {
    for (const name of Object.keys(whole))
      expect(refused({ [name]: undefined })).toMatchObject({ ok: false, code: "CONTEXT_MISSING", reason: `needs the context ${name}` });
    expect(refused({}, { location: undefined })).toMatchObject({ code: "CONTEXT_MISSING", reason: "needs the context location" });
    expect(BgpSession.parse(orderOf({}).payload)).toEqual({ ...whole, location: "pdb:ix:1" });
    const order = orderOf({ md5: ref }, { url: "https://peering.example.net/v0.1" });
    expect(order).toMatchObject({ controller: "https://peering.example.net/v0.1", payload: { md5Ref: ref } });
  });

  it.each([1, "64512", 65_534, 65_536, "4200000000", 4_294_967_294])("takes AS %j", (peerAsn) => {
    expect(orderOf({ localAsn: 3, peerAsn }).payload).toMatchObject({ peerAsn: Number(peerAsn) });
  });

  it.each([0, 23_456, 65_535, 4_294_967_295, "0", "23456", "65535", "4294967295", 4_294_967_296, -1, 1.5, "1.10", "AS64512", "064512", ""])(
    "refuses AS %j, by its name and place",
    (localAsn) => {
      expect(refused({ localAsn })).toMatchObject({
        ok: false,
        code: "CONTEXT_INVALID",
        reason: expect.stringMatching(/^localAsn: /),
        path: "/intentExpectations/0/expectationObject/objectContexts/0/contextValueRange",
      });
    },
  );

  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["223.255.255.254", "223.255.255.254"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["2001:db8::192.0.2.1", "2001:db8::c000:201"],
    ["ff::1", "ff::1"],
  ])("reads the address %s as %s", (localIp, canonical) => {
    expect(orderOf({ localIp }).payload).toMatchObject({ localIp: canonical });
  });

  it.each([
    "192.0.2",
    "192.0.2.256",
    "192.0.02.1",
    "192.0.2.1/24",
    "0.0.0.0",
    "127.0.0.1",
    "224.0.0.5",
    "255.255.255.255",
    "::",
    "::1",
    "ff02::5",
    "[2001:db8::1]",
    "fe80::1%eth0",
    "2001:db8::1::2",
    "2001:db8",
    "peer.example.org",
    "3221225985",
    3_221_225_985,
  ])("refuses the address %j", (localIp) => {
    expect(refused({ localIp })).toMatchObject({ code: "CONTEXT_INVALID", reason: expect.stringMatching(/^localIp: /) });
  });

  it.each(["pdb:ix:0", "pdb:ix:01", "pdb:fac:1", "pdb:ix:", "PDB:IX:1", "1", "pdb:ix:1:2", "pdb:ix:12345678901"])(
    "refuses the location %j",
    (location) => {
      expect(refused({}, { location })).toMatchObject({ code: "CONTEXT_INVALID", reason: expect.stringMatching(/^location: /) });
    },
  );

  it("takes private and public peerings, and a secret only sealed", () => {
    expect(orderOf({ peerType: "public" }).payload).toMatchObject({ peerType: "public" });
    expect(refused({ peerType: "PRIVATE" })).toMatchObject({ code: "CONTEXT_INVALID" });
    const open = refused({ md5: "hunter2" });
    expect(open).toMatchObject({ code: "CONTEXT_INVALID" });
    expect(JSON.stringify(open)).not.toContain("hunter2");
  });

  it("refuses a session of a network with itself, and one that is asked for twice", () => {
    expect(refused({ peerAsn: "64512" })).toMatchObject({ code: "CONTEXT_INVALID", reason: expect.stringContaining("same network") });
    expect(library.translate(intent({ objects: { localIp: "2001:db8::1" } }, { objects: { localIp: "2001:DB8::1" } }))).toMatchObject({
      code: "CONTEXT_INVALID",
      path: "/intentExpectations/1/expectationObject",
    });
  });

  it("names the session after everything that tells it from another, and not after its secret", () => {
    const named = orderOf({}).resource;
    expect(named).toBe("session/AS64512/192.0.2.1/AS64513/pdb:ix:1/private");
    expect(orderOf({ md5: ref }).resource).toBe(named);
    const others = [
      orderOf({ localAsn: 1 }),
      orderOf({ localIp: "192.0.2.3" }),
      orderOf({ peerAsn: 1 }),
      orderOf({ peerType: "public" }),
      orderOf({}, { location: "pdb:ix:2" }),
    ];
    expect(new Set([named, ...others.map((o) => o.resource)]).size).toBe(6);
  });

  it("has no targets", () => {
    const [expectation] = intent({}).intentExpectations;
    if (expectation === undefined) throw new Error("one expectation is needed");
    const targets = [{ targetName: "bandwidth", targetCondition: "IS_EQUAL_TO" as const, targetValueRange: 1 }];
    const asked = { ...intent({}), intentExpectations: [{ ...expectation, expectationTargets: targets }] };
    expect(library.translate(asked)).toMatchObject({ code: "TARGET_UNSUPPORTED" });
  });
});
