import { type Dispatcher, request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { fullService, l2vpnSvc } from "./sample.ts";
import { startTfs, type TfsSimulator } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let nowMs = 0;
let tfs: TfsSimulator;

beforeEach(async () => {
  tfs = await startTfs(ledger, faults, { now: () => nowMs });
});
afterEach(async () => {
  await tfs.close();
  ledger.reset();
  faults.clear();
});

const basic = `Basic ${Buffer.from("admin:admin").toString("base64")}`;

async function call(
  method: Dispatcher.HttpMethod,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { authorization: basic, "content-type": "application/json" },
) {
  const options = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await request(new URL(`/restconf/data/ietf-l2vpn-svc:l2vpn-svc/${path}`, tfs.address), options);
  const text = await response.body.text();
  return { status: response.statusCode, body: (text === "" || text === "Unauthorized Access" ? text : JSON.parse(text)) as unknown };
}
const vpn = "vpn-services/vpn-service=nemo-1";

describe("the L2VPN over RESTCONF", () => {
  it("creates with 201 and an empty list, is found with 200 and goes with 204, twice", async () => {
    expect(await call("POST", "vpn-services", l2vpnSvc())).toEqual({ status: 201, body: [] });
    const found = { status: 200, body: { "service-id": expect.any(String) as string } };
    expect([await call("GET", vpn), await call("GET", `${vpn}/`)]).toEqual([found, found]);
    expect(await call("GET", "vpn-services")).toEqual({ status: 200, body: {} });
    expect([(await call("DELETE", `${vpn}/`)).status, (await call("DELETE", vpn)).status]).toEqual([204, 204]);
    expect(ledger.entries().map((e) => e.effect)).toEqual(["created", "changed", "changed", "removed"]);
  });

  it("answers 504 while the service is not ACTIVE and 500 where there is none", async () => {
    faults.add({ kind: "activate", operation: "restconf.create", afterMs: 1000 });
    await call("POST", "vpn-services", l2vpnSvc());
    expect((await call("GET", vpn)).status).toBe(504);
    nowMs += 1000;
    expect((await call("GET", vpn)).status).toBe(200);
    expect(await call("GET", "vpn-services/vpn-service=x")).toEqual({ status: 500, body: { error: "VPN(x) not found in database" } });
  });

  it("wants credentials, except on PUT", async () => {
    const json = { "content-type": "application/json" };
    expect(await call("POST", "vpn-services", l2vpnSvc(), json)).toEqual({ status: 401, body: "Unauthorized Access" });
    const wrong = `Basic ${Buffer.from("admin:other").toString("base64")}`;
    expect((await call("GET", vpn, undefined, { authorization: wrong })).status).toBe(401);
    expect((await call("DELETE", vpn, undefined, {})).status).toBe(401);
    await call("POST", "vpn-services", l2vpnSvc());
    expect((await call("PUT", vpn, l2vpnSvc(), json)).status).toBe(204);
  });

  it("answers 415 to what is not JSON and 500 with the errors to what is wrong", async () => {
    expect((await call("POST", "vpn-services", l2vpnSvc(), { authorization: basic, "content-type": "text/plain" })).status).toBe(415);
    expect(await call("POST", "vpn-services", { other: {} })).toEqual({ status: 500, body: [expect.any(String)] });
    await call("POST", "vpn-services", l2vpnSvc());
    const again = await call("POST", "vpn-services", l2vpnSvc());
    expect(again).toEqual({ status: 500, body: [{ error: expect.stringContaining("already exists") as string }] });
    expect(ledger.objects()).toHaveLength(1);
  });

  it("does not take two VLAN ids in one VPN, and keeps what came before the error", async () => {
    const answer = await call("POST", "vpn-services", l2vpnSvc("nemo-1", [999, 1000]));
    expect(answer).toEqual({ status: 500, body: [{ error: expect.stringContaining("vlan_id") as string }] });
    expect((await call("GET", vpn)).status).toBe(504);
    expect(ledger.objects()).toEqual([{ peer: "tfs", object: "service/nemo-1" }]);
  });

  it("rejects SLO leaves, as TeraFlowSDN's own YANG does", async () => {
    const body = JSON.parse(
      JSON.stringify(l2vpnSvc()).replaceAll('"svc-mtu":1500', '"svc-mtu":1500,"svc-input-bandwidth":1000'),
    ) as unknown;
    expect((await call("POST", "vpn-services", body)).status).toBe(500);
    expect(ledger.entries()).toEqual([]);
  });

  it("takes the accesses of a site on their own", async () => {
    const { sites, "vpn-services": vpns } = l2vpnSvc()["ietf-l2vpn-svc:l2vpn-svc"];
    await call("POST", "vpn-services", { "ietf-l2vpn-svc:vpn-service": vpns["vpn-service"] });
    for (const site of sites.site) {
      const accesses = site["site-network-accesses"]["site-network-access"].map((access) => ({
        ...access,
        connection: { ...access.connection, "encapsulation-type": "dot1q-vlan-tagged" }, // as OSM writes it
      }));
      const path = `sites/site=${site["site-id"]}/site-network-accesses/`;
      expect((await call("POST", path, { "ietf-l2vpn-svc:site-network-access": accesses })).status).toBe(201);
    }
    expect((await call("GET", vpn)).status).toBe(200);
  });

  it("makes an L3NM of a VPN of OSM's", async () => {
    await call("POST", "vpn-services", { "ietf-l2vpn-svc:vpn-service": [{ "vpn-id": "nemo-1", "customer-name": " OSM" }] });
    const response = await request(new URL("/tfs-api/context/admin/service/nemo-1", tfs.address));
    expect(await response.body.json()).toMatchObject({ service_type: "SERVICETYPE_L3NM" });
  });

  it("finds what the native interface made", async () => {
    await request(new URL("/tfs-api/context/admin/service/nemo-1", tfs.address), {
      method: "PUT",
      body: JSON.stringify(fullService("nemo-1")),
    });
    expect((await call("GET", vpn)).status).toBe(200);
  });
});
