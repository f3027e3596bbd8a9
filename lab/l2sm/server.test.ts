import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ClusterSimulator, startCluster } from "../cluster/server.ts";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { type ProtoPackage, type Reply, serviceDefinition } from "./messages.ts";
import { type L2smSimulator, startL2sm } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let clusters: ClusterSimulator[] = [];
let l2sm: L2smSimulator;
let client: Client;

beforeEach(async () => {
  clusters = [
    await startCluster(ledger, faults, { name: "one", token: "t1" }),
    await startCluster(ledger, faults, { name: "two", token: "t2" }),
  ];
  await serve(["l2sces"]);
});
afterEach(async () => {
  client.close();
  await l2sm.close();
  await Promise.all(clusters.map((c) => c.close()));
  ledger.reset();
  faults.clear();
});

async function serve(packages: readonly ProtoPackage[]): Promise<void> {
  const [one, two] = clusters.map((c) => c.address);
  if (one === undefined || two === undefined) throw new Error("two clusters are needed");
  const addresses = new Map([
    ["https://172.18.0.3:6443", one],
    ["https://172.18.0.4:6443", two],
  ]);
  l2sm = await startL2sm(ledger, faults, { packages, clusters: addresses });
  client = new Client(l2sm.address.host, credentials.createInsecure());
}

type Answer = { readonly code: 0; readonly reply: Reply } | { readonly code: number; readonly text: string };

function call(
  name: string,
  message: object,
  { pkg = "l2sces", deadlineMs = 10_000 }: { pkg?: ProtoPackage; deadlineMs?: number } = {},
): Promise<Answer> {
  const method = serviceDefinition(pkg)[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, reply?: Reply): void => {
      resolve(error === null ? { code: 0, reply: reply ?? { message: "" } } : { code: error.code, text: error.details });
    };
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      message,
      { deadline: Date.now() + deadlineMs },
      done,
    );
  });
}

const restOf = (i: 3 | 4, bearer_token: string) => ({ bearer_token, api_key: `https://172.18.0.${String(i)}:6443` });
const network = (name = "spain-network", tokens: readonly [string, string] = ["t1", "t2"]) => ({
  network: {
    name,
    provider: { name: "uc3m", domain: "172.18.0.2" },
    type: "vnet",
    pod_cidr: "10.1.0.0/16",
    clusters: [
      { name: "kind-worker-cluster-1", rest_config: restOf(3, tokens[0]) },
      { name: "kind-worker-cluster-2", rest_config: restOf(4, tokens[1]) },
    ],
  },
  namespace: "default",
});

async function stored(cluster: number, token: string, path = "default/l2networks/spain-network"): Promise<unknown> {
  const url = new URL(`/apis/l2sm.l2sm.k8s.local/v1/namespaces/${path}`, clusters[cluster]?.address);
  const response = await request(url, { headers: { authorization: `Bearer ${token}` } });
  return response.body.json();
}
const effects = () => ledger.entries().map((e) => `${e.peer} ${e.effect} ${e.object}`);
const inBoth = ["cluster:one created l2networks/default/spain-network", "cluster:two created l2networks/default/spain-network"];

