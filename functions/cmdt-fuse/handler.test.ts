import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Pod } from "../../domain/twin/pod.ts";
import type { Event } from "../../events/define.ts";
import { PodChanged } from "../../events/pod.ts";
import { TwinDue, TwinSnapshotTaken, TwinStatusChanged } from "../../events/twin.ts";
import { type Faults, openFaults } from "../../lab/faults.ts";
import { openLedger } from "../../lab/ledger.ts";
import { type MetricsSimulator, startMetrics } from "../../lab/metrics/server.ts";
import type { HostScope } from "../../runtime/invoke.ts";
import { invoke } from "../../runtime/invoke.ts";
import { memoryIntents } from "../../state/intents.ts";
import { memoryTwins, type TwinStore } from "../../state/twins.ts";
import { container, pod } from "../../test/support/pods.ts";
import handler from "./handler.ts";
import { openTwinSources, type TwinSources } from "./sources/sources.ts";

const START_MS = Date.UTC(2026, 0, 1);
const CLUSTER = "kind-1";
const meshed = { "linkerd.io/control-plane-ns": "linkerd", "nemo.eu/workload": "w1", "nemo.eu/user": "alice" };
const web = (given: Partial<Pod> = {}): Pod =>
  pod({ name: "web-1", labels: meshed, owners: [{ kind: "Deployment", name: "web", uid: "d", labels: {} }], ...given });
const stored = {
  metadata: {
    name: "web-1",
    namespace: "app",
    uid: "u1",
    creationTimestamp: new Date(START_MS).toISOString(),
    labels: { app: "web", ...meshed },
  },
  spec: { nodeName: "node-1", containers: [{ name: "web", resources: { limits: { memory: "128Mi" } } }] },
  status: { containerStatuses: [{ ready: true, restartCount: 0 }] },
};

let nowMs = START_MS;
let faults: Faults;
let lab: MetricsSimulator;
let twins: TwinStore;
let sources: TwinSources;
const nothing = () => undefined;

async function open(more: Partial<ReachableController> = {}, which = ["linkerd", "kubelet", "kube-state-metrics"]): Promise<void> {
  await sources?.close();
  sources = openTwinSources({
    controllers: which.map((executioner) => ({ executioner, origin: "https://k8s", address: lab.address, cluster: CLUSTER, ...more })),
  });
}
beforeEach(async () => {
  nowMs = START_MS;
  faults = openFaults();
  lab = await startMetrics(openLedger(), faults, { pods: () => [stored], now: () => nowMs });
  twins = memoryTwins();
  await open();
});
afterEach(async () => {
  await sources.close();
  await lab.close();
});

async function take(event: Event): Promise<readonly Event[]> {
  const scope: HostScope = {
    resources: { twins, sources, intents: memoryIntents() },
    now: () => new Date(nowMs),
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    lastAttempt: false,
    reached: nothing,
  };
  const reply = await invoke(handler, event, scope);
  if (reply.kind !== "done") throw new Error(JSON.stringify(reply), { cause: "cause" in reply ? reply.cause : undefined });
  return reply.events;
}
const changed = (seq: number, of: Pod = web(), kind: "added" | "modified" | "deleted" = "modified"): Event =>
  PodChanged.make({
    source: `/clusters/${CLUSTER}/pod-watch`,
    subject: "s",
    id: String(seq),
    data: { kind, cluster: CLUSTER, seq, observedAt: new Date(nowMs).toISOString(), pod: of },
  });
const due = (round: number): Event =>
  TwinDue.make({ source: "/clock", subject: "twins", id: String(round), data: { round, dueAt: new Date(nowMs).toISOString() } });

/** A tick, and the rounds of every twin that it leads to. */
async function round(n: number): Promise<readonly Event[]> {
  nowMs = START_MS + n * 30_000;
  const rounds = await take(due(n));
  return (await Promise.all(rounds.map(take))).flat();
}
const typesOf = (events: readonly Event[]): string[] => events.map(({ type }) => type.replace("eu.meta-os.nemo.", ""));
const twinIn = (events: readonly Event[]) => {
  const snapshot = events.find(({ type }) => type === TwinSnapshotTaken.type);
  if (snapshot === undefined) throw new Error("no snapshot");
  return TwinSnapshotTaken.data.parse(snapshot.data).twin;
};

