import { type Dispatcher, request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { type ClusterSimulator, startCluster } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let nowMs = 0;
let cluster: ClusterSimulator;

beforeEach(async () => {
  cluster = await startCluster(ledger, faults, { name: "one", availableAfterMs: 500, now: () => nowMs });
});
afterEach(async () => {
  await cluster.close();
  ledger.reset();
  faults.clear();
});

async function call(method: Dispatcher.HttpMethod, path: string, body?: object, token = "Bearer t", to = cluster) {
  const headers = { "content-type": "application/json", ...(token === "" ? {} : { authorization: token }) };
  const options = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await request(new URL(`/apis/l2sm.l2sm.k8s.local/v1/namespaces/${path}`, to.address), options);
  return { status: response.statusCode, body: (await response.body.json()) as unknown };
}

const network = (name = "spain-network", spec: object = { type: "vnet", provider: { name: "uc3m", domain: "172.18.0.2" } }) => ({
  apiVersion: "l2sm.l2sm.k8s.local/v1",
  kind: "L2Network",
  metadata: { name },
  spec,
});

describe("a managed cluster's API", () => {
  it("creates, gets, lists and deletes a network", async () => {
    const created = await call("POST", "default/l2networks", network());
    expect(created).toMatchObject({
      status: 201,
      body: { kind: "L2Network", metadata: { name: "spain-network", namespace: "default", resourceVersion: "1" } },
    });
    expect(await call("GET", "default/l2networks/spain-network")).toMatchObject({ status: 200, body: { spec: { type: "vnet" } } });
    expect(await call("GET", "default/l2networks")).toMatchObject({
      body: { kind: "L2NetworkList", items: [{ metadata: { name: "spain-network" } }] },
    });
    expect(await call("GET", "other/l2networks")).toMatchObject({ body: { items: [] } });
    expect(await call("DELETE", "default/l2networks/spain-network")).toMatchObject({
      status: 200,
      body: { kind: "Status", status: "Success" },
    });
    expect(ledger.entries().map((e) => [e.peer, e.effect, e.object])).toEqual([
      ["cluster:one", "created", "l2networks/default/spain-network"],
      ["cluster:one", "removed", "l2networks/default/spain-network"],
    ]);
  });

  it("answers a Status of 404, 409, 422, 400 or 401, and enters nothing", async () => {
    await call("POST", "default/l2networks", network());
    const refusal = (code: number, reason: string, message: string) => ({
      status: code,
      body: { kind: "Status", status: "Failure", reason, code, message },
    });
    expect(await call("GET", "default/l2networks/x")).toMatchObject(
      refusal(404, "NotFound", 'l2networks.l2sm.l2sm.k8s.local "x" not found'),
    );
    expect(await call("DELETE", "default/l2networks/x")).toMatchObject({ status: 404 });
    expect(await call("POST", "default/l2networks", network())).toMatchObject(
      refusal(409, "AlreadyExists", 'l2networks.l2sm.l2sm.k8s.local "spain-network" already exists'),
    );
    expect(await call("POST", "default/l2networks", network("spain_network"))).toMatchObject({ status: 422, body: { reason: "Invalid" } });
    expect(await call("POST", "default/l2networks", network("n", { type: "vpn" }))).toMatchObject({ status: 422 });
    expect(await call("POST", "default/overlays", network())).toMatchObject({ status: 422, body: { reason: "Invalid" } });
    expect(await call("POST", "default/l2networks", { ...network("n"), apiVersion: "v1" })).toMatchObject({
      status: 400,
      body: { reason: "BadRequest" },
    });
    expect(await call("GET", "default/pods")).toMatchObject({ status: 404, body: { kind: "Status" } });
    expect(await call("POST", "default/l2networks", network("n"), "")).toMatchObject(refusal(401, "Unauthorized", "Unauthorized"));
    expect(ledger.entries()).toHaveLength(1);
  });

  it("takes its own token only, where it has one", async () => {
    const strict = await startCluster(ledger, faults, { name: "two", token: "right" });
    const asked = async (token: string) => (await call("GET", "default/l2networks", undefined, token, strict)).status;
    expect([await asked("Bearer wrong"), await asked("Bearer right"), await asked("Basic right")]).toEqual([401, 200, 401]);
    await strict.close();
  });

  it("reports a network as connected after a while", async () => {
    await call("POST", "default/l2networks", network());
    const statusNow = async () => ((await call("GET", "default/l2networks/spain-network")).body as { status: object }).status;
    expect(await statusNow()).toMatchObject({ internalConnectivity: "Unavailable", providerConnectivity: "Unavailable" });
    nowMs += 500;
    expect(await statusNow()).toMatchObject({ internalConnectivity: "Available", providerConnectivity: "Available" });
  });

  it("lets the status be set, and enters it as a change once", async () => {
    await call("POST", "default/l2networks", network());
    const put = () => call("PUT", "default/l2networks/spain-network/status", { status: { internalConnectivity: "Unknown" } });
    expect(await put()).toMatchObject({ status: 200, body: { status: { internalConnectivity: "Unknown" } } });
    await put();
    nowMs += 10_000;
    expect(await call("GET", "default/l2networks/spain-network")).toMatchObject({ body: { status: { internalConnectivity: "Unknown" } } });
    expect(ledger.entries().map((e) => e.effect)).toEqual(["created", "changed"]);
  });

  it("never writes a token into the ledger", async () => {
    await call("POST", "default/l2networks", network(), "Bearer secret-token");
    expect(JSON.stringify([ledger.entries(), ledger.objects(), ledger.counters()])).not.toContain("secret-token");
    expect(ledger.entries()).toHaveLength(1);
  });

  it("obeys faults of its own", async () => {
    faults.add({ kind: "status", peer: "cluster:two", status: 500 });
    faults.add({ kind: "destroy", when: "after", peer: "cluster:one", operation: "l2networks.create", times: 1 });
    await expect(call("POST", "default/l2networks", network())).rejects.toThrow();
    expect((await call("GET", "default/l2networks/spain-network")).status).toBe(200);
  });
});