describe("L2S-M's multi-domain server", () => {
  it("creates the network in each cluster with the token given for it, in today's form, and answers patches", async () => {
    const answer = await call("CreateNetwork", network());
    expect(answer).toMatchObject({ code: 0, reply: { message: "Network created successfully" } });
    expect("reply" in answer && answer.reply.patches?.length).toBe(5);
    expect(effects()).toEqual(inBoth);
    expect(await stored(0, "t1")).toMatchObject({
      spec: {
        type: "vnet",
        config: "10.1.0.0/16",
        provider: { name: "uc3m", domain: ["172.18.0.2"], sdnPort: "30808", ofPort: "30663", dnsPort: "30053", dnsGrpcPort: "30818" },
        networkCIDR: "10.1.0.0/16",
        podAddressRange: "10.1.64.0/18",
      },
    });
    expect(await stored(1, "t2")).toMatchObject({ spec: { podAddressRange: "10.1.128.0/18" } });
  });

  it("writes the form of D2.3's time under its package, without patches, and answers 12 to the other", async () => {
    client.close();
    await l2sm.close();
    await serve(["l2smmd"]);
    expect(await call("CreateNetwork", network())).toMatchObject({ code: status.UNIMPLEMENTED });
    expect(await call("CreateNetwork", network(), { pkg: "l2smmd" })).toEqual({
      code: 0,
      reply: { message: "Network created successfully", patches: [] },
    });
    const { spec } = (await stored(0, "t1")) as { spec: object };
    expect(spec).toEqual({ type: "vnet", config: "10.1.0.0/16", provider: { name: "uc3m", domain: "172.18.0.2" } });
  });

  it("deletes it again", async () => {
    await call("CreateNetwork", network());
    expect(await call("DeleteNetwork", network())).toMatchObject({ code: 0, reply: { message: "Network deleted successfully" } });
    expect(ledger.objects()).toEqual([]);
    expect(await call("DeleteNetwork", network())).toMatchObject({
      code: 2,
      text: expect.stringMatching(/^could not delete network: .*not found$/) as string,
    });
  });

  it("stops at the first error and takes nothing back", async () => {
    const answer = await call("CreateNetwork", network("spain-network", ["t1", "wrong"]));
    expect(answer).toEqual({ code: 2, text: "could not create network: error creating resource: Unauthorized" });
    expect(effects()).toEqual(inBoth.slice(0, 1));
    const again = await call("CreateNetwork", network());
    const exists = 'could not create network: error creating resource: l2networks.l2sm.l2sm.k8s.local "spain-network" already exists';
    expect(again).toEqual({ code: 2, text: exists });
    expect(effects()).toEqual(inBoth.slice(0, 1));
  });

  it("says what Kubernetes says to a name that is none, and that it cannot reach a cluster nobody knows", async () => {
    expect(await call("CreateNetwork", network("spain_network"))).toMatchObject({
      code: 2,
      text: expect.stringContaining("is invalid") as string,
    });
    const lost = { ...network().network, clusters: [{ name: "c", rest_config: { bearer_token: "t", api_key: "https://10.9.9.9:6443" } }] };
    expect(await call("CreateNetwork", { network: lost })).toMatchObject({ code: 2, text: expect.stringContaining("refused") as string });
    expect(effects()).toEqual([]);
  });

  it("succeeds without clusters and does nothing", async () => {
    expect(await call("CreateNetwork", { network: { ...network().network, clusters: [] } })).toMatchObject({ code: 0 });
    expect(effects()).toEqual([]);
  });

  it("lets the namespace of one cluster leak to those that follow", async () => {
    const { clusters: asked, ...rest } = network().network;
    const leaking = asked.map((c, i) => (i === 0 ? { ...c, namespace: "leaked" } : c));
    await call("CreateNetwork", { network: { ...rest, clusters: leaking }, namespace: "default" });
    expect(effects()).toEqual(inBoth.map((e) => e.replace("/default/", "/leaked/")));
  });

  it("dies of a missing provider or rest_config, and is back for the next call", async () => {
    const { provider: _, ...withoutProvider } = network().network;
    expect(await call("CreateNetwork", { network: withoutProvider })).toMatchObject({ code: status.UNAVAILABLE });
    const withoutRest = { ...network().network, clusters: [{ name: "kind-worker-cluster-1" }] };
    expect(await call("CreateNetwork", { network: withoutRest })).toMatchObject({ code: status.UNAVAILABLE });
    expect(ledger.counters().crashes).toEqual({ "l2sm-md": 2 });
    expect(await call("CreateNetwork", network())).toMatchObject({ code: 0 });
  });

  it("creates a slice with its misspelt text, and deletes one by doing nothing", async () => {
    const overlay = { provider: { name: "uc3m", domain: "172.18.0.2" }, nodes: ["a", "b", "c"], links: [] };
    const { provider, clusters: asked } = network().network;
    const slice = {
      slice: { provider, clusters: asked.map((c) => ({ ...c, overlay, gateway_node: { name: "a", ip_address: "172.18.0.3" } })) },
    };
    expect(await call("CreateSlice", slice)).toMatchObject({ code: 0, reply: { message: "Slice created succesfully" } });
    const made = ["networkedgedevices/default/uc3m-ned", "overlays/default/overlay-sample"];
    expect(effects()).toEqual(["one", "two"].flatMap((c) => made.map((object) => `cluster:${c} created ${object}`)));
    expect(await stored(0, "t1", "default/overlays/overlay-sample")).toMatchObject({
      spec: { topology: { links: [{ endpointA: "a", endpointB: "b" }, {}, {}] } },
    });
    expect(await call("DeleteSlice", slice)).toMatchObject({ code: 0, reply: { message: "Slice deleted successfully" } });
    expect(ledger.objects()).toHaveLength(4);
  });

  it.each(["CreateOverlay", "AddCluster", "RemoveCluster", "DeleteOverlay"])("does not implement %s", async (name) => {
    expect(await call(name, {})).toEqual({ code: 12, text: `method ${name} not implemented` });
  });

  it("never writes a token into the ledger", async () => {
    await call("CreateNetwork", network("n", ["t1", "secret-token"]));
    expect(JSON.stringify([ledger.entries(), ledger.counters()])).not.toContain("secret-token");
    expect(ledger.entries()).toHaveLength(1);
  });
});

describe("faults of L2S-M", () => {
  it("answer with a gRPC code, before the effect or after it", async () => {
    faults.add({ kind: "grpc", peer: "l2sm-md", operation: "CreateNetwork", code: 14, text: "try later", times: 1 });
    expect([await call("CreateNetwork", network()), effects()]).toEqual([{ code: 14, text: "try later" }, []]);
    faults.add({ kind: "grpc", when: "after", peer: "l2sm-md", code: 2, text: "could not create network: EOF", times: 1 });
    expect([await call("CreateNetwork", network()), effects()]).toEqual([{ code: 2, text: "could not create network: EOF" }, inBoth]);
  });

  it("destroy the caller's connection after the effect", async () => {
    faults.add({ kind: "destroy", when: "after", peer: "l2sm-md", operation: "CreateNetwork", times: 1 });
    expect(await call("CreateNetwork", network())).toMatchObject({ code: status.UNAVAILABLE });
    expect(effects()).toEqual(inBoth);
  });

  it("hang until the deadline passes", async () => {
    faults.add({ kind: "hang", when: "after", peer: "l2sm-md" });
    expect(await call("CreateNetwork", network(), { deadlineMs: 1500 })).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(effects()).toEqual(inBoth);
  });

  it("of the second cluster leave the first one changed", async () => {
    faults.add({ kind: "destroy", when: "after", peer: "cluster:two", operation: "l2networks.create", times: 1 });
    expect(await call("CreateNetwork", network())).toMatchObject({ code: 2, text: expect.stringContaining("EOF") as string });
    expect(effects()).toEqual(inBoth);
  });
});
