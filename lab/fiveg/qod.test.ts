import { type Dispatcher, request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { type FivegSimulator, startFiveg } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let nowMs = 0;
let core: FivegSimulator;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 0, 1);
  core = await startFiveg(ledger, faults, { now: () => nowMs, availableAfterMs: 1000 });
});
afterEach(async () => {
  await core.close();
  ledger.reset();
});

async function call(method: Dispatcher.HttpMethod, path: string, body?: unknown) {
  const response = await request(new URL(`/quality-on-demand/v1${path}`, core.address), {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.body.text();
  return { status: response.statusCode, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
}

const device = { ipv4Address: { publicAddress: "10.45.0.7", privateAddress: "10.45.0.7" } };
const session = {
  device,
  applicationServer: { ipv4Address: "198.51.100.10" },
  applicationServerPorts: { ports: [36_000], ranges: [{ from: 5010, to: 5020 }] },
  qosProfile: "QOS_L",
  duration: 4500,
  sink: "https://gateway.example/notify/i-1",
};

describe("CAMARA's sessions", () => {
  it("are REQUESTED, then AVAILABLE with the time of their end, and go with 204", async () => {
    const created = await call("POST", "/sessions", session);
    expect(created).toMatchObject({ status: 201, body: { ...session, qosStatus: "REQUESTED" } });
    expect(created.body).not.toHaveProperty("expiresAt");
    const at = `/sessions/${String(created.body["sessionId"])}`;
    nowMs += 1000;
    const shown = { qosStatus: "AVAILABLE", startedAt: "2026-01-01T00:00:01.000Z", expiresAt: "2026-01-01T01:15:01.000Z" };
    expect(await call("GET", at)).toMatchObject({ status: 200, body: shown });
    expect((await call("POST", "/retrieve-sessions", { device })).body).toMatchObject([shown]);
    expect([(await call("DELETE", at)).status, (await call("DELETE", at)).status]).toEqual([204, 404]);
    expect((await call("POST", "/retrieve-sessions", { device })).body).toEqual([]);
    expect(ledger.entries().map((e) => e.effect)).toEqual(["created", "removed"]);
  });

  it("are extended once they are AVAILABLE", async () => {
    const at = `/sessions/${String((await call("POST", "/sessions", session)).body["sessionId"])}`;
    const more = { requestedAdditionalDuration: 500 };
    expect(await call("POST", `${at}/extend`, more)).toMatchObject({ status: 409 });
    nowMs += 1000;
    expect(await call("POST", `${at}/extend`, more)).toMatchObject({ status: 200, body: { duration: 5000 } });
    expect((await call("POST", `${at}/extend`, {})).status).toBe(400);
    expect((await call("POST", "/sessions/x/extend", more)).status).toBe(404);
  });

  it("are shown for a while after the network ended them", async () => {
    await call("POST", "/sessions", session);
    core.terminateSessions();
    expect((await call("POST", "/retrieve-sessions", { device })).body).toMatchObject([
      { qosStatus: "UNAVAILABLE", statusInfo: "NETWORK_TERMINATED" },
    ]);
    expect(ledger.objects()).toEqual([]);
  });

  it.each<[string, number, string, object]>([
    ["a http sink", 400, "INVALID_SINK", { sink: "http://gateway.example" }],
    ["no duration", 400, "INVALID_ARGUMENT", { duration: undefined }],
    ["a duration of nothing", 400, "INVALID_ARGUMENT", { duration: 0 }],
    ["a public address alone", 400, "INVALID_ARGUMENT", { device: { ipv4Address: { publicAddress: "10.45.0.7" } } }],
    ["a short profile", 400, "INVALID_ARGUMENT", { qosProfile: "a" }],
    ["rates", 400, "INVALID_ARGUMENT", { reqGbrUl: "3 Mbps" }],
    ["no device", 422, "MISSING_IDENTIFIER", { device: undefined }],
    ["an unknown profile", 422, "QUALITY_ON_DEMAND.QOS_PROFILE_NOT_APPLICABLE", { qosProfile: "gold" }],
    ["a strange device", 404, "IDENTIFIER_NOT_FOUND", { device: { phoneNumber: "+123456789" } }],
  ])("are refused with %s", async (_, status, code, change) => {
    expect(await call("POST", "/sessions", { ...session, ...change })).toMatchObject({ status, body: { status, code } });
    expect(ledger.entries()).toEqual([]);
  });
});
