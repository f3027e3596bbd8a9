import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { L2Overlay } from "../../../domain/intent/catalogue/l2sm-overlay/payload.ts";
import type { L2Network } from "../../../domain/intent/catalogue/l2sm/payload.ts";
import type { Order } from "../../../domain/intent/order.ts";
import { l2smAdaptor } from "../../../functions/exec-l2sm/adaptor.ts";
import { type L2smConnections, openL2smConnections } from "../../../functions/exec-l2sm/connections.ts";
import { openFaults } from "../../../lab/faults.ts";
import type { ProtoPackage } from "../../../lab/l2sm/messages.ts";
import { type L2smSimulator, startL2sm } from "../../../lab/l2sm/server.ts";
import { openLedger } from "../../../lab/ledger.ts";
import { l2smDefinitions } from "./accounts.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { apply, define, manifestsIn } from "./manifests.ts";
import { clusterPrograms } from "./programs.ts";

const programs = await clusterPrograms();
const Items = z.object({ items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }), spec: z.looseObject({}) })) });
const plurals = ["l2networks", "overlays", "networkedgedevices"] as const;
const done = { ok: true, value: undefined };

/** Two clusters with L2S-M's definitions, of the one generation and the other, and with the account of deploy/kubernetes/l2sm. */
describe.skipIf(programs === undefined)("exec-l2sm, at real API servers and with the rights that it ships with", () => {
  let former: Cluster;
  let current: Cluster;
  let servers: ReadonlyMap<ProtoPackage, L2smSimulator>;
  let connections: L2smConnections;
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    if (programs === undefined) return;
    [former, current] = [await startCluster(programs), await startCluster(programs)];
    for (const [cluster, generation, name] of [
      [former, "v1.2.8", "former"],
      [current, "v1.2.12", "current"],
    ] as const) {
      await define(cluster.admin, manifestsIn(`${l2smDefinitions}/${generation}.yaml`));
      await apply(cluster.admin, manifestsIn("deploy/kubernetes/l2sm"));
      tokens.set(`secretRef:${name}`, (await cluster.as("default", "underlay-l2sm")).token);
    }
    const both = [former, current];
    const clusters = new Map(both.map(({ address }) => [address.origin, address]));
    const ca = both.map((cluster) => cluster.ca);
    const start = (pkg: ProtoPackage) => startL2sm(openLedger(), openFaults(), { packages: [pkg], clusters, ca });
    servers = new Map([
      ["l2smmd", await start("l2smmd")],
      ["l2sces", await start("l2sces")],
    ]);
    connections = openL2smConnections({
      controllers: [
        ...[...servers.values()].map(({ address }) => ({ executioner: "l2sm", origin: address.origin, address })),
        ...both.map(({ address, ca: one }) => ({ executioner: "cluster", origin: address.origin, address, ca: one })),
      ],
    });
  });
  afterAll(async () => {
    await connections?.close();
    for (const server of servers?.values() ?? []) await server.close();
    await Promise.all([former?.stop(), current?.stop()]);
  });
  beforeEach(async () => {
    for (const cluster of [former, current]) for (const plural of plurals) await cluster.admin.done(z.unknown(), "DELETE", at(plural));
  });

  const at = (plural: string, name = ""): string =>
    `/apis/l2sm.l2sm.k8s.local/v1/namespaces/default/${plural}${name === "" ? "" : `/${name}`}`;
  const objects = async (cluster: Cluster) =>
    (await Promise.all(plurals.map((plural) => cluster.admin.done(Items, "GET", at(plural))))).flatMap(({ items }) => items);
  const names = async (cluster: Cluster) => (await objects(cluster)).map(({ metadata }) => metadata.name);
  /** What L2S-M's operator would say. */
  const connect = async (cluster: Cluster, name: string, status: object) =>
    cluster.admin.done(z.unknown(), "PATCH", `${at("l2networks", name)}/status`, {
      body: { status },
      type: "application/merge-patch+json",
    });

  const adaptor = (held: ReadonlyMap<string, string> = tokens) =>
    l2smAdaptor({
      controllers: connections.controllers,
      connections,
      secrets: { open: (ref) => Promise.resolve(held.get(ref)) },
      signal: AbortSignal.timeout(15_000),
    });
  const member = (name: string, cluster: Cluster) => ({ name, apiUrl: cluster.address.origin, tokenRef: `secretRef:${name}` });

  function networkOn(pkg: ProtoPackage, cluster: Cluster, change: Partial<L2Network> = {}): Order {
    const clusters = [member(cluster === former ? "former" : "current", cluster)];
    return {
      executioner: "l2sm",
      controller: servers.get(pkg)?.address.origin ?? "",
      resource: "l2network/default/spain-network",
      expectationIds: ["1"],
      origins: [],
      payload: {
        network: "spain-network",
        namespace: "default",
        provider: { name: "uc3m", domain: "172.18.0.2" },
        type: "vnet",
        clusters,
        ...change,
      },
    };
  }
  const overlayOrder = (): Order => {
    const clusters = [
      { ...member("former", former), nodes: ["a", "b"], gateway: { node: "a", address: "172.18.0.3" } },
      { ...member("current", current), nodes: ["c"], gateway: { node: "c", address: "172.18.0.4" } },
    ];
    const payload = {
      overlay: "spain",
      namespace: "default",
      provider: { name: "uc3m", domain: "172.18.0.2" },
      clusters,
    } satisfies L2Overlay;
    return { executioner: "l2sm", resource: "overlay/default/spain", expectationIds: ["1"], origins: [], payload };
  };
  async function bring(order: Order, by = adaptor()) {
    const seen = await by.observe(order);
    return seen.ok ? by.apply(order, seen.value, undefined) : seen;
  }

  it.each([
    ["l2smmd", "v1.2.8", () => former],
    ["l2sces", "v1.2.12", () => current],
  ] as const)(
    "creates a network through a server that speaks %s, in a cluster with the definitions of %s, and takes it away",
    async (pkg, _, clusterOf) => {
      const cluster = clusterOf();
      const order = networkOn(pkg, cluster, { podCidr: "10.1.0.0/16" });
      expect(await adaptor().observe(order)).toEqual({ ok: true, value: { state: "absent" } });
      expect(await bring(order)).toEqual(done);
      expect(await adaptor().observe(order)).toMatchObject({ value: { state: "present", differs: [], pending: true } });
      await connect(cluster, "spain-network", { internalConnectivity: "Available", providerConnectivity: "Unavailable" });
      expect(await adaptor().observe(order)).toMatchObject({ value: { pending: true } });
      await connect(cluster, "spain-network", { internalConnectivity: "Available", providerConnectivity: "Available" });
      const standing = await adaptor().observe(order);
      expect(standing).toEqual({ ok: true, value: { state: "present", differs: [], pending: false, declared: {} } });
      expect(await adaptor().observe(networkOn(pkg, cluster, { type: "vlink" }))).toMatchObject({
        value: { differs: expect.arrayContaining([expect.stringContaining("type")]) },
      });
      if (standing.ok) expect(await adaptor().withdraw(order, standing.value)).toEqual(done);
      expect(await names(cluster)).toEqual([]);
    },
  );

  it("brings an overlay to clusters of both generations beside each other, reads it back alike, and takes it away", async () => {
    const order = overlayOrder();
    expect(await bring(order)).toEqual(done);
    expect(await adaptor().observe(order)).toMatchObject({ value: { state: "present", differs: [] } });
    expect(await objects(former)).toMatchObject([
      {
        metadata: { name: "spain" },
        spec: {
          networkController: { name: "uc3m", domain: "172.18.0.2" },
          topology: { nodes: ["a", "b"], links: [{ endpointA: "a", endpointB: "b" }] },
        },
      },
      {
        metadata: { name: "spain-ned" },
        spec: {
          networkController: { domain: "172.18.0.2" },
          nodeConfig: { nodeName: "a" },
          neighbors: [{ node: "c", domain: "172.18.0.4" }],
        },
      },
    ]);
    expect(await objects(current)).toMatchObject([
      { metadata: { name: "spain" }, spec: { provider: { name: "uc3m", domain: ["172.18.0.2"], ofPort: "6633" } } },
      { metadata: { name: "spain-ned" }, spec: { provider: { domain: ["172.18.0.2"] }, neighbors: [{ node: "a" }] } },
    ]);
    const before = (await objects(current)).map(({ metadata }) => metadata["uid"]);
    expect(await bring(order)).toEqual(done);
    expect((await objects(current)).map(({ metadata }) => metadata["uid"])).toEqual(before);
    expect(await adaptor().withdraw(order, { state: "present", differs: [], pending: false, declared: {} })).toEqual(done);
    expect([await names(former), await names(current)]).toEqual([[], []]);
  });

  it("waits for the operator's finalizer, and makes an overlay go and come again that somebody changed", async () => {
    const order = overlayOrder();
    await bring(order);
    const edit = (body: object) =>
      current.admin.done(z.unknown(), "PATCH", at("overlays", "spain"), { body, type: "application/merge-patch+json" });
    await edit({ metadata: { finalizers: ["l2sm.operator.io/finalizer"] }, spec: { topology: { nodes: ["elsewhere"] } } });
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: ["clusters/current/nodes"] } });
    await expect(bring(order)).rejects.toMatchObject({ code: "L2NETWORK_DELETING" });
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: ["clusters/current/deletion"] } });
    await edit({ metadata: { finalizers: null } });
    expect(await bring(order)).toEqual(done);
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: [] } });
  });

  it("is refused in another namespace, with the API server's words, and says whose token it was", async () => {
    const elsewhere = networkOn("l2sces", current, { namespace: "kube-system" });
    expect(await adaptor().observe(elsewhere)).toEqual({
      ok: false,
      code: "CLUSTER_REFUSED",
      reason: expect.stringMatching(
        /answered 403: .*system:serviceaccount:default:underlay-l2sm" cannot get resource "l2networks" .* namespace "kube-system"; check the bearer_token of this cluster$/,
      ),
    });
  });

  it("is refused with the token of an account without the role, and with the token of another cluster", async () => {
    const nobody = await former.as("kube-system", "nobody").catch(() => undefined);
    expect(nobody).toBeUndefined(); // a token is of an account that there is
    const crossed = new Map([["secretRef:current", tokens.get("secretRef:former") ?? ""]]);
    const refused = await adaptor(crossed).observe(networkOn("l2sces", current));
    expect(refused).toMatchObject({ ok: false, code: "CLUSTER_REFUSED", reason: expect.stringContaining("answered 401: Unauthorized") });
    expect(JSON.stringify(refused)).not.toContain(tokens.get("secretRef:former"));
  });

  it("does not take a certificate that the operator did not name", async () => {
    const stranger = openL2smConnections({
      controllers: connections.controllers.map((one) => (one.origin === current.address.origin ? { ...one, ca: former.ca } : one)),
    });
    const by = l2smAdaptor({
      controllers: stranger.controllers,
      connections: stranger,
      secrets: { open: (ref) => Promise.resolve(tokens.get(ref)) },
      signal: AbortSignal.timeout(15_000),
    });
    await expect(by.observe(networkOn("l2sces", current))).rejects.toMatchObject({
      code: "CLUSTER_UNREACHABLE",
      message: expect.stringContaining("certificate"),
    });
    await stranger.close();
  });
});
