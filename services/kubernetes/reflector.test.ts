import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openFaults, type Faults } from "../../lab/faults.ts";
import { type KubernetesSimulator, startKubernetes } from "../../lab/kubernetes/server.ts";
import { podName } from "../../lab/kubernetes/world.ts";
import { type Ledger, openLedger } from "../../lab/ledger.ts";
import { configOf, openKubernetes } from "./api.ts";
import { type Batch, type Change, type Position, reflect, type ReflectorOptions } from "./reflector.ts";

let ledger: Ledger;
let faults: Faults;
let cluster: KubernetesSimulator;
let away: AbortController;
let token: string;

beforeEach(async () => {
  ledger = openLedger();
  faults = openFaults();
  cluster = await startKubernetes(ledger, faults, { name: "one", token: "right", bookmarkEveryMs: 20 });
  cluster.world.addNode("node-1", "172.18.0.11");
  away = new AbortController();
  token = "right";
});
afterEach(async () => {
  away.abort();
  await cluster.close();
});

const deploy = (replicas: number, name = "web") => cluster.world.deploy({ namespace: "shop", name, replicas }).map(podName);
const nothing: Position = { known: new Map() };
const quick = { firstMs: 1, lastMs: 5 };

/** A reflector of the cluster's pods, read batch by batch. */
function reflector(position: Position = nothing, options: Partial<ReflectorOptions> = {}) {
  const said: string[] = [];
  const log = { info: (_: object, phrase: string) => said.push(phrase), warn: (_: object, phrase: string) => said.push(phrase) };
  const backoff = { next: () => quick.firstMs, reset: () => undefined };
  const batches = reflect(openKubernetes(configOf({ server: cluster.address, token: () => token })), { path: "/api/v1/pods" }, position, {
    signal: AbortSignal.any([away.signal, AbortSignal.timeout(15_000)]),
    log,
    backoff,
    silenceMs: 5_000,
    ...options,
  });
  const seen: Change[] = [];
  let last: Batch | undefined;
  /** Reads until it has told of so many changes. */
  async function until(isEnough: () => boolean): Promise<readonly string[]> {
    const from = seen.length;
    while (!isEnough()) {
      const { value, done } = await batches.next();
      if (done === true || value === undefined) throw new Error(`it ended after ${String(seen.length)} changes`);
      last = value;
      seen.push(...value.changes);
    }
    return seen.slice(from).map(({ kind }) => kind);
  }
  const placed = async (isPast: (version: number) => boolean) => {
    await until(() => last?.resourceVersion !== undefined && isPast(Number(last.resourceVersion)));
    return last?.resourceVersion ?? "";
  };
  return {
    said,
    seen,
    changes: (count: number) => until(() => seen.length >= count),
    /** Until the list is over. */
    listed: () => placed(() => true),
    /** Until it watches: a node moves the version on, and a bookmark tells. */
    watching: async () => {
      const before = Number(await placed(() => true));
      cluster.world.addNode(`node-${String(before)}`, "172.18.0.12");
      return placed((version) => version > before);
    },
  };
}

const restartsIn = ({ object }: Change): number =>
  (object?.["status"] as { containerStatuses?: { restartCount: number }[] } | undefined)?.containerStatuses?.[0]?.restartCount ?? 0;

