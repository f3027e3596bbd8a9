import { type Dispatcher, request } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { adminContextUuid, serviceUuid } from "../tfs/uuid.ts";
import { type NscOptions, type NscSimulator, startNsc } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let nowMs = 0;
let nsc: NscSimulator;

const start = async (options: NscOptions = {}) => {
  nsc = await startNsc(ledger, faults, { now: () => nowMs, ...options });
};
afterEach(async () => {
  await nsc.close();
  ledger.reset();
  faults.clear();
});

const yang = "application/yang-data+json";
async function call(base: URL, method: Dispatcher.HttpMethod, path: string, body?: unknown, type = yang) {
  const url = `${base.origin}/restconf/data/ietf-network-slice-service:network-slice-services${path}`;
  const response = await request(url, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": type }, body: JSON.stringify(body) }),
  });
  const text = await response.body.text();
  const isJson = String(response.headers["content-type"]).includes("json");
  return { status: response.statusCode, body: (isJson && text !== "" ? JSON.parse(text) : text) as unknown, headers: response.headers };
}
const standard = (method: Dispatcher.HttpMethod, path: string, body?: unknown, type?: string) =>
  call(nsc.rfc9543, method, path, body, type);
const tfs = (method: Dispatcher.HttpMethod, path: string, body?: unknown, type = "application/json") =>
  call(nsc.tfsSlice, method, path, body, type);

type Json = Record<string, unknown>;
const identity = (name: string) => `ietf-network-slice-service:${name}`;
const bound = (type: string, unit: string, value: unknown): Json => ({ "metric-type": identity(type), "metric-unit": unit, bound: value });
const policy = (...bounds: readonly Json[]): Json => ({ "service-slo-sle-policy": { "slo-policy": { "metric-bound": bounds } } });
const sdp = (id: string): Json => ({
  id,
  "node-id": `r${id}`,
  "sdp-ip-address": [`10.0.0.${id}`],
  "service-match-criteria": {
    "match-criterion": [{ index: 1, "match-type": [{ type: identity("vlan"), value: [`10${id}`] }], "target-connection-group-id": "cg1" }],
  },
  "attachment-circuits": { "attachment-circuit": [{ id: `ac-${id}`, "ac-tp-id": `p${id}` }] },
});
const construct = (
  extra: Json = policy(bound("one-way-bandwidth", "Mbps", "5000"), bound("one-way-delay-maximum", "milliseconds", "10")),
) => ({
  id: "1",
  "p2p-sender-sdp": "1",
  "p2p-receiver-sdp": "2",
  ...extra,
});
const service = (extra: Json = {}, constructs: readonly Json[] = [construct()], sdps: readonly Json[] = [sdp("1"), sdp("2")]): Json => ({
  id: "nemo-1",
  ...extra,
  sdps: { sdp: sdps },
  "connection-groups": {
    "connection-group": [{ id: "cg1", "connectivity-type": identity("point-to-point"), "connectivity-construct": constructs }],
  },
});
const entry = (value: Json) => ({ "ietf-network-slice-service:slice-service": [value] });
const wrapped = (value: Json, templates?: Json) => ({
  "network-slice-services": { ...(templates === undefined ? {} : { "slo-sle-templates": templates }), "slice-service": [value] },
});