describe("pod.changed", () => {
  it("becomes a twin, and news of its status to whose it is", async () => {
    const [event, ...others] = await take(changed(1));
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      type: TwinStatusChanged.type,
      source: "/clusters/kind-1/cmdt-fuse",
      subject: "kind-1/app/Deployment/web",
      userid: "alice",
      workloadid: "w1",
      data: { twinId: "kind-1/app/Deployment/web", changes: [{ status: "Ready" }], status: { current: "Ready" } },
    });
    expect(await twins.get("kind-1/app/Deployment/web")).toMatchObject({ userId: "alice", pods: [{ name: "web-1" }] });
  });

  it("is told of again under the same ids when it is delivered again, and changes nothing", async () => {
    await take(changed(1));
    const crash = changed(2, web({ containers: [container({ restartCount: 1 })] }));
    const first = await take(crash);
    const twin = await twins.get("kind-1/app/Deployment/web");
    const second = await take(crash);
    expect(second.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    expect(second.map(({ data }) => data)).toEqual(first.map(({ data }) => data));
    expect(await twins.get("kind-1/app/Deployment/web")).toEqual(twin);
  });

  it("says nothing where there is nothing new", async () => {
    await take(changed(1));
    expect(await take(changed(2))).toEqual([]);
  });

  it("tells of a crash loop as soon as it is one", async () => {
    await take(changed(1));
    const states = [1, 2, 3].map((restartCount) => web({ containers: [container({ restartCount })] }));
    const told = [];
    for (const [i, state] of states.entries()) told.push(typesOf(await take(changed(2 + i, state))));
    expect(told).toEqual([["twin.status.changed.v1"], ["twin.status.changed.v1"], ["twin.status.changed.v1", "twin.anomaly.detected.v1"]]);
  });
});

