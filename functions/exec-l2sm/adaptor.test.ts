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
const done = { ok: true, value: undefined };

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
const asked = (): Readonly<Record<string, number>> => lab.ledger.counters().requests["l2sm-md"] ?? {};
const manifest = async (i: number): Promise<{ spec: Record<string, unknown> }> => {
  const { address } = connections.controllers.find((c) => c.origin === clusters[i - 1]?.origin) as ReachableController;
  const headers = { authorization: `Bearer ${clusters[i - 1]?.token ?? ""}` };
  const reply = await fetch(new URL("/apis/l2sm.l2sm.k8s.local/v1/namespaces/default/l2networks/spain-network", address), { headers });
  return (await reply.json()) as { spec: Record<string, unknown> };
};

describe.each([["l2sces"], ["l2smmd"]] as const)("with a server that speaks %s", (speaks) => {
  const options: LabOptions = { l2sm: { packages: [speaks] } };

  it("creates the network in every cluster, and a second time leaves it alone", async () => {
    await start(options);
    expect(await bring(order)).toEqual(brought);
    expect(effects()).toEqual(["created 1", "created 2"]);
    expect(asked()).toEqual({ CreateNetwork: 1 });
    expect(await bring(order)).toEqual(brought);
    expect(asked()).toEqual({ CreateNetwork: 1 });
  });

  it("removes it everywhere, and takes it well when it is gone already", async () => {
    await start(options);
    await bring(order);
    expect(await take(order)).toEqual(done);
    expect(effects().slice(2)).toEqual(["removed 1", "removed 2"]);
    expect(await take(order)).toEqual(done);
    expect(await adaptor().withdraw(order, { state: "present", differs: [], pending: false, declared: {} })).toEqual(done);
    expect(effects()).toHaveLength(4);
  });

  it("makes another network of the same name go and come again, only where it is another", async () => {
    await start(options);
    await bring(orderOf({ clusters: members(1) }));
    await bring(orderOf({ clusters: members(2), type: "vlink" }));
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: ["clusters/kind-worker-cluster-2/type"] } });
    expect(await bring(order)).toEqual(brought);
    expect(effects()).toEqual(["created 1", "created 2", "removed 2", "created 2"]);
  });
});

describe("over several clusters", () => {
  it("creates the network only where it is lacking", async () => {
    await start();
    await bring(order);
    const more = orderOf({ clusters: members(1, 3, 2) });
    expect(await adaptor().observe(more)).toMatchObject({ value: { differs: ["clusters/kind-worker-cluster-3"] } });
    expect(await bring(more, order)).toEqual(brought);
    expect(effects()).toEqual(["created 1", "created 2", "created 3"]);
  });

  it("leaves the clusters that the order has no more", async () => {
    await start();
    const before = orderOf({ clusters: members(1, 2, 3) });
    await bring(before);
    expect(await bring(orderOf({ clusters: members(2) }), before)).toEqual(brought);
    expect(effects().slice(3)).toEqual(["removed 1", "removed 3"]);
  });

  it("gives a cluster that joins addresses that no other has", async () => {
    await start();
    const podCidr = "10.1.0.0/16";
    await bring(orderOf({ podCidr }));
    await bring(orderOf({ podCidr, clusters: members(1, 2, 3) }), orderOf({ podCidr }));
    const ranges = await Promise.all([1, 2, 3].map(async (i) => (await manifest(i)).spec["podAddressRange"]));
    expect(ranges).toEqual(["10.1.64.0/18", "10.1.128.0/18", "10.1.192.0/18"]);
  });

  it("takes the first one back when the second one fails, and says why without a token", async () => {
    await start();
    lab.faults.add({ kind: "status", peer: "cluster:kind-worker-cluster-2", operation: "l2networks.create", status: 500 });
    const refused = await bring(order);
    expect(refused).toMatchObject({ ok: false, code: "L2SM_REFUSED", reason: expect.stringContaining("could not create network") });
    expect(effects()).toEqual(["created 1", "removed 1"]);
    expect(lab.ledger.objects()).toEqual([]);
    expect(await adaptor().undo(order, undefined)).toEqual([]);
  });

  it("takes back in reverse order, and only where the former generation was not", async () => {
    await start();
    const before = orderOf({ clusters: members(2) });
    await bring(before);
    const more = orderOf({ clusters: members(1, 2, 3) });
    await bring(more, before);
    expect(await adaptor().undo(more, before)).toEqual([]);
    expect(effects().slice(3)).toEqual(["removed 3", "removed 1"]);
    expect(await adaptor().observe(before)).toEqual(brought);
  });

  it("brings the former network back when the new one cannot be made", async () => {
    await start();
    await bring(order);
    lab.faults.add({ kind: "status", peer: "cluster:kind-worker-cluster-2", operation: "l2networks.create", status: 500, times: 1 });
    const refused = await bring(orderOf({ type: "vlink" }), order);
    expect(refused).toMatchObject({ ok: false, code: "L2SM_REFUSED" });
    expect(await adaptor().observe(order)).toEqual(brought);
  });

  it("names what it could not take back", async () => {
    await start();
    await bring(order);
    lab.faults.add({ kind: "status", peer: "cluster:kind-worker-cluster-1", operation: "l2networks.delete", status: 500 });
    expect(await adaptor().undo(order, undefined)).toEqual(["l2network spain-network in kind-worker-cluster-1"]);
    expect(effects().slice(2)).toEqual(["removed 2"]);
  });

  it("does not fail for a server that says no when every cluster has the network all the same", async () => {
    await start();
    lab.faults.add({
      kind: "grpc",
      peer: "l2sm-md",
      operation: "CreateNetwork",
      when: "after",
      code: 2,
      text: "could not create network: EOF",
    });
    expect(await bring(order)).toEqual(brought);
    expect(effects()).toEqual(["created 1", "created 2"]);
  });

  it("has one effect when the answer is lost", async () => {
    await start();
    lab.faults.add({ kind: "destroy", peer: "l2sm-md", operation: "CreateNetwork", when: "after", times: 1 });
    await expect(bring(order)).rejects.toMatchObject({ name: "TransientError", code: "L2SM_UNREACHABLE" });
    expect(await bring(order)).toEqual(brought);
    expect(effects()).toEqual(["created 1", "created 2"]);
    lab.faults.add({ kind: "destroy", peer: "l2sm-md", operation: "DeleteNetwork", when: "after", times: 1 });
    await expect(take(order)).rejects.toMatchObject({ code: "L2SM_UNREACHABLE" });
    expect(await take(order)).toEqual(done);
    expect(effects().slice(2)).toEqual(["removed 1", "removed 2"]);
  });

  it("is pending until every cluster reports the network as available", async () => {
    await start({ clusters: clusters.map((cluster, i) => (i === 0 ? { ...cluster, availableAfterMs: 300 } : cluster)) });
    expect(await bring(order)).toMatchObject({ value: { state: "present", differs: [], pending: true } });
    await expect.poll(() => adaptor().observe(order), { timeout: 5_000 }).toEqual(brought);
    expect(asked()).toEqual({ CreateNetwork: 1 });
  });
});