describe("a controller that keeps to RFC 8040", () => {
  const path = "/slice-service=nemo-1";

  it("creates with 201, replaces with 204, shows an entry as a list of one, and removes with 204 and then 404", async () => {
    await start();
    expect(await standard("GET", path)).toMatchObject({
      status: 404,
      body: { "ietf-restconf:errors": { error: [{ "error-tag": "invalid-value" }] } },
    });
    expect((await standard("PUT", path, entry(service()))).status).toBe(201);
    expect((await standard("PUT", path, entry(service()))).status).toBe(204);
    expect((await standard("PUT", path, entry(service({ description: "other" })))).status).toBe(204);
    expect(await standard("GET", path)).toMatchObject({
      status: 200,
      headers: { "content-type": expect.stringContaining(yang) },
      body: {
        "ietf-network-slice-service:slice-service": [
          { id: "nemo-1", description: "other", status: { "oper-status": { status: "ietf-vpn-common:op-up" } } },
        ],
      },
    });
    expect([(await standard("DELETE", path)).status, (await standard("DELETE", path)).status]).toEqual([204, 404]);
    expect(ledger.entries().map(({ peer, effect, object }) => `${peer} ${effect} ${object}`)).toEqual([
      "nsc created slice-service/nemo-1",
      "nsc changed slice-service/nemo-1",
      "nsc removed slice-service/nemo-1",
    ]);
  });

  it("is not up before its time", async () => {
    await start({ activateAfterMs: 1_000 });
    await standard("PUT", path, entry(service()));
    const oper = async () => JSON.stringify((await standard("GET", path)).body).match(/op-\w+/)?.[0];
    expect(await oper()).toBe("op-down");
    nowMs += 1_000;
    expect(await oper()).toBe("op-up");
  });

  const another = (changes: Json, at = 0): Json =>
    service({}, [construct()], [sdp("1"), sdp("2")].with(at, { ...sdp(String(at + 1)), ...changes }));
  it.each([
    ["an unknown node", service({ colour: "red" }), 400],
    ["one SDP alone", service({}, [], [sdp("1")]), 400],
    ["two SDPs of one id", service({}, [], [sdp("1"), sdp("1")]), 400],
    ["a bound that is a number", service({}, [construct(policy(bound("one-way-bandwidth", "Mbps", 5000)))]), 400],
    ["a bound with a fraction", service({}, [construct(policy(bound("one-way-delay-maximum", "milliseconds", "15.2")))]), 400],
    ["a bound over 64 bits", service({}, [construct(policy(bound("one-way-bandwidth", "bps", "18446744073709551616")))]), 400],
    ["a metric that the model lacks", service({}, [construct(policy(bound("bandwidth", "Mbps", "1")))]), 400],
    ["a bound without its unit", service({}, [construct(policy({ "metric-type": identity("one-way-bandwidth"), bound: "1" }))]), 400],
    ["a construct whose id is a number", service({}, [{ ...construct(), id: 1 }]), 400],
    ["two cases of the choice of a policy", service({ "slo-sle-template": "gold", "service-slo-sle-policy": {} }), 400],
    ["an address that is none", another({ "sdp-ip-address": ["10.0.0.1/24"] }), 400],
    [
      "another module's identity",
      another({ "service-match-criteria": { "match-criterion": [{ index: 1, "match-type": [{ type: "other:vlan" }] }] } }),
      400,
    ],
    ["a template that is not there", service({ "slo-sle-template": "silver" }), 409],
    ["a construct to an SDP that is not there", service({}, [{ ...construct(), "p2p-receiver-sdp": "3" }]), 409],
    [
      "a match for a group that is not there",
      another({ "service-match-criteria": { "match-criterion": [{ index: 1, "target-connection-group-id": "x" }] } }),
      409,
    ],
  ])("refuses %s", async (_, value, status) => {
    await start({ templates: [{ id: "gold" }] });
    expect((await standard("PUT", path, entry(value))).status).toBe(status);
    expect(ledger.entries()).toEqual([]);
  });

  it("takes a policy by a template that it has, and shows the template", async () => {
    await start({ templates: [{ id: "gold", description: "the best" }] });
    expect(await standard("GET", "/slo-sle-templates/slo-sle-template=gold")).toMatchObject({
      status: 200,
      body: { "ietf-network-slice-service:slo-sle-template": [{ id: "gold" }] },
    });
    expect((await standard("GET", "/slo-sle-templates/slo-sle-template=silver")).status).toBe(404);
    expect((await standard("PUT", path, entry(service({ "slo-sle-template": "gold" })))).status).toBe(201);
  });

  it("takes any-to-any constructs, with a policy for each SDP", async () => {
    await start();
    const sdps = [sdp("1"), sdp("2"), sdp("3")];
    const a2a = { id: "1", "a2a-sdp": [{ "sdp-id": "1", ...policy(bound("one-way-bandwidth", "Mbps", "1")) }, { "sdp-id": "3" }] };
    expect((await standard("PUT", path, entry(service({}, [a2a], sdps)))).status).toBe(201);
    expect((await standard("PUT", path, entry(service({}, [{ ...a2a, "p2p-sender-sdp": "1" }], sdps)))).status).toBe(400);
  });

  it("wants its own media type, the key of the URI, and the name with its module", async () => {
    await start();
    expect((await standard("PUT", path, entry(service()), "application/json")).status).toBe(415);
    expect((await standard("PUT", "/slice-service=other", entry(service()))).status).toBe(400);
    expect((await standard("PUT", path, { "slice-service": [service()] })).status).toBe(400);
    expect((await standard("PUT", `${path}/`, entry(service()))).status).toBe(404);
    expect((await standard("POST", path, entry(service()))).status).toBe(405);
    const colon = "/slice-service=a%3Ab";
    expect((await standard("PUT", colon, entry({ ...service(), id: "a:b" }))).status).toBe(201);
  });
});

