import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Faults, openFaults } from "../../lab/faults.ts";
import { type KubernetesSimulator, startKubernetes } from "../../lab/kubernetes/server.ts";
import { podName } from "../../lab/kubernetes/world.ts";
import { openLedger } from "../../lab/ledger.ts";
import type { Event } from "../../events/define.ts";
import { NodeChanged } from "../../events/node.ts";
import { PodChanged } from "../../events/pod.ts";
import { TransientError } from "../../runtime/errors.ts";
import { memoryWatchPositions, type WatchPositions } from "../../state/watch-positions.ts";
import { configOf, openKubernetes } from "../kubernetes/api.ts";
import { type PodWatch, startPodWatch } from "./watch.ts";

let faults: Faults;
let cluster: KubernetesSimulator;
let positions: WatchPositions;
let watch: PodWatch | undefined;
let published: Event[];
/** Called before each publish; what it throws is what the broker says. */
let onPublish: () => void;

beforeEach(async () => {
  faults = openFaults();
  cluster = await startKubernetes(openLedger(), faults, { name: "one", bookmarkEveryMs: 20, now: () => 1_767_225_600_000 });
  cluster.world.addNode("node-1", "172.18.0.11");
  positions = memoryWatchPositions();
  published = [];
  onPublish = () => undefined;
});
afterEach(async () => {
  await watch?.stop();
  await cluster.close();
});

const silent = { info: () => undefined, warn: vi.fn(), error: () => undefined };

async function start(): Promise<void> {
  watch = startPodWatch({
    cluster: "one",
    api: openKubernetes(configOf({ server: cluster.address })),
    positions,
    log: silent,
    publish: (events) => {
      onPublish();
      published.push(...events);
      return Promise.resolve();
    },
    reflector: { backoff: { next: () => 1, reset: () => undefined }, silenceMs: 2_000 },
  });
  await vi.waitUntil(() => watch?.isUpToDate() === true, { timeout: 10_000, interval: 2 });
}

const pods = () =>
  published.filter(({ type }) => type === PodChanged.type).map((event) => ({ event, ...PodChanged.data.parse(event.data) }));
const nodes = () => published.filter(({ type }) => type === NodeChanged.type).map(({ data }) => NodeChanged.data.parse(data));
const told = (isTold: () => boolean) => vi.waitUntil(isTold, { timeout: 10_000, interval: 2 });
const deploy = (replicas: number, labels: Record<string, string> = {}) =>
  cluster.world.deploy({ namespace: "shop", name: "web", replicas, labels }).map(podName);
function first<T>([one]: readonly T[]): T {
  if (one === undefined) throw new Error("there is none");
  return one;
}

