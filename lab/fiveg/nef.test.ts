import { type Dispatcher, request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { type FivegOptions, type FivegSimulator, startFiveg } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let nowMs = 0;
let core: FivegSimulator;

const start = async (options: FivegOptions = {}): Promise<void> => {
  core = await startFiveg(ledger, faults, { now: () => nowMs, ...options });
};
beforeEach(() => start());
afterEach(async () => {
  await core.close();
  ledger.reset();
  faults.clear();
  nowMs = 0;
});

const path = "/3gpp-as-session-with-qos/v1/nemo/subscriptions";
const json = { "content-type": "application/json" };
const mergePatch = { "content-type": "application/merge-patch+json" };

interface Told {
  readonly status: number;
  readonly type: string;
  readonly location: string | undefined;
  readonly body: Record<string, unknown>;
}
async function call(method: Dispatcher.HttpMethod, at: string, body?: unknown, headers: Record<string, string> = json): Promise<Told> {
  const response = await request(new URL(at, core.address), {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.body.text();
  const { "content-type": type, location } = response.headers;
  return {
    status: response.statusCode,
    type: String(type).split(";")[0] ?? "",
    location: location as string | undefined,
    body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

const flow = {
  notificationDestination: "https://gateway.example/function/exec-5g/notify/i-1",
  dnn: "internet",
  snssai: { sst: 1 },
  ueIpv4Addr: "10.45.0.7",
  flowInfo: [
    {
      flowId: 1,
      flowDescriptions: ["permit out 17 from 1.1.1.1 36000 to 10.45.0.7", "permit in 17 from 10.45.0.7 to 1.1.1.1 36000"],
    },
  ],
  qosReference: "audio4k",
  tscQosReq: { reqGbrUl: "3 Mbps", reqGbrDl: "3 Mbps" },
  usageThreshold: { duration: 3600 },
  qosDuration: 4500,
  events: ["QOS_GUARANTEED", "SOME_EVENT_OF_A_LATER_RELEASE"],
};

describe("AsSessionWithQoS", () => {
  it("creates with 201, Location and the subscription with its self, then lists and reads it", async () => {
    const created = await call("POST", path, flow);
    const self = new URL(`${path}/s1`, core.address).href;
    expect(created).toMatchObject({ status: 201, location: self, body: { ...flow, self } });
    expect((await call("GET", path)).body).toEqual([{ self, ...flow }]);
    expect((await call("GET", `${path}/s1`)).body).toEqual({ self, ...flow });
    expect((await call("GET", path.replace("nemo", "other"))).body).toEqual([]);
    expect((await call("GET", `${path.replace("nemo", "other")}/s1`)).status).toBe(404);
    expect(ledger.objects()).toEqual([{ peer: "nef", object: "subscription/s1" }]);
  });

  it("lists by addresses, and minds a query that is none", async () => {
    await call("POST", path, flow);
    const of = async (query: unknown) => (await call("GET", `${path}?ip-addrs=${encodeURIComponent(JSON.stringify(query))}`)).body;
    expect(await of([{ ipv4Addr: "10.45.0.7" }])).toHaveLength(1);
    expect(await of([{ ipv4Addr: "10.45.0.8" }])).toEqual([]);
    expect(await of({ ipv4Addr: "10.45.0.7" })).toMatchObject({ status: 400, cause: "INVALID_QUERY_PARAM" });
  });

  it.each<[string, object]>([
    ["notificationDestination", { notificationDestination: undefined }],
    ["notificationDestination", { notificationDestination: "not a uri" }],
    ["ueIpv4Addr", { ueIpv4Addr: "10.45.0.07" }],
    ["supi", { supi: "imsi-001010000000001" }],
    ["flowInfo/0/flowId", { flowInfo: [{ flowDescriptions: ["permit in ip from any to any"] }] }],
    ["flowInfo/0/flowDescriptions", { flowInfo: [{ flowId: 1, flowDescriptions: [] }] }],
    ["flowInfo/0/flowDescriptions/0", { flowInfo: [{ flowId: 1, flowDescriptions: ["deny in ip from any to any"] }] }],
    ["flowInfo/0/flowDescriptions/0", { flowInfo: [{ flowId: 1, flowDescriptions: ["permit in ip from !1.1.1.1 to any"] }] }],
    ["flowInfo/0/flowDescriptions/0", { flowInfo: [{ flowId: 1, flowDescriptions: ["permit in UDP from any to any"] }] }],
    ["tscQosReq/reqGbrUl", { tscQosReq: { reqGbrUl: "3Mbps" } }],
    ["tscQosReq/reqGbrUl", { tscQosReq: { reqGbrUl: 3 } }],
    ["tscQosReq/reqGbrDl", { tscQosReq: { reqGbrDl: "3 Mbit/s" } }],
    ["qosMonInfo/repFreqs", { qosMonInfo: { reqQosMonParams: ["UPLINK"] } }],
    ["qosDuration", { qosDuration: -1 }],
    ["qosDuration", { qosDuration: "4500" }],
  ])("refuses a wrong %s with 400 and names it", async (param, change) => {
    const refused = await call("POST", path, { ...flow, ...change });
    expect(refused).toMatchObject({
      status: 400,
      type: "application/problem+json",
      body: { status: 400, title: expect.any(String) as string },
    });
    expect((refused.body["invalidParams"] as { param: string }[]).map((p) => p.param)).toEqual([param]);
    expect(ledger.entries()).toEqual([]);
  });

  it("refuses more than two descriptions of one flow", async () => {
    const flowDescriptions = ["permit in ip from any to any", "permit out ip from any to any", "permit in 6 from any to any"];
    expect((await call("POST", path, { ...flow, flowInfo: [{ flowId: 1, flowDescriptions }] })).status).toBe(400);
  });

  it("knows its own UEs, profiles and limits", async () => {
    expect(await call("POST", path, { ...flow, ueIpv4Addr: "192.0.2.1" })).toMatchObject({
      status: 404,
      body: { cause: "CONTEXT_NOT_FOUND" },
    });
    expect((await call("POST", path, { ...flow, ueIpv4Addr: undefined })).status).toBe(400);
    expect((await call("POST", path, { ...flow, qosReference: "gold" })).status).toBe(403);
    const greedy = await call("POST", path, { ...flow, tscQosReq: { reqGbrUl: "1 Tbps" } });
    expect(greedy).toMatchObject({ status: 403, body: { acceptableServInfo: { maxBwUl: "10000 Mbps" } } });
  });

  it("takes JSON for POST and PUT, and a merge patch for PATCH: 415 otherwise", async () => {
    expect((await call("POST", path, flow, { "content-type": "text/plain" })).status).toBe(415);
    await call("POST", path, flow);
    expect((await call("PATCH", `${path}/s1`, { qosReference: "video" }, json)).status).toBe(415);
    expect((await call("PUT", `${path}/s1`, flow, mergePatch)).status).toBe(415);
    expect((await call("PATCH", `${path}/s1`, { qosReference: "video" }, mergePatch)).status).toBe(200);
  });

  it("merges a patch, in which null takes away, and enters only what changed", async () => {
    await call("POST", path, flow);
    const patch = { tscQosReq: { reqGbrUl: "5 Mbps", reqGbrDl: null }, qosDuration: null };
    const patched = await call("PATCH", `${path}/s1`, patch, mergePatch);
    expect(patched.body).toMatchObject({ tscQosReq: { reqGbrUl: "5 Mbps" }, qosReference: "audio4k" });
    expect(patched.body["tscQosReq"]).toEqual({ reqGbrUl: "5 Mbps" });
    expect(patched.body).not.toHaveProperty("qosDuration");
    await call("PATCH", `${path}/s1`, patch, mergePatch);
    expect(ledger.entries().map((e) => e.effect)).toEqual(["created", "changed"]);
  });

  it.each(["dnn", "snssai", "ueIpv4Addr", "ipDomain", "supportedFeatures", "constructor"])("does not patch %s", async (name) => {
    await call("POST", path, flow);
    const refused = await call("PATCH", `${path}/s1`, { [name]: "1" }, mergePatch);
    expect(refused).toMatchObject({ status: 400, body: { invalidParams: [{ param: name }] } });
  });

  it("replaces with PUT", async () => {
    await call("POST", path, flow);
    const other = { notificationDestination: flow.notificationDestination, ueIpv4Addr: "10.45.0.8" };
    expect((await call("PUT", `${path}/s1`, other)).body).toEqual({ self: expect.any(String) as string, ...other });
    expect((await call("PUT", `${path}/s1`, { ...other, ueIpv4Addr: 1 })).status).toBe(400);
    expect(ledger.entries().map((e) => e.effect)).toEqual(["created", "changed"]);
  });

  it("deletes with 204, or with 200 and a last report where it monitored, and knows it no more", async () => {
    await call("POST", path, flow);
    const qosMonInfo = { reqQosMonParams: ["UPLINK"], repFreqs: ["PERIODIC"], repPeriod: 60 };
    await call("POST", path, { ...flow, qosMonInfo });
    expect(await call("DELETE", `${path}/s1`)).toMatchObject({ status: 204, body: {} });
    const last = { transaction: expect.stringContaining("/s2") as string, eventReports: [{ event: "SESSION_TERMINATION", flowIds: [1] }] };
    expect(await call("DELETE", `${path}/s2`)).toMatchObject({ status: 200, body: last });
    for (const method of ["DELETE", "GET", "PUT"] as const)
      expect(await call(method, `${path}/s1`, method === "PUT" ? flow : undefined)).toMatchObject({
        status: 404,
        type: "application/problem+json",
        body: { cause: "SUBSCRIPTION_NOT_FOUND" },
      });
    expect((await call("PATCH", `${path}/s1`, {}, mergePatch)).status).toBe(404);
    expect(ledger.objects()).toEqual([]);
  });

  it("may have PUT alone", async () => {
    await core.close();
    await start({ patch: false });
    await call("POST", path, flow);
    expect((await call("PATCH", `${path}/s1`, {}, mergePatch)).status).toBe(405);
    expect((await call("PUT", `${path}/s1`, flow)).status).toBe(200);
  });
});

describe("with client credentials", () => {
  const oauth = { clientId: "nemo", clientSecret: "s3cret", lifetimeS: 60 };
  const basic = `Basic ${Buffer.from("nemo:s3cret").toString("base64")}`;
  const form = { "content-type": "application/x-www-form-urlencoded", authorization: basic };
  beforeEach(async () => {
    await core.close();
    await start({ oauth });
  });
  const tokenOf = async (): Promise<string> => {
    const granted = await call("POST", "/oauth/token", "grant_type=client_credentials", form);
    expect(granted).toMatchObject({ status: 200, body: { token_type: "Bearer", expires_in: 60 } });
    return String(granted.body["access_token"]);
  };

  it("takes only a token that it gave, that lives and was not revoked", async () => {
    expect((await call("GET", path)).status).toBe(401);
    expect((await call("GET", path, undefined, { authorization: "Bearer x" })).status).toBe(401);
    const authorization = `Bearer ${await tokenOf()}`;
    expect((await call("GET", path, undefined, { authorization })).status).toBe(200);
    nowMs += 60_000;
    expect((await call("GET", path, undefined, { authorization })).status).toBe(401);
    const renewed = `Bearer ${await tokenOf()}`;
    expect((await call("GET", path, undefined, { authorization: renewed })).status).toBe(200);
    core.revokeTokens();
    expect((await call("GET", path, undefined, { authorization: renewed })).status).toBe(401);
  });

  it("gives none to anybody else, or for any other grant", async () => {
    const wrong = { ...form, authorization: "Basic eA==" };
    expect(await call("POST", "/oauth/token", "grant_type=client_credentials", wrong)).toMatchObject({
      status: 401,
      body: { error: "invalid_client" },
    });
    expect((await call("POST", "/oauth/token", "grant_type=password", form)).body).toEqual({ error: "unsupported_grant_type" });
    expect((await call("POST", "/oauth/token", { grant_type: "client_credentials" }, { ...json, authorization: basic })).status).toBe(400);
  });
});
