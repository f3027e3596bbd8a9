import { afterEach, describe, expect, it } from "vitest";
import type { L2Overlay } from "../../domain/intent/catalogue/l2sm-overlay/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { type Lab, type LabCluster, startLab } from "../../lab/lab.ts";
import { reachable } from "../../services/controllers.ts";
import { l2smAdaptor } from "./adaptor.ts";
import { type L2smConnections, openL2smConnections } from "./connections.ts";

const one = "https://172.18.0.3:6443";
const two = "https://172.18.0.4:6443";
const member = (name: string, apiUrl: string, ...nodes: string[]) => ({
  name,
  apiUrl,
  tokenRef: `secretRef:${name}`,
  nodes,
  gateway: { node: nodes[0] ?? "", address: new URL(apiUrl).hostname },
});
const orderOf = (...clusters: L2Overlay["clusters"]): Order => ({
  executioner: "l2sm",
  resource: "overlay/default/spain",
  expectationIds: clusters.map(({ name }) => name),
  origins: clusters.map(({ apiUrl }) => apiUrl),
  payload: { overlay: "spain", namespace: "default", provider: { name: "uc3m", domain: "172.18.0.2" }, clusters } satisfies L2Overlay,
});

let lab: Lab;
let connections: L2smConnections;
async function start(...clusters: LabCluster[]): Promise<void> {
  lab = await startLab({ clusters });
  connections = openL2smConnections({ controllers: reachable(lab.controllers) });
}
afterEach(async () => {
  await connections.close();
  await lab.close();
});

const adaptor = () =>
  l2smAdaptor({
    controllers: connections.controllers,
    connections,
    secrets: { open: () => Promise.resolve("a-token") },
    signal: AbortSignal.timeout(10_000),
  });
async function bring(order: Order, before?: Order) {
  const seen = await adaptor().observe(order);
  if (!seen.ok) throw new Error(seen.reason);
  return adaptor().apply(order, seen.value, before);
}
const objects = () => lab.ledger.objects().map(({ peer, object }) => `${peer} ${object}`);
/** What a cluster shows of a resource to anybody. */
async function shown(cluster: string, plural: string, name: string): Promise<Record<string, unknown>> {
  const address = lab.controllers.find((c) => c.origin === cluster)?.connect ?? "";
  const reply = await fetch(new URL(`/apis/l2sm.l2sm.k8s.local/v1/namespaces/default/${plural}/${name}`, address), {
    headers: { authorization: "Bearer x" },
  });
  return ((await reply.json()) as { spec: Record<string, unknown> }).spec;
}

describe("overlays and edge devices in the clusters", () => {
  it("are a mesh of switches in each, and a device that knows the gateways of the others", async () => {
    await start({ name: "c1", origin: one }, { name: "c2", origin: two });
    expect(await bring(orderOf(member("c1", one, "a", "b", "c"), member("c2", two, "d")))).toEqual({ ok: true, value: undefined });
    expect(await shown(one, "overlays", "spain")).toMatchObject({
      provider: { name: "uc3m", domain: ["172.18.0.2"] },
      topology: {
        nodes: ["a", "b", "c"],
        links: [
          { endpointA: "a", endpointB: "b" },
          { endpointA: "a", endpointB: "c" },
          { endpointA: "b", endpointB: "c" },
        ],
      },
    });
    expect(await shown(one, "networkedgedevices", "spain-ned")).toMatchObject({
      nodeConfig: { nodeName: "a", ipAddress: "172.18.0.3" },
      neighbors: [{ node: "d", domain: "172.18.0.4" }],
    });
  });

  it("are written as v1.2.8 wants them where a cluster has its definitions, beside one that has today's", async () => {
    await start({ name: "c1", origin: one, generation: "1.2.8" }, { name: "c2", origin: two, generation: "1.2.12" });
    const order = orderOf(member("c1", one, "a"), member("c2", two, "d"));
    expect(await bring(order)).toMatchObject({ ok: true });
    expect(await shown(one, "overlays", "spain")).toMatchObject({ networkController: { name: "uc3m", domain: "172.18.0.2" } });
    expect(await shown(two, "overlays", "spain")).toMatchObject({ provider: { name: "uc3m", domain: ["172.18.0.2"] } });
    expect(await adaptor().observe(order)).toMatchObject({ value: { state: "present", differs: [] } });
  });

  it("follow when a cluster joins, and when one leaves: the devices of the others know it", async () => {
    await start({ name: "c1", origin: one }, { name: "c2", origin: two });
    const alone = orderOf(member("c1", one, "a"));
    const both = orderOf(member("c1", one, "a"), member("c2", two, "d"));
    await bring(alone);
    expect(await adaptor().observe(both)).toMatchObject({
      value: { differs: ["clusters/c1/neighbors", "clusters/c2/overlays", "clusters/c2/networkedgedevices"] },
    });
    await bring(both, alone);
    expect(objects()).toHaveLength(4);
    await bring(alone, both);
    expect(objects()).toEqual(["cluster:c1 overlays/default/spain", "cluster:c1 networkedgedevices/default/spain-ned"]);
    expect(await shown(one, "networkedgedevices", "spain-ned")).toMatchObject({ neighbors: [] });
  });

  it("leave nothing when one of the clusters does not take them, and name what could not be taken back", async () => {
    await start({ name: "c1", origin: one }, { name: "c2", origin: two, token: "another" });
    const order = orderOf(member("c1", one, "a"), member("c2", two, "d"));
    expect(await adaptor().observe(order)).toMatchObject({
      ok: false,
      code: "CLUSTER_REFUSED",
      reason: expect.stringContaining("check the bearer_token of this cluster"),
    });
    const alone = orderOf(member("c1", one, "a"));
    await bring(alone);
    expect(await adaptor().undo(order, undefined)).toEqual(["overlay spain in c2"]);
    expect(objects()).toEqual([]);
  });
});
