import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Faults, openFaults } from "../faults.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { type KubernetesSimulator, startKubernetes } from "./server.ts";
import { podName } from "./world.ts";

let ledger: Ledger;
let faults: Faults;
let cluster: KubernetesSimulator;

beforeEach(async () => {
  ledger = openLedger();
  faults = openFaults();
  cluster = await startKubernetes(ledger, faults, { name: "one", token: "right", bookmarkEveryMs: 10 });
  cluster.world.addNode("node-1", "172.18.0.11");
});
afterEach(() => cluster.close());

const web = { namespace: "shop", name: "web", replicas: 3 };

async function call(path: string, { method = "GET", body, token = "right" }: { method?: string; body?: object; token?: string } = {}) {
  const response = await fetch(new URL(path, cluster.address), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/merge-patch+json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5_000),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

interface Line {
  readonly type: string;
  readonly object: {
    readonly code?: number;
    readonly kind?: string;
    readonly metadata: { readonly name?: string; readonly resourceVersion: string };
  };
}

/** The first lines of a watch; `then` is called once it is open. */
async function watch(query: string, count: number, then: () => void = () => undefined): Promise<readonly Line[]> {
  const away = new AbortController();
  const response = await fetch(new URL(`/api/v1/pods?watch=true&${query}`, cluster.address), {
    headers: { authorization: "Bearer right" },
    signal: AbortSignal.any([away.signal, AbortSignal.timeout(5_000)]),
  });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  then();
  const lines: Line[] = [];
  let rest = "";
  for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts.map((line) => JSON.parse(line) as Line));
    if (lines.length >= count) break;
  }
  away.abort();
  return lines.slice(0, count);
}

const versionOf = async (): Promise<string> => {
  const { body } = await call("/api/v1/pods");
  return (body["metadata"] as { resourceVersion: string }).resourceVersion;
};