describe("the watch of a cluster", () => {
  it("tells of every pod with the whole chain of its owners, their labels and replicas", async () => {
    deploy(2, { "nemo.eu/workload": "w-1" });
    await start();
    expect(pods()).toHaveLength(2);
    expect(first(pods())).toMatchObject({
      kind: "added",
      cluster: "one",
      event: { subject: "one/shop/Deployment/web", source: "/clusters/one/pod-watch" },
      pod: {
        namespace: "shop",
        phase: "Pending",
        owners: [
          { kind: "ReplicaSet", name: "web-5d9c7b8f6d" },
          { kind: "Deployment", name: "web", labels: { "nemo.eu/workload": "w-1" }, replicas: { desired: 2, current: 2, ready: 0 } },
        ],
      },
    });
  });

  it("numbers changes in their order, and names each by cluster, uid and number", async () => {
    const [pod = first([])] = deploy(3);
    await start();
    cluster.world.run(pod);
    cluster.world.restart(pod);
    cluster.world.evict(pod);
    await told(() => pods().some(({ kind }) => kind === "deleted"));
    const seqs = pods().map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
    for (const { event, seq, pod: about } of pods()) expect(event.id).toBe(`one/${about.uid}/${String(seq)}`);
    const ofPod = pods().filter((told) => told.pod.name === pod.name);
    expect(ofPod.filter(({ pod: { containers } }) => containers[0]?.restartCount === 1).map(({ kind }) => kind)).toContain("deleted");
  });

  it("tells of a replica count that changes although no pod does", async () => {
    deploy(2);
    faults.add({ kind: "hang", operation: "pods.watch" });
    await start();
    published = [];
    cluster.world.scale("shop", "web", 4);
    await told(() => pods().some(({ pod }) => pod.owners.at(-1)?.replicas?.desired === 4));
    expect(new Set(pods().map(({ kind, pod }) => `${kind} ${pod.uid}`)).size).toBe(1);
  });

  it("says nothing of what no twin looks at", async () => {
    const [pod = first([])] = deploy(1);
    cluster.world.run(pod);
    await start();
    cluster.world.run(pod); // a new version with nothing new in it
    cluster.world.restart(pod);
    await told(() => pods().some((change) => change.pod.containers[0]?.restartCount === 1));
    const contents = pods().map((change) => JSON.stringify({ ...change.pod, resourceVersion: "" }));
    expect(contents).toEqual([...new Set(contents)]);
  });

  it("tells of nodes, their addresses and readiness", async () => {
    await start();
    expect(nodes()).toEqual([
      {
        kind: "added",
        cluster: "one",
        name: "node-1",
        uid: expect.any(String) as string,
        addresses: [
          { type: "InternalIP", address: "172.18.0.11" },
          { type: "Hostname", address: "node-1" },
        ],
        ready: true,
        labels: { "kubernetes.io/hostname": "node-1", "kubernetes.io/os": "linux" },
        resourceVersion: expect.any(String) as string,
      },
    ]);
    cluster.world.addNode("node-1", "172.18.0.11"); // a heartbeat: a new version with nothing new in it
    cluster.world.addNode("node-2", "172.18.0.12");
    await told(() => nodes().some(({ name }) => name === "node-2"));
    expect(nodes()).toHaveLength(2);
  });

  it("publishes again what the broker did not confirm, in the same order and under the same ids", async () => {
    const [pod = first([])] = deploy(1);
    await start();
    let refusals = 3;
    onPublish = () => {
      if (refusals-- > 0) throw new TransientError("BROKER_UNAVAILABLE", "away");
    };
    cluster.world.run(pod);
    cluster.world.restart(pod);
    await told(() => pods().some(({ pod: { containers } }) => containers[0]?.restartCount === 1));
    expect(new Set(pods().map(({ event }) => event.id)).size).toBe(pods().length);
  });

  it("goes on after a restart of its own with what it had not told, once", async () => {
    const [pod = first([]), other = first([])] = deploy(2);
    await start();
    await watch?.stop();
    cluster.world.restart(pod);
    cluster.world.evict(other);
    published = [];
    await start();
    await told(() => pods().length >= 4);
    expect(pods().map(({ kind, pod: { name } }) => [kind, name === pod.name || name === other.name])).toEqual([
      ["modified", true],
      ["modified", true],
      ["deleted", true],
      ["added", false],
    ]);
  });

  it("tells after a restart of a replica count that changed meanwhile, although no pod did", async () => {
    deploy(2);
    await start();
    await watch?.stop();
    faults.add({ kind: "hang", operation: "pods.watch" });
    cluster.world.scale("shop", "web", 4);
    published = [];
    await start();
    await told(() => pods().some(({ pod }) => pod.owners.at(-1)?.replicas?.desired === 4));
    expect(pods()).toHaveLength(1);
  });

  it("tells after a restart what went while its place was forgotten, and nothing that it had told", async () => {
    const [pod = first([]), other = first([])] = deploy(3);
    await start();
    await watch?.stop();
    cluster.world.restart(pod);
    cluster.world.evict(other);
    cluster.compact();
    published = [];
    await start();
    await told(() => pods().length >= 3);
    expect(
      pods()
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(["added", "deleted", "modified"]);
    expect(pods().find(({ kind }) => kind === "deleted")?.pod.name).toBe(other.name);
    expect(nodes()).toEqual([]);
  });

  it("numbers on after a restart, even where its memory is lost", async () => {
    deploy(2);
    await start();
    await watch?.stop();
    const before = Math.max(...pods().map(({ seq }) => seq));
    positions = memoryWatchPositions();
    published = [];
    await start();
    expect(Math.min(...pods().map(({ seq }) => seq))).toBeGreaterThan(before);
  });

  it("knows how long the API server has said nothing", async () => {
    await start();
    await told(() => (watch?.silenceMs() ?? Infinity) < 15); // a bookmark has come
    cluster.stallWatches();
    await told(() => (watch?.silenceMs() ?? 0) > 100);
  });

  it("does not keep a place that is not told yet", async () => {
    const [pod = first([])] = deploy(1);
    await start();
    await told(() => pods().length === 1);
    onPublish = () => {
      throw new TransientError("BROKER_UNAVAILABLE", "away");
    };
    cluster.world.restart(pod);
    await told(() => silent.warn.mock.calls.some(([, phrase]) => phrase === "publishing again"));
    await watch?.stop();
    onPublish = () => undefined;
    published = [];
    await start();
    await told(() => pods().some(({ pod: { containers } }) => containers[0]?.restartCount === 1));
  });
});
