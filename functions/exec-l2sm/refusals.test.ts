import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Observed } from "../../domain/intent/adaptor.ts";
import type { Order } from "../../domain/intent/order.ts";
import type { Outcome } from "../../domain/outcome.ts";
import { type Lab, type LabOptions, startLab } from "../../lab/lab.ts";
import { l2smAdaptor } from "./adaptor.ts";
import { type L2smConnections, openL2smConnections } from "./connections.ts";

const clusters = [1, 2, 3].map((i) => ({
  name: `kind-worker-cluster-${String(i)}`,
  origin: `https://172.18.0.${String(i + 2)}:6443`,
  token: `<secret token ${String(i)}>`.replaceAll(" ", "-"),
}));
const secrets = new Map(clusters.map(({ token }, i) => [`secretRef:${String(i + 1)}`, token]));
const members = (...numbers: readonly number[]) =>
  numbers.map((i) => ({
    name: `kind-worker-cluster-${String(i)}`,
    apiUrl: `https://172.18.0.${String(i + 2)}:6443`,
    tokenRef: `secretRef:${String(i)}`,
  }));
const orderOf = (change: object = {}): Order => ({
  executioner: "l2sm",
  resource: "l2network/default/spain-network",
  expectationIds: ["1", "2", "3"],
  origins: [],
  payload: {
    network: "spain-network",
    namespace: "default",
    provider: { name: "uc3m", domain: "172.18.0.2" },
    type: "vnet",
    clusters: members(1, 2),
    ...change,
  },
});
const order = orderOf();
const brought: Outcome<Observed> = { ok: true, value: { state: "present", differs: [], pending: false, declared: {} } };

let lab: Lab;
let connections: L2smConnections;
const controllersOf = (started: Lab): readonly ReachableController[] =>
  started.controllers.map(({ executioner, origin, connect }) => ({ executioner, origin, address: new URL(connect ?? origin) }));

async function start(options: LabOptions = {}): Promise<void> {
  lab = await startLab({ clusters, ...options });
  connections = openL2smConnections({ controllers: controllersOf(lab) });
}
afterEach(async () => {
  await connections.close();
  await lab.close();
});

const adaptor = (
  options: { signal?: AbortSignal; controllers?: readonly ReachableController[]; held?: ReadonlyMap<string, string> } = {},
) =>
  l2smAdaptor({
    controllers: options.controllers ?? connections.controllers,
    connections,
    secrets: { open: (ref) => Promise.resolve((options.held ?? secrets).get(ref)) },
    signal: options.signal ?? AbortSignal.timeout(20_000),
  });

/** Observes, applies what differs and reads back, as an executioner does. */
async function bring(wanted: Order, before?: Order): Promise<Outcome<Observed>> {
  const l2sm = adaptor();
  const seen = await l2sm.observe(wanted);
  if (!seen.ok) return seen;
  const applied = await l2sm.apply(wanted, seen.value, before);
  return applied.ok ? l2sm.observe(wanted) : applied;
}
async function take(wanted: Order): Promise<Outcome<void>> {
  const l2sm = adaptor();
  const seen = await l2sm.observe(wanted);
  return seen.ok ? l2sm.withdraw(wanted, seen.value) : seen;
}

const effects = (): readonly string[] =>
  lab.ledger.entries().map(({ effect, peer }) => `${effect} ${peer.replace("cluster:kind-worker-cluster-", "")}`);
const manifest = async (i: number): Promise<{ spec: Record<string, unknown> }> => {
  const { address } = connections.controllers.find((c) => c.origin === clusters[i - 1]?.origin) as ReachableController;
  const headers = { authorization: `Bearer ${clusters[i - 1]?.token ?? ""}` };
  const reply = await fetch(new URL("/apis/l2sm.l2sm.k8s.local/v1/namespaces/default/l2networks/spain-network", address), { headers });
  return (await reply.json()) as { spec: Record<string, unknown> };
};