describe("the Kubernetes simulator", () => {
  it("lists in pages as of the first one, and says how much is left", async () => {
    cluster.world.deploy(web);
    const first = await call("/api/v1/pods?limit=2");
    const { continue: next, resourceVersion } = first.body["metadata"] as { continue: string; resourceVersion: string };
    expect(first.body).toMatchObject({ kind: "PodList", apiVersion: "v1", metadata: { remainingItemCount: 1 } });
    cluster.world.deploy({ ...web, name: "later" });
    const second = await call(`/api/v1/pods?limit=2&continue=${encodeURIComponent(next)}`);
    expect(second.body).toMatchObject({ metadata: { resourceVersion } });
    expect([first, second].flatMap(({ body }) => body["items"] as object[])).toHaveLength(3);
    expect((await call("/api/v1/namespaces/elsewhere/pods")).body["items"]).toEqual([]);
    cluster.compact();
    expect(await call(`/api/v1/pods?limit=2&continue=${encodeURIComponent(next)}`)).toMatchObject({
      status: 410,
      body: { kind: "Status", reason: "Expired", code: 410 },
    });
  });

  it("owns pods by a ReplicaSet and that by its Deployment, and counts the ready ones", async () => {
    const [pod] = cluster.world.deploy(web);
    if (pod === undefined) throw new Error("no pod");
    cluster.world.run(podName(pod));
    const owner = async (path: string) => {
      const { body } = await call(path);
      return (body["metadata"] as { ownerReferences: { name: string }[] }).ownerReferences[0]?.name ?? "";
    };
    const replicaSet = await owner(`/api/v1/namespaces/shop/pods/${pod.metadata.name}`);
    expect(await owner(`/apis/apps/v1/namespaces/shop/replicasets/${replicaSet}`)).toBe("web");
    expect((await call("/apis/apps/v1/namespaces/shop/deployments/web")).body).toMatchObject({
      kind: "Deployment",
      spec: { replicas: 3 },
      status: { replicas: 3, readyReplicas: 1, unavailableReplicas: 2 },
    });
    expect((await call("/api/v1/nodes")).body["items"]).toMatchObject([
      { metadata: { name: "node-1" }, status: { addresses: [{ type: "InternalIP", address: "172.18.0.11" }, { type: "Hostname" }] } },
    ]);
  });

  it("watches from a version: what was missed, then what comes, then bookmarks", async () => {
    const [pod] = cluster.world.deploy({ ...web, replicas: 1 });
    if (pod === undefined) throw new Error("no pod");
    const from = await versionOf();
    cluster.world.run(podName(pod));
    const lines = await watch(`resourceVersion=${from}&allowWatchBookmarks=true`, 5, () => cluster.world.evict(podName(pod)));
    expect(lines.map(({ type }) => type)).toEqual(["MODIFIED", "MODIFIED", "DELETED", "ADDED", "BOOKMARK"]);
    expect(lines[1]?.object).toMatchObject({ metadata: { deletionTimestamp: expect.any(String) } });
    const versions = lines.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(lines[4]?.object).toMatchObject({ kind: "Pod", metadata: { creationTimestamp: null } });
    expect(lines[4]?.object.metadata.name).toBeUndefined();
  });

  it("begins a watch without a version with what is there", async () => {
    cluster.world.deploy(web);
    expect((await watch("", 3)).map(({ type }) => type)).toEqual(["ADDED", "ADDED", "ADDED"]);
  });

  it("says in the first line of a watch that its version is forgotten", async () => {
    cluster.world.deploy(web);
    const from = await versionOf();
    cluster.world.deploy({ ...web, name: "more" });
    cluster.compact();
    expect(await watch(`resourceVersion=${from}`, 1)).toMatchObject([
      { type: "ERROR", object: { kind: "Status", reason: "Expired", code: 410 } },
    ]);
    expect(await call("/api/v1/pods?watch=true&resourceVersion=yesterday")).toMatchObject({ status: 500 });
  });

  it("answers 504 to a list from a version that is yet to come, and says nothing to a watch from there", async () => {
    cluster.world.deploy(web);
    const ahead = Number(await versionOf()) + 2;
    const place = `resourceVersion=${String(ahead)}`;
    expect(await call(`/api/v1/pods?resourceVersionMatch=NotOlderThan&${place}`)).toMatchObject({
      status: 504,
      body: { reason: "Timeout" },
    });
    const heard = await watch(`${place}&allowWatchBookmarks=true`, 1, () => {
      for (let i = 0; i < 3; i += 1) cluster.world.addNode(`node-${String(i)}`, "172.18.0.9");
      cluster.world.deploy({ ...web, name: "more", replicas: 1 });
    });
    expect(heard.every(({ object }) => Number(object.metadata.resourceVersion) > ahead)).toBe(true);
    expect(await call(`/api/v1/pods?resourceVersionMatch=NotOlderThan&${place}`)).toMatchObject({ status: 200 });
  });

  it("breaks a watch in the middle where a fault says so, and ends it by itself when its time is up", async () => {
    const [pod] = cluster.world.deploy({ ...web, replicas: 1 });
    if (pod === undefined) throw new Error("no pod");
    faults.add({ kind: "destroy", when: "after", operation: "pods.watch", times: 1 });
    await expect(watch(`resourceVersion=${await versionOf()}`, 9, () => cluster.world.run(podName(pod)))).rejects.toThrow("terminated");
    expect(await watch(`resourceVersion=${await versionOf()}&timeoutSeconds=0`, 9)).toEqual([]);
  });

  it("restarts a container as a kubelet does: ended, waiting, running once more", async () => {
    const [pod] = cluster.world.deploy({ ...web, replicas: 1 });
    if (pod === undefined) throw new Error("no pod");
    const name = podName(pod);
    cluster.world.run(name);
    const from = await versionOf();
    cluster.world.crash(name, { reason: "OOMKilled", exitCode: 137 });
    cluster.world.restart(name);
    const statuses = (await watch(`resourceVersion=${from}`, 3)).map(
      ({ object }) => (object as unknown as { status: { containerStatuses: object[] } }).status.containerStatuses[0],
    );
    expect(statuses).toMatchObject([
      { restartCount: 0, ready: false, state: { terminated: { reason: "OOMKilled", exitCode: 137 } } },
      { restartCount: 0, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 137 } } },
      { restartCount: 1, state: { running: {} }, lastState: { terminated: { exitCode: 137 } } },
    ]);
  });

  it("scales a Deployment through its scale, once, and enters that in the ledger", async () => {
    cluster.world.deploy(web);
    const path = "/apis/apps/v1/namespaces/shop/deployments/web/scale";
    expect(await call(path)).toMatchObject({ status: 200, body: { kind: "Scale", apiVersion: "autoscaling/v1", spec: { replicas: 3 } } });
    const scaled = await call(path, { method: "PATCH", body: { spec: { replicas: 5 } } });
    expect(scaled).toMatchObject({ status: 200, body: { spec: { replicas: 5 }, status: { replicas: 5 } } });
    await call(path, { method: "PATCH", body: { spec: { replicas: 5 } } });
    expect((await call("/api/v1/pods")).body["items"]).toHaveLength(5);
    expect(ledger.entries()).toMatchObject([
      { peer: "cluster:one", effect: "changed", object: "deployments/shop/web", detail: "replicas 3 -> 5" },
    ]);
    const stale = { metadata: { resourceVersion: "1" }, spec: { replicas: 1 } };
    expect(await call(path, { method: "PUT", body: stale })).toMatchObject({ status: 409, body: { reason: "Conflict" } });
    expect(await call(path, { method: "PATCH", body: { spec: { replicas: -1 } } })).toMatchObject({ status: 422 });
    expect(await call(path.replace("web", "nobody"), { method: "PATCH", body: stale })).toMatchObject({ status: 404 });
  });

  it("takes its own token only, and answers with a Status", async () => {
    for (const path of ["/api/v1/pods", "/api/v1/pods?watch=true"])
      expect(await call(path, { token: "wrong" })).toMatchObject({ status: 401, body: { kind: "Status", reason: "Unauthorized" } });
    expect(await call("/api/v1/secrets")).toMatchObject({ status: 404, body: { kind: "Status", reason: "NotFound" } });
  });
});
