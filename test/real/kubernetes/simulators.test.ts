import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster as startSimulatedCluster } from "../../../lab/cluster/server.ts";
import { openFaults } from "../../../lab/faults.ts";
import { startKubernetes } from "../../../lab/kubernetes/server.ts";
import { openLedger } from "../../../lab/ledger.ts";
import { l2smDefinitions } from "./accounts.ts";
import { type Asked, type Client, openClients } from "./client.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { define, manifestsIn } from "./manifests.ts";
import { clusterPrograms } from "./programs.ts";
import { openWorld } from "./world.ts";

const programs = await clusterPrograms();

type Request = readonly [what: string, method: string, path: string, asked?: Asked];

const merge = (body: object): Asked => ({ body, type: "application/merge-patch+json" });
const query = (given: Readonly<Record<string, string>>): Asked => ({ query: given });
const scale = "/apis/apps/v1/namespaces/shop/deployments/web/scale";
const networks = "/apis/l2sm.l2sm.k8s.local/v1/namespaces/default/l2networks";
const network = (name: string, spec: object = {}, kind = "L2Network"): Asked => ({
  body: { apiVersion: "l2sm.l2sm.k8s.local/v1", kind, metadata: { name }, spec: { type: "vnet", ...spec } },
});
const stale = {
  apiVersion: "autoscaling/v1",
  kind: "Scale",
  metadata: { name: "web", namespace: "shop", resourceVersion: "1" },
  spec: { replicas: 1 },
};

const ofKubernetes: readonly Request[] = [
  ["a list", "GET", "/api/v1/pods"],
  ["a list of a namespace without any", "GET", "/api/v1/namespaces/elsewhere/pods"],
  ["a page", "GET", "/api/v1/pods", query({ limit: "1" })],
  ["a list from what is yet to come", "GET", "/api/v1/pods", query({ resourceVersion: "99999999", resourceVersionMatch: "NotOlderThan" })],
  ["a watch from what is yet to come", "GET", "/api/v1/pods", query({ watch: "true", resourceVersion: "99999999", timeoutSeconds: "1" })],
  ["a watch from no version", "GET", "/api/v1/pods", query({ watch: "true", resourceVersion: "yesterday" })],
  ["a pod that is not there", "GET", "/api/v1/namespaces/shop/pods/nobody"],
  ["a resource that there is not", "GET", "/apis/apps/v1/nothings"],
  ["a scale", "GET", scale],
  ["a scale that is set", "PATCH", scale, merge({ spec: { replicas: 3 } })],
  ["a scale that is set to what it is", "PATCH", scale, merge({ spec: { replicas: 3 } })],
  ["a scale below nothing", "PATCH", scale, merge({ spec: { replicas: -1 } })],
  ["a scale of what somebody changed meanwhile", "PUT", scale, { body: stale }],
  ["a scale of nobody", "PATCH", scale.replace("web", "nobody"), merge({ spec: { replicas: 1 } })],
];

const ofL2sm: readonly Request[] = [
  ["a network that is not there", "GET", `${networks}/spain`],
  ["a network that is made", "POST", networks, network("spain")],
  ["a network that is made again", "POST", networks, network("spain")],
  ["a network that is there", "GET", `${networks}/spain`],
  ["networks", "GET", networks],
  ["a name with an underscore", "POST", networks, network("spain_network")],
  ["no name", "POST", networks, network("")],
  ["a type that there is not", "POST", networks, network("other", { type: "vpn" })],
  ["a provider without a domain", "POST", networks, network("other", { provider: { name: "uc3m" } })],
  ["an overlay among networks", "POST", networks, network("other", {}, "Overlay")],
  [
    "a network of another version",
    "POST",
    networks,
    { body: { ...(network("other").body as object), apiVersion: "l2sm.l2sm.k8s.local/v2" } },
  ],
  ["a network of another group", "POST", networks, { body: { ...(network("other").body as object), apiVersion: "l2sces.l2sm.io/v1" } }],
  ["an overlay without a provider", "POST", networks.replace("l2networks", "overlays"), network("other", {}, "Overlay")],
  ["what is no object", "POST", networks, { body: "spain" }],
  ["a status", "PATCH", `${networks}/spain/status`, merge({ status: { internalConnectivity: "Available" } })],
  ["a network that is taken away", "DELETE", `${networks}/spain`],
  ["a network that is gone", "DELETE", `${networks}/spain`],
];

/** What a client can tell by: the status, what was answered, and why not. */
async function answerOf(client: Client, [, method, path, asked]: Request): Promise<object> {
  const { status, body } = await client.call(method, path, asked);
  if (typeof body !== "object" || body === null) return { status, text: body };
  const { kind, reason, metadata = {}, spec } = body as Record<string, unknown>;
  const { replicas } = (spec ?? {}) as { replicas?: unknown };
  const named = Object.keys(metadata as object).filter((name) => ["continue", "remainingItemCount", "resourceVersion"].includes(name));
  return { status, kind, reason, replicas, named: named.toSorted() };
}

describe.skipIf(programs === undefined)("the simulators answer as a real API server does", () => {
  let cluster: Cluster;

  beforeAll(async () => {
    if (programs === undefined) return;
    cluster = await startCluster(programs);
    const world = await openWorld(cluster.admin);
    await world.addNode("node-1", "172.18.0.11");
    await world.deploy("web");
    for (const name of ["web-1", "web-2"]) await world.addPod("web", name);
    await world.scale("web", 2);
    await define(cluster.admin, manifestsIn(`${l2smDefinitions}/v1.2.12.yaml`));
  });
  afterAll(() => cluster?.stop());

  async function compare(lab: { readonly address: URL; close(): Promise<void> }, requests: readonly Request[]): Promise<void> {
    const clients = openClients(lab.address, "");
    const simulated = clients.with("right");
    const [theirs, ours]: [object[], object[]] = [[], []];
    for (const request of requests) {
      theirs.push({ what: request[0], ...(await answerOf(cluster.admin, request)) });
      ours.push({ what: request[0], ...(await answerOf(simulated, request)) });
    }
    for (const [who, client] of [
      ["theirs", cluster.with("wrong")],
      ["ours", clients.with("wrong")],
    ] as const)
      expect([who, await answerOf(client, ["", "GET", requests[0]?.[2] ?? ""])]).toMatchObject([
        who,
        { status: 401, reason: "Unauthorized" },
      ]);
    await Promise.all([clients.close(), lab.close()]);
    expect(theirs).toHaveLength(requests.length);
    expect(ours).toEqual(theirs);
  }

  it("of pods, watches and scales", async () => {
    const lab = await startKubernetes(openLedger(), openFaults(), { name: "one", token: "right" });
    lab.world.addNode("node-1", "172.18.0.11");
    lab.world.deploy({ namespace: "shop", name: "web", replicas: 2 });
    await compare(lab, ofKubernetes);
  });

  it("of the resources of L2S-M", async () => {
    const lab = await startSimulatedCluster(openLedger(), openFaults(), { name: "one", token: "right", generation: "1.2.12" });
    await compare(lab, ofL2sm);
  });
});
