import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Event } from "../../../events/define.ts";
import { NodeChanged } from "../../../events/node.ts";
import { PodChanged } from "../../../events/pod.ts";
import { configOf, openKubernetes } from "../../../services/kubernetes/api.ts";
import { type Change, reflect } from "../../../services/kubernetes/reflector.ts";
import { type PodWatch, startPodWatch } from "../../../services/pod-watch/watch.ts";
import { memoryWatchPositions, type WatchPositions } from "../../../state/watch-positions.ts";
import { install } from "./accounts.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { clusterPrograms } from "./programs.ts";
import { openWorld, type World } from "./world.ts";

const programs = await clusterPrograms();
const quick = { next: () => 20, reset: () => undefined };

describe.skipIf(programs === undefined)("the watch of a cluster, at a real API server and with the rights that it ships with", () => {
  let dir: string;
  let cluster: Cluster;
  let world: World;
  let positions: WatchPositions;
  let watch: PodWatch | undefined;
  let published: Event[];
  let said: string[];
  let pod: string;
  let count = 0;

  beforeAll(async () => {
    if (programs === undefined) return;
    dir = await mkdtemp(join(tmpdir(), "underlay-pod-watch-"));
    cluster = await startCluster(programs);
    await install(cluster);
    world = await openWorld(cluster.admin);
    await world.addNode("node-1", "172.18.0.11");
    await world.deploy("web", { "nemo.eu/workload": "w-1" });
  });
  afterAll(async () => {
    await cluster?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    positions = memoryWatchPositions();
    [published, said] = [[], []];
    pod = `web-${String((count += 1))}`;
    await world.addPod("web", pod);
  });
  afterEach(() => watch?.stop());

  const log = {
    info: (_fields: unknown, phrase?: string) => void said.push(phrase ?? ""),
    warn: (fields: unknown, phrase?: string) => void said.push(`${phrase ?? ""}: ${String((fields as { reason?: string }).reason)}`),
    error: () => undefined,
  };
  async function begin(account = "pod-watch", { silenceMs = 5_000, ...options }: { silenceMs?: number; only?: "nodes" } = {}) {
    const { token } = await cluster.as("nemo-net", account);
    watch = startPodWatch({
      cluster: "one",
      api: openKubernetes(configOf({ server: cluster.address, ca: cluster.ca, token: () => token })),
      positions,
      log,
      ...options,
      publish: (events) => {
        published.push(...events);
        return Promise.resolve();
      },
      reflector: { backoff: quick, silenceMs, pageSize: 5 },
    });
  }
  const until = (isTold: () => boolean) => vi.waitUntil(isTold, { timeout: 15_000, interval: 10 });
  async function start(): Promise<void> {
    await begin();
    await until(() => watch?.isUpToDate() === true);
  }
  const told = () => published.filter(({ type }) => type === PodChanged.type).map(({ data }) => PodChanged.data.parse(data));
  const of = (name: string) => told().filter((change) => change.pod.name === name);
  const kinds = (name: string) => of(name).map(({ kind }) => kind);
  const nodes = () => published.filter(({ type }) => type === NodeChanged.type).map(({ data }) => NodeChanged.data.parse(data));
  const restarts = (name: string) => of(name).map((change) => change.pod.containers[0]?.restartCount);

  it("tells of a pod with its owners, of each change of it, and that it is gone", async () => {
    await start();
    await until(() => of(pod).length === 1);
    expect(of(pod)).toMatchObject([
      {
        kind: "added",
        pod: {
          namespace: "shop",
          phase: "Pending",
          owners: [
            { kind: "ReplicaSet", name: "web-5d9c7b8f6d" },
            { kind: "Deployment", name: "web", labels: { "nemo.eu/workload": "w-1" }, replicas: { desired: 1 } },
          ],
        },
      },
    ]);
    await world.run(pod);
    await world.annotate(pod); // which no twin looks at
    await world.run(pod, 1);
    await world.remove(pod);
    await until(() => kinds(pod).includes("deleted"));
    // Runs, restarts, is being deleted, is gone: the API tells of the third even where nothing is waited for.
    expect(kinds(pod)).toEqual(["added", "modified", "modified", "modified", "deleted"]);
    expect(restarts(pod).slice(1)).toEqual([0, 1, 1, 1]);
    const seqs = told().map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  });

  it("tells with one of the pods that a Deployment is scaled, although no pod changes", async () => {
    await start();
    await until(() => of(pod).length === 1);
    published = [];
    await world.scale("web", 7);
    await until(() => told().some((change) => change.pod.owners.at(-1)?.replicas?.desired === 7));
    expect(told()).toHaveLength(1);
    await world.scale("web", 1);
  });

  it("tells of nodes that come, and nothing of their heartbeats", async () => {
    await start();
    await world.addNode(`node-of-${pod}`, "172.18.0.12");
    await until(() => nodes().some(({ name, ready }) => name === `node-of-${pod}` && ready));
    published = [];
    await world.beat("node-1");
    await world.run(pod);
    await until(() => of(pod).length === 1);
    expect(nodes()).toEqual([]);
  });

  it("lists page by page where there is more than a page", async () => {
    for (let i = 0; i < 12; i += 1) await world.addPod("web", `${pod}-${String(i)}`);
    await start();
    expect(new Set(told().map((change) => change.pod.name)).size).toBeGreaterThan(12);
    for (let i = 0; i < 12; i += 1) await world.remove(`${pod}-${String(i)}`);
    await until(() => told().filter(({ kind }) => kind === "deleted").length === 12);
  });

  it("goes on where it was after a restart of its own: what happened meanwhile once, and nothing twice", async () => {
    await start();
    await until(() => of(pod).length === 1);
    await watch?.stop();
    published = [];
    await world.run(pod);
    await start();
    await until(() => of(pod).length === 1);
    expect([kinds(pod), told().length, said]).toEqual([["modified"], 1, []]);
  });

  it("misses nothing while the API server restarts", async () => {
    await start();
    await until(() => of(pod).length === 1);
    published = [];
    await world.run(pod);
    await cluster.restart();
    await world.run(pod, 1);
    await until(() => restarts(pod).includes(1));
    expect(told().map((change) => [change.kind, change.pod.name])).toEqual([
      ["modified", pod],
      ["modified", pod],
    ]);
    expect(said.some((phrase) => phrase.startsWith("watching again"))).toBe(true);
  });

  it("compares with a new list when its place is forgotten (410), and tells only what differs", async () => {
    await world.addPod("web", `${pod}-goes`);
    await start();
    await until(() => of(`${pod}-goes`).length === 1);
    await watch?.stop();
    await world.run(pod, 3);
    await world.remove(`${pod}-goes`);
    await cluster.compact();
    await cluster.restart(); // which forgets what it had in memory, too
    published = [];
    await start();
    await until(() => told().length >= 2);
    expect(said).toContain("listing again");
    expect(told().map((change) => [change.kind, change.pod.name])).toEqual(
      expect.arrayContaining([
        ["modified", pod],
        ["deleted", `${pod}-goes`],
      ]),
    );
    expect(told()).toHaveLength(2);
  });

  it("compares with a new list when etcd was restored to what it was before: nothing else would ever tell", async () => {
    await cluster.backUp();
    await world.addPod("web", `${pod}-lost`);
    await world.run(pod, 4);
    await start();
    await until(() => of(`${pod}-lost`).length === 1 && restarts(pod).at(-1) === 4);
    published = [];
    await cluster.restore();
    await until(() => kinds(`${pod}-lost`).includes("deleted") && of(pod).length === 1);
    expect(of(pod)[0]?.pod.containers[0]?.restartCount ?? 0).toBe(0);
    expect(said.filter((phrase) => phrase === "listing again").length).toBeGreaterThan(0);
  });

  it("takes the silence of a quiet cluster for no fault, and knows that the API server is there", async () => {
    await begin("pod-watch", { silenceMs: 300 });
    await until(() => watch?.isUpToDate() === true);
    const hears = vi.fn();
    const since = Date.now();
    while (Date.now() - since < 2_000) {
      if ((watch?.silenceMs() ?? Infinity) < 100) hears();
      expect(watch?.silenceMs()).toBeLessThan(1_500);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(hears.mock.calls.length).toBeGreaterThan(2);
    expect(said).toEqual([]);
    await world.run(pod);
    await until(() => kinds(pod).includes("modified"));
  });

  it("reads its token again for each request: an old one is refused, the renewed one goes on", async () => {
    const tokenFile = join(dir, "token");
    const Token = z.object({ status: z.object({ token: z.string() }) });
    // Bound to a pod, and void when that is gone: the shortest life that a token can have.
    const bound = { kind: "Pod", apiVersion: "v1", name: pod };
    await cluster.admin.done(z.unknown(), "POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
      body: {
        metadata: { name: pod },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "nemo-pod-watch" },
        subjects: [{ kind: "ServiceAccount", name: "default", namespace: "shop" }],
      },
    });
    const { status } = await cluster.admin.done(Token, "POST", "/api/v1/namespaces/shop/serviceaccounts/default/token", {
      body: { spec: { boundObjectRef: bound } },
    });
    await writeFile(tokenFile, `${status.token}\n`);
    const away = new AbortController();
    const api = openKubernetes(configOf({ server: cluster.address, ca: cluster.ca, token: () => readFileSync(tokenFile, "utf8").trim() }));
    const seen: Change[] = [];
    const reading = (async () => {
      const options = { signal: away.signal, log, backoff: quick, silenceMs: 300 };
      for await (const { changes } of reflect(api, { path: "/api/v1/pods" }, { known: new Map() }, options)) seen.push(...changes);
    })();
    await until(() => seen.some(({ object }) => object?.metadata.name === pod));
    await world.remove(pod);
    await until(() => said.some((phrase) => phrase === "watching again: Unauthorized"));
    await writeFile(tokenFile, (await cluster.as("nemo-net", "pod-watch")).token);
    await world.addPod("web", `${pod}-after`);
    await until(() => seen.some(({ object }) => object?.metadata.name === `${pod}-after`));
    away.abort();
    await reading;
  });

  it("tells of nodes, and is ready, with the account that may see nothing else", async () => {
    await begin("underlay-node-reader", { only: "nodes" });
    await until(() => watch?.isUpToDate() === true && nodes().some(({ name }) => name === "node-1"));
    expect([told(), said]).toEqual([[], []]);
  });

  it("says who may not, and is not ready, with an account that has no rights", async () => {
    await begin("underlay");
    const refusal = /User "system:serviceaccount:nemo-net:underlay" cannot list resource "nodes"/;
    await until(() => said.some((phrase) => refusal.test(phrase)));
    expect([watch?.isUpToDate(), published]).toEqual([false, []]);
  });
});