describe("twin.due", () => {
  it("reads what speaks of the cluster once for all twins, and lets each twin read its own", async () => {
    await take(changed(1));
    await take(changed(2, web({ uid: "u2", name: "cron", labels: {}, owners: [] })));
    const rounds = await take(due(1));
    expect(rounds.map(({ id, subject }) => [id, subject])).toEqual([
      ["1/kind-1/app/Deployment/web", "kind-1/app/Deployment/web"],
      ["1/kind-1/app/Pod/cron", "kind-1/app/Pod/cron"],
    ]);
    expect(rounds[0]?.data).toMatchObject({
      reading: {
        kubeStateMetrics: { replicas: { desired: 1 } },
        usage: { source: "cadvisor", containers: [{ pod: "web-1", container: "web" }] },
      },
    });
  });

  it("counts exactly, through errors, forgotten series and a proxy that starts again", async () => {
    await take(changed(1));
    await round(1);
    lab.answer("web-1", "200", 30, 8);
    lab.answer("web-1", "500", 1, 45);
    expect(twinIn(await round(2)).network.inbound).toMatchObject({ responseCountByCode: { 200: 30, 500: 1 }, tcp: { openConnections: 0 } });
    lab.forget("web-1", "500");
    expect(twinIn(await round(3)).network.inbound?.responseCountByCode).toEqual({ 200: 30, 500: 1 });
    lab.answer("web-1", "500", 2, 45);
    lab.answer("web-1", "none", 1, 45);
    expect(twinIn(await round(4)).network.inbound?.responseCountByCode).toEqual({ 200: 30, 500: 3, none: 1 });
    lab.restartProxy("web-1");
    lab.answer("web-1", "200", 40, 8);
    const twin = twinIn(await round(5));
    expect(twin.network).toMatchObject({ windowSeconds: 120, inbound: { responseCountByCode: { 200: 70, 500: 3, none: 1 } } });
    expect(twin.anomalies).toMatchObject([{ rule: "server-errors" }]);
  });

  it("knows whom a component calls, and names who answers badly as the cause of its own errors", async () => {
    await take(changed(1));
    await round(1);
    lab.answer("web-1", "200", 6, 8);
    lab.answer("web-1", "502", 2, 8);
    lab.call("web-1", "shop/checkout", "200", 6);
    lab.call("web-1", "shop/checkout", "503", 2);
    const { network, anomalies } = twinIn(await round(2));
    expect(network.byDestination).toEqual([
      { namespace: "shop", kind: "Deployment", name: "checkout", requestRate: 8 / 30, successRatio: 0.75 },
    ]);
    expect(network.outbound?.responseCountByCode).toEqual({ 200: 6, 503: 2 });
    expect(anomalies).toMatchObject([
      { rule: "server-errors", causes: [{ what: "Deployment shop/checkout answers 25 % of the requests with an error" }] },
    ]);
  });

  it("emits a snapshot a round, the same again for a redelivery, and news of an anomaly once", async () => {
    await take(changed(1));
    await round(1);
    lab.answer("web-1", "503", 3, 20);
    nowMs = START_MS + 60_000;
    const [own] = await take(due(2));
    if (own === undefined) throw new Error("no twin is due");
    const first = await take(own);
    expect(typesOf(first)).toEqual(["twin.anomaly.detected.v1", "twin.snapshot.taken.v1"]);
    const second = await take(own);
    expect(second.map(({ id, data }) => [id, data])).toEqual(first.map(({ id, data }) => [id, data]));
    expect(typesOf(await round(3))).toEqual(["twin.snapshot.taken.v1"]);
  });

  it.each(["destroy", "status"] as const)("states the silence of sources that are disturbed (%s), and keeps on", async (kind) => {
    await take(changed(1));
    await round(1);
    faults.add(kind === "status" ? { kind, peer: "metrics", status: 503 } : { kind, peer: "metrics" });
    const silent = twinIn(await round(2)).quality;
    expect(silent).toMatchObject({ linkerd: { isFresh: true }, usage: { isFresh: true }, kubeStateMetrics: { isFresh: true } });
    expect([silent.linkerd, silent.usage, silent.kubeStateMetrics].every((quality) => (quality?.reason ?? "").includes("127.0.0.1"))).toBe(
      true,
    );
    const late = await round(5);
    expect(twinIn(late)).toMatchObject({ resources: { memoryBytes: null }, quality: { linkerd: { isFresh: false } } });
    expect(typesOf(late).filter((type) => type === "twin.anomaly.detected.v1")).toHaveLength(3);
    faults.clear();
    expect(twinIn(await round(6)).anomalies).toEqual([]);
  });

  it("knows nothing of sources that nobody has configured, and does not call them stale", async () => {
    await open({}, []);
    await take(changed(1));
    expect(twinIn(await round(1))).toMatchObject({
      quality: { linkerd: null, usage: null, kubeStateMetrics: null },
      network: { inbound: null },
      resources: { cpuCores: null, memoryBytes: null, memoryLimitBytes: 100_000_000 },
      anomalies: [],
    });
  });

  it("asks no pod outside of the range that the operator allows", async () => {
    await open({ podCidr: "10.99.0.0/16" });
    await take(changed(1));
    expect(twinIn(await round(1)).quality.linkerd).toEqual({
      isFresh: false,
      at: null,
      reason: "web-1: web-1 is at 10.42.0.7, outside of 10.99.0.0/16",
    });
  });

  it("asks only the sources of the twin's cluster", async () => {
    await open({ cluster: "another" });
    await take(changed(1));
    expect(twinIn(await round(1)).quality).toMatchObject({ linkerd: null, usage: null });
  });

  it("leaves pods out of the message of a very large component, those that serve first, and says how many", async () => {
    for (let i = 0; i < 120; i += 1)
      await take(
        changed(
          i + 1,
          web({ uid: `u${String(i)}`, name: `web-${String(i).padStart(3, "0")}`, conditions: i < 110 ? web().conditions : [] }),
        ),
      );
    await open({}, []);
    const events = await round(1);
    expect(Buffer.byteLength(JSON.stringify(events[0]))).toBeLessThan(64 * 1024);
    const { pods, omittedPods, replicas } = twinIn(events);
    expect([pods.length, omittedPods, pods.filter(({ ready }) => !ready).length, replicas.current]).toEqual([100, 20, 10, 120]);
    expect((await twins.get("kind-1/app/Deployment/web"))?.pods).toHaveLength(120);
  });

  it("forgets a component an hour after its last pod", async () => {
    await take(changed(1));
    await take(changed(2, web(), "deleted"));
    expect(typesOf(await round(119))).toEqual(["twin.snapshot.taken.v1"]);
    expect(await round(121)).toEqual([]);
    expect(await twins.list({ limit: 10 })).toEqual([]);
  });
});