describe("TeraFlowSDN's slices", () => {
  const uuid = serviceUuid(adminContextUuid, "nemo-1");
  const path = `/slice-service=${uuid}`;

  it("creates with 201 and {}, is found by its UUID, and goes with 200 and then 204", async () => {
    await start();
    expect(await tfs("GET", path)).toMatchObject({ status: 500, body: { error: `Slice(${uuid}) not found in database` } });
    expect(await tfs("POST", "/", wrapped(service()))).toMatchObject({ status: 201, body: {} });
    const found = await tfs("GET", path);
    expect(found).toMatchObject({
      status: 200,
      body: {
        name: "nemo-1",
        slice_id: { slice_uuid: { uuid } },
        slice_status: { slice_status: "SLICESTATUS_ACTIVE" },
        slice_constraints: [{ sla_capacity: { capacity_gbps: 5 } }, { sla_latency: { e2e_latency_ms: 10 } }],
      },
    });
    const rules = (found.body as { slice_config: { config_rules: { custom: { resource_key: string; resource_value: string } }[] } })
      .slice_config;
    const rule = (key: string) =>
      JSON.parse(rules.config_rules.find(({ custom }) => custom.resource_key === key)?.custom.resource_value ?? "") as unknown;
    expect(rule("/device[r1]/endpoint[p1]/settings")).toEqual({ address_ip: "10.0.0.1", address_prefix: 24, vlan_tag: 101 });
    expect(rule("running_ietf_slice")).toEqual(wrapped(service()));
    expect(await tfs("GET", "/slice-service=nemo-1")).toMatchObject({
      status: 500,
      body: { error: expect.stringContaining("Wrong Slice Id") },
    });
    expect(await tfs("GET", "/")).toMatchObject({
      status: 200,
      body: { "network-slice-services": { "slice-service": [{ id: "nemo-1" }] } },
    });
    expect([await tfs("DELETE", "/slice-service=nemo-1"), await tfs("DELETE", path)]).toMatchObject([
      { status: 200, body: {} },
      { status: 204 },
    ]);
    expect(ledger.entries().map(({ effect, object }) => `${effect} ${object}`)).toEqual(["created slice/nemo-1", "removed slice/nemo-1"]);
  });

  it("answers 504 with the slice while it is not ACTIVE", async () => {
    await start();
    faults.add({ kind: "activate", operation: "tfs-slice.create", afterMs: 1_000 });
    await tfs("POST", "/", wrapped(service()));
    expect(await tfs("GET", path)).toMatchObject({ status: 504, body: { slice_status: { slice_status: "SLICESTATUS_PLANNED" } } });
    nowMs += 1_000;
    expect((await tfs("GET", path)).status).toBe(200);
  });

  it("redirects where the slash is missing, and knows no entry with one", async () => {
    await start();
    const bare = await tfs("POST", "", wrapped(service()));
    expect([bare.status, String(bare.headers["location"])]).toEqual([308, expect.stringMatching(/network-slice-services\/$/)]);
    expect((await tfs("GET", `${path}/`)).status).toBe(404);
    expect(ledger.entries()).toEqual([]);
  });

  it("takes the body without a wrapper too, and not with the standard one", async () => {
    await start();
    expect((await tfs("POST", "/", { "slice-service": [service()] })).status).toBe(201);
    const standardBody = { "ietf-network-slice-service:network-slice-services": { "slice-service": [service()] } };
    expect(await tfs("POST", "/", standardBody)).toMatchObject({ status: 500, body: { message: "Internal Server Error" } });
    expect((await tfs("POST", "/", wrapped(service()), "text/plain")).status).toBe(415);
  });

  const without = (name: string): Json => Object.fromEntries(Object.entries(sdp("2")).filter(([key]) => key !== name));
  const withSecond = (second: Json): Json => service({}, [construct()], [sdp("1"), second]);
  it.each([
    ["three SDPs", service({}, [construct()], [sdp("1"), sdp("2"), sdp("3")])],
    ["no attachment circuit", withSecond(without("attachment-circuits"))],
    ["no port", withSecond({ ...sdp("2"), "attachment-circuits": { "attachment-circuit": [{ id: "ac-2" }] } })],
    ["no match criterion", withSecond(without("service-match-criteria"))],
    ["two addresses", withSecond({ ...sdp("2"), "sdp-ip-address": ["10.0.0.2", "10.0.0.3"] })],
    ["an any-to-any construct", service({}, [{ id: "1", "a2a-sdp": [{ "sdp-id": "1" }, { "sdp-id": "2" }] }])],
    ["no policy in its construct", service({}, [construct({})])],
    ["a bound in seconds", service({}, [construct(policy(bound("one-way-delay-maximum", "seconds", "1")))])],
    ["a metric that it does not read", service({}, [construct(policy(bound("two-way-bandwidth", "Mbps", "1")))])],
    ["a template that is not in the body", service({ "slo-sle-template": "gold" })],
    ["a device that it does not know", withSecond({ ...sdp("2"), "node-id": "r9" })],
  ])("answers 500 without a reason to %s", async (_, value) => {
    await start({ devices: ["r1", "r2", "r3"] });
    expect(await tfs("POST", "/", wrapped(value))).toMatchObject({ status: 500, body: { message: "Internal Server Error" } });
    expect(ledger.entries()).toEqual([]);
  });

  it("takes a template that is in the body, and reads the SLOs of the first construct alone", async () => {
    await start();
    const second = { id: "2", "p2p-sender-sdp": "2", "p2p-receiver-sdp": "1", ...policy(bound("one-way-bandwidth", "Gbps", "9")) };
    const value = service({ "slo-sle-template": "gold" }, [construct(policy(bound("one-way-bandwidth", "Kbps", "500"))), second]);
    expect((await tfs("POST", "/", wrapped(value, { "slo-sle-template": [{ id: "gold" }] }))).status).toBe(201);
    expect((await tfs("GET", path)).body).toMatchObject({ slice_constraints: [{ sla_capacity: { capacity_gbps: 0.0005 } }] });
  });
});