describe("what it may not or cannot do", () => {
  it("is refused when a token is not known any more", async () => {
    await start();
    const seen = await adaptor({ held: new Map([["secretRef:1", "x"]]) }).observe(order);
    expect(seen).toMatchObject({ ok: false, code: "SECRET_UNKNOWN", reason: expect.stringContaining("kind-worker-cluster-2") });
  });

  it("is refused when a cluster takes no such token, and does not repeat it", async () => {
    await start();
    const seen = await adaptor({ held: new Map([...secrets, ["secretRef:2", "wrong-token"]]) }).observe(order);
    expect(seen).toMatchObject({
      ok: false,
      code: "CLUSTER_REFUSED",
      reason: expect.stringContaining("kind-worker-cluster-2 answered 401"),
    });
    expect(JSON.stringify(seen)).not.toContain("wrong-token");
  });

  it("is refused for a token that is no header, and for a cluster that nobody allowed", async () => {
    await start();
    const broken = await adaptor({ held: new Map([...secrets, ["secretRef:1", "two\r\nlines"]]) }).observe(order);
    expect(broken).toMatchObject({ ok: false, code: "CLUSTER_REFUSED" });
    expect(JSON.stringify(broken)).not.toContain("lines");
    const foreign = orderOf({ clusters: [{ ...members(1)[0], apiUrl: "https://198.51.100.1:6443" }] });
    expect(await adaptor().observe(foreign)).toMatchObject({ ok: false, code: "CONTROLLER_NOT_ALLOWED" });
    await expect(adaptor().observe({ ...order, payload: {} })).rejects.toMatchObject({ name: "PermanentError", code: "DATA_INVALID" });
  });

  it("says the server's words without the tokens in them", async () => {
    await start();
    const text = `could not create network: Post: Bearer ${String(clusters[0]?.token)} and ${String(clusters[1]?.token)}`;
    for (const code of [2, 14]) lab.faults.add({ kind: "grpc", peer: "l2sm-md", operation: "CreateNetwork", code, text, times: 1 });
    const refused = await bring(order);
    expect(refused).toMatchObject({ reason: expect.stringContaining("could not create network: Post: Bearer [redacted] and [redacted]") });
    const fault: unknown = await bring(order).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "L2SM_UNREACHABLE", cause: { message: expect.stringContaining("could not create network") } });
    expect(String((fault as Error).cause)).not.toContain("secret-token");
  });

  it("is refused by a server that has the service under neither package", async () => {
    await start();
    lab.faults.add({ kind: "grpc", peer: "l2sm-md", code: 12, text: "unknown service" });
    expect(await bring(order)).toMatchObject({
      ok: false,
      code: "L2SM_REFUSED",
      reason: expect.stringContaining("neither l2sces nor l2smmd"),
    });
  });

  it.each([4, 13, 14])("may pass when the server answers code %i", async (code) => {
    await start();
    lab.faults.add({ kind: "grpc", peer: "l2sm-md", operation: "CreateNetwork", code, text: "later" });
    await expect(bring(order)).rejects.toMatchObject({ name: "TransientError", code: "L2SM_UNREACHABLE" });
  });

  it("may pass when a cluster has a fault or hangs up", async () => {
    await start();
    lab.faults.add({ kind: "status", peer: "cluster:kind-worker-cluster-1", operation: "reading", status: 503, times: 1 });
    await expect(adaptor().observe(order)).rejects.toMatchObject({ name: "TransientError", code: "CLUSTER_UNREACHABLE" });
    lab.faults.add({ kind: "destroy", peer: "cluster:kind-worker-cluster-1", operation: "reading", times: 1 });
    await expect(adaptor().observe(order)).rejects.toMatchObject({
      code: "CLUSTER_UNREACHABLE",
      message: expect.stringContaining("cluster-1"),
    });
    lab.faults.add({ kind: "hang", peer: "cluster:kind-worker-cluster-1", operation: "reading", times: 1 });
    const started = performance.now();
    await expect(adaptor({ signal: AbortSignal.timeout(100) }).observe(order)).rejects.toMatchObject({ code: "CLUSTER_UNREACHABLE" });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("waits for a server that hangs until the order's time is up, and for 10 s at most", async () => {
    await start();
    lab.faults.add({ kind: "hang", peer: "l2sm-md", operation: "CreateNetwork" });
    const applied = (signal: AbortSignal) => adaptor({ signal }).apply(order, { state: "absent" }, undefined);
    const started = performance.now();
    await expect(applied(AbortSignal.timeout(100))).rejects.toMatchObject({
      code: "L2SM_UNREACHABLE",
      message: expect.stringContaining("time for the order"),
    });
    await expect(applied(AbortSignal.abort())).rejects.toMatchObject({ code: "L2SM_UNREACHABLE" });
    expect(performance.now() - started).toBeLessThan(2_000);
    await expect(applied(AbortSignal.timeout(60_000))).rejects.toMatchObject({ message: expect.stringContaining("within 10 s") });
  });

  it("may pass when no server is there, and passes when it is", async () => {
    await start();
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
    const port = (free.address() as AddressInfo).port;
    await new Promise((resolve) => free.close(resolve));
    const controllers = controllersOf(lab).map((c) =>
      c.executioner === "l2sm" ? { ...c, origin: "http://unused.example", address: new URL(`http://127.0.0.1:${String(port)}`) } : c,
    );
    await expect(adaptor({ controllers }).apply(order, { state: "absent" }, undefined)).rejects.toMatchObject({
      code: "L2SM_UNREACHABLE",
      message: expect.stringContaining(`no answer from 127.0.0.1:${String(port)}`),
    });
    expect(await bring(order)).toEqual(brought);
  });

  it("waits for the operator to take a network down", async () => {
    await start();
    await bring(order);
    const held = { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" }, spec: (await manifest(1)).spec };
    const cluster = createHttpServer((_request, response) => void response.end(JSON.stringify(held)));
    await new Promise<void>((resolve) => cluster.listen(0, "127.0.0.1", resolve));
    const address = new URL(`http://127.0.0.1:${String((cluster.address() as AddressInfo).port)}`);
    await connections.close();
    const controllers = controllersOf(lab).map((c) => (c.executioner === "cluster" ? { ...c, address } : c));
    connections = openL2smConnections({ controllers });
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: [], pending: true } });
    await expect(take(order)).rejects.toMatchObject({ code: "L2NETWORK_DELETING", retryAfterMs: 500 });
    expect(effects().slice(2)).toEqual(["removed 1", "removed 2"]);
    await new Promise((resolve) => cluster.close(resolve));
  });

  it("does not kill the server, whatever is not set", async () => {
    await start();
    await bring(order);
    await take(order);
    expect(lab.ledger.counters().crashes).toEqual({});
  });
});