describe("a reflector", () => {
  it("lists page by page, as of one moment, and then watches", async () => {
    const pods = deploy(7);
    const pages = reflector(nothing, { pageSize: 3 });
    expect(await pages.changes(7)).toEqual(Array.from({ length: 7 }, () => "added"));
    expect(ledger.counters().requests["cluster:one"]).toEqual({ "pods.list": 3 });
    cluster.world.run(pods[0] ?? fail());
    cluster.world.evict(pods[1] ?? fail());
    expect(await pages.changes(11)).toEqual(["changed", "changed", "removed", "added"]);
  });

  it("shows the token that there is now: one that was renewed meanwhile needs no new start", async () => {
    deploy(1);
    token = "expired";
    const pods = reflector();
    const first = pods.changes(1);
    await vi.waitFor(() => expect(pods.said).toContain("listing again"));
    token = "right";
    expect(await first).toEqual(["added"]);
  });

  it("goes on after a broken connection where it was: no change is missed and none told twice", async () => {
    const [pod = fail()] = deploy(1);
    const pods = reflector();
    await pods.changes(1);
    await pods.watching();
    for (let i = 0; i < 5; i += 1) {
      cluster.disconnectWatches();
      cluster.world.restart(pod);
      await pods.changes(2 + i);
    }
    expect(pods.seen.map(restartsIn)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ledger.counters().requests["cluster:one"]?.["pods.list"]).toBe(1);
  });

  it("lists again when its place is forgotten, and tells only what is new and what is gone", async () => {
    const [stays = fail(), restarts = fail(), goes = fail()] = deploy(3);
    faults.add({ kind: "destroy", operation: "pods.watch", times: 1 });
    const pods = reflector();
    await pods.changes(3);
    cluster.world.restart(restarts);
    cluster.world.evict(goes);
    cluster.compact();
    expect((await pods.changes(6)).toSorted()).toEqual(["added", "changed", "removed"]);
    expect(pods.said).toEqual(["watching again", "listing again"]);
    expect(pods.seen.find(({ kind }) => kind === "removed")).toMatchObject({ object: undefined });
    expect(pods.seen.slice(3).some(({ object }) => object?.metadata.name === stays.name)).toBe(false);
  });

  it("begins a list anew that is forgotten between two pages", async () => {
    deploy(4);
    const pods = reflector(nothing, { pageSize: 2 });
    await pods.changes(2);
    cluster.compact();
    deploy(1, "more");
    await pods.changes(5);
    expect(new Set(pods.seen.map(({ uid }) => uid)).size).toBe(5);
    expect(pods.seen).toHaveLength(5);
  });

  it("takes a watch that falls silent for dead, and hears what was said meanwhile", async () => {
    const [pod = fail()] = deploy(1);
    const pods = reflector(nothing, { silenceMs: 200 });
    await pods.changes(1);
    await pods.watching();
    cluster.stallWatches();
    cluster.world.restart(pod);
    await pods.changes(2);
    expect(pods.seen.map(restartsIn)).toEqual([0, 1]);
    expect(ledger.counters().requests["cluster:one"]).toMatchObject({ "pods.list": 1, "pods.confirm": 1 });
  });

  it("takes silence for what it mostly is: it asks whether its place is still one, and complains of nothing", async () => {
    await cluster.close();
    cluster = await startKubernetes(ledger, faults, { name: "one", token: "right", bookmarkEveryMs: 60_000 });
    const [pod = fail()] = deploy(1);
    const pods = reflector(nothing, { silenceMs: 50, backoff: { next: () => fail(), reset: () => undefined } });
    const before = await pods.listed();
    expect([await pods.listed(), await pods.listed()]).toEqual([before, before]); // signs of life, by which readiness goes
    cluster.world.restart(pod);
    await pods.changes(2);
    expect([pods.said, pods.seen.map(restartsIn)]).toEqual([[], [0, 1]]);
    expect(ledger.counters().requests["cluster:one"]?.["pods.list"]).toBe(1);
  });

  it("is kept alive by bookmarks, which also move its place on", async () => {
    deploy(1);
    const pods = reflector(nothing, { silenceMs: 500 });
    await pods.changes(1);
    const before = Number(await pods.listed());
    expect(Number(await pods.watching())).toBeGreaterThan(before);
    expect(Number(await pods.watching())).toBeGreaterThan(before + 1);
    expect([pods.said, pods.seen.length]).toEqual([[], 1]);
  });

  it("goes on where an earlier one was, without a list", async () => {
    const [first = fail(), second = fail()] = deploy(2);
    const before = reflector();
    await before.changes(2);
    const resourceVersion = await before.listed();
    away.abort();
    away = new AbortController();
    cluster.world.restart(first);
    const known = new Map(before.seen.map(({ uid, object }) => [uid, object?.metadata.resourceVersion ?? ""]));
    const after = reflector({ resourceVersion, known });
    expect(await after.changes(1)).toEqual(["changed"]);
    expect(ledger.counters().requests["cluster:one"]?.["pods.list"]).toBe(1);
    expect(second.name).not.toBe(after.seen[0]?.object?.metadata.name);
  });

  it("lists again when the server knows less than it does, as after a restore", async () => {
    deploy(2);
    const pods = reflector({ resourceVersion: "999999999", known: new Map() });
    expect(await pods.changes(2)).toEqual(["added", "added"]);
    expect([pods.said, ledger.counters().requests["cluster:one"]?.["pods.watch"]]).toEqual([["listing again"], undefined]);
  });

  it("does not flood a server that ends every watch at once", async () => {
    deploy(1);
    let waits = 0;
    const backoff = { next: () => (waits += 1), reset: () => undefined };
    faults.add({ kind: "status", operation: "pods.watch", status: 500, times: 4 });
    const pods = reflector(nothing, { backoff });
    await pods.changes(1);
    await pods.listed();
    deploy(1, "more");
    await pods.changes(2);
    expect(waits).toBe(4);
    expect(ledger.counters().requests["cluster:one"]).toEqual({ "pods.list": 1, "pods.watch": 5, "pods.confirm": 4 });
  });

  it("does not read on while nobody takes what came, and misses nothing of it", async () => {
    const [pod = fail()] = deploy(1);
    const pods = reflector(nothing, { room: 2, silenceMs: 100 });
    await pods.changes(1);
    await pods.watching();
    for (let i = 0; i < 50; i += 1) cluster.world.restart(pod);
    await new Promise((resolve) => setTimeout(resolve, 250)); // longer than a server may be silent
    await pods.changes(51);
    await pods.watching();
    expect(pods.said).toEqual([]);
    expect(pods.seen.map(restartsIn)).toEqual(Array.from({ length: 51 }, (_, i) => i));
  });
});

function fail(): never {
  throw new Error("the cluster has fewer pods than it was told to");
}
