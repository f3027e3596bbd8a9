import { Redis } from "ioredis";
import pino from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PodChanged } from "../../events/pod.ts";
import { TwinStatusChanged } from "../../events/twin.ts";
import { type Faults, openFaults } from "../../lab/faults.ts";
import { generator } from "../../domain/random.ts";
import { type KubernetesSimulator, startKubernetes } from "../../lab/kubernetes/server.ts";
import { podName } from "../../lab/kubernetes/world.ts";
import { openLedger } from "../../lab/ledger.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { decodeLog } from "../../runtime/codec/log.ts";
import { readConfig } from "../../runtime/config.ts";
import { reachable } from "../../services/controllers.ts";
import { configOf, openKubernetes } from "../../services/kubernetes/api.ts";
import { type PodWatch, startPodWatch } from "../../services/pod-watch/watch.ts";
import { startSystem, type System } from "../../services/system.ts";
import { redisWatchPositions } from "../../state/watch-positions.ts";
import { clear, onServers, redisUrl } from "../support/ground.ts";
import { amqpUrl } from "../support/rabbitmq.ts";
import { until } from "../support/system.ts";

const CHANGES = process.env["FAULT"] === "long" ? 10_000 : 1_500;
/** After so many changes the last restart of those before must have been told. */
const STRIDE = 20;
/** The log of the broker may hold an earlier run's. */
const NAME = `fault-${String(process.pid)}`;
const log = pino({ level: "silent" });

let faults: Faults;
let cluster: KubernetesSimulator;
let broker: Broker;
let redis: Redis;
let system: System;
let watch: PodWatch;

beforeAll(async () => {
  await clear(onServers);
  faults = openFaults();
  cluster = await startKubernetes(openLedger(), faults, { name: NAME, bookmarkEveryMs: 50 });
  broker = await openAmqp({ url: amqpUrl, log });
  redis = new Redis(redisUrl);
  system = await startSystem({
    config: readConfig({ ...onServers, PORT: "0" }),
    log,
    controllers: reachable([]),
    sealKey: Buffer.alloc(32, 1),
  });
});
afterAll(async () => {
  await watch.stop();
  await system.stop();
  await broker.close();
  redis.disconnect();
  await cluster.close();
});

const start = (): PodWatch =>
  startPodWatch({
    cluster: NAME,
    api: openKubernetes(configOf({ server: cluster.address })),
    positions: redisWatchPositions(redis),
    publish: (events) => broker.publish(events.map(encodeAmqp)),
    log,
    reflector: { backoff: { next: () => 5, reset: () => undefined }, silenceMs: 400, watchS: 1, room: 20, pageSize: 7 },
  });

/** What was told of restarts, by pod: in pods' changes the highest count, in twins' the sum of the entries. */
function listener(stop: AbortSignal) {
  const inPods = new Map<string, number>();
  const inTwins = new Map<string, number>();
  const deleted = new Set<string>();
  const ids = new Set<string>();
  let told = 0;
  const following = (async () => {
    for await (const { message } of broker.follow("first", stop))
      for (const event of decodeLog(message)) {
        if (ids.has(event.id) || event.subject?.startsWith(`${NAME}/`) !== true) continue;
        ids.add(event.id);
        if (event.type === PodChanged.type) {
          const { pod, kind } = PodChanged.data.parse(event.data);
          told += 1;
          const count = pod.containers.reduce((sum, { restartCount }) => sum + restartCount, 0);
          inPods.set(pod.uid, Math.max(count, inPods.get(pod.uid) ?? 0));
          if (kind === "deleted") deleted.add(pod.uid);
        } else if (event.type === TwinStatusChanged.type) {
          for (const { podUid, status, count } of TwinStatusChanged.data.parse(event.data).changes)
            if (status === "Restart") inTwins.set(podUid, (inTwins.get(podUid) ?? 0) + count);
        }
      }
  })();
  return { inPods, inTwins, deleted, told: () => told, following };
}

it(
  `misses none of the restarts in ${CHANGES.toLocaleString("en")} changes while watches break, fall silent and are forgotten`,
  { timeout: 300_000 },
  async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 100_000);
    const chance = generator(seed);
    const oneIn = (n: number): boolean => chance() * n < 1;
    const pick = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] ?? expect.unreachable("nothing to choose from");
    const stop = new AbortController();
    const heard = listener(stop.signal);
    const restarts = new Map<string, number>();
    /** Gone, and perhaps before anybody was told how often they had restarted: nobody can know, in any cluster. */
    const unknowable = new Set<string>();
    const gone = new Set<string>();
    let i = 0;
    let latest = { uid: "", count: 0 };
    const done: Record<string, number> = {};
    const count = (what: string): void => void (done[what] = (done[what] ?? 0) + 1);

    /** A pod that came after the history was forgotten: once it is told of, the watch has listed again. */
    let mark: string | undefined;
    const remove = (removed: readonly string[]): void => {
      for (const uid of removed) {
        gone.add(uid);
        if (mark !== undefined) unknowable.add(uid);
      }
    };
    const uids = (): readonly string[] => cluster.world.pods().map(({ metadata }) => metadata.uid);
    const changes = {
      restart: () => {
        const pod = pick(cluster.world.pods());
        const { uid } = pod.metadata;
        latest = { uid, count: (restarts.get(uid) ?? 0) + 1 };
        restarts.set(uid, latest.count);
        cluster.world.restart(podName(pod));
      },
      run: () => cluster.world.run(podName(pick(cluster.world.pods())), oneIn(2)),
      crash: () => cluster.world.crash(podName(pick(cluster.world.pods())), { reason: "Error", exitCode: 1 }),
      evict: () => cluster.world.evict(podName(pick(cluster.world.pods()))),
      scale: () => cluster.world.scale("shop", `app-${String(Math.floor(chance() * 10))}`, 2 + Math.floor(chance() * 5)),
    };
    const disturbances = {
      disconnect: () => cluster.disconnectWatches(),
      stall: () => cluster.stallWatches(),
      forget: () => {
        cluster.compact();
        cluster.disconnectWatches();
        for (const uid of gone) if (!heard.deleted.has(uid)) unknowable.add(uid);
        [mark] = cluster.world.deploy({ namespace: "marks", name: `mark-${String(i)}`, replicas: 1 }).map(({ metadata }) => metadata.uid);
      },
      refuse: () => void faults.add({ kind: "destroy", operation: pick(["pods.watch", "pods.list"]), times: 2 }),
      breakOff: () => void faults.add({ kind: "destroy", when: "after", operation: "pods.watch", times: 1 }),
      fail: () => void faults.add({ kind: "status", status: 500, operation: pick(["pods.watch", "pods.list"]), times: 1 }),
      restartOfTheWatch: async () => {
        await watch.stop();
        watch = start();
      },
    };

    cluster.world.addNode("node-1", "172.18.0.11");
    for (let app = 0; app < 10; app += 1) cluster.world.deploy({ namespace: "shop", name: `app-${String(app)}`, replicas: 5 });
    watch = start();
    await until(() => (watch.isUpToDate() ? true : undefined), 30_000, "the first list");

    let due = latest;
    for (; i < CHANGES; i += 1) {
      if (mark !== undefined && heard.inPods.has(mark)) mark = undefined;
      const what = oneIn(mark === undefined ? 25 : 250)
        ? pick(["evict", "scale"] as const)
        : oneIn(3)
          ? pick(["run", "crash"] as const)
          : "restart";
      const before = uids();
      changes[what]();
      count(what);
      const after = new Set(uids());
      remove(before.filter((uid) => !after.has(uid)));
      if (oneIn(60)) {
        const disturbance = pick(Object.keys(disturbances) as (keyof typeof disturbances)[]);
        count(disturbance);
        await disturbances[disturbance]();
      }
      // A cluster goes on whether or not anybody watches; but not so fast that nobody could.
      if (i % STRIDE === 0) {
        const { uid, count: last } = due;
        await until(() => (gone.has(uid) || (heard.inPods.get(uid) ?? 0) >= last ? true : undefined), 20_000, "the watch to go on");
        due = latest;
      }
    }
    faults.clear();

    const wanted = [...restarts].filter(([uid]) => !unknowable.has(uid));
    const sum = (counts: ReadonlyMap<string, number>): number => wanted.reduce((total, [uid]) => total + (counts.get(uid) ?? 0), 0);
    const missed = (counts: ReadonlyMap<string, number>): number =>
      wanted.reduce((total, [uid, n]) => total + Math.abs(n - (counts.get(uid) ?? 0)), 0);
    await until(() => (missed(heard.inPods) + missed(heard.inTwins) === 0 ? true : undefined), 60_000, "every restart").catch(
      () => undefined,
    );
    console.log(
      `seed ${String(seed)}: of ${String(done["restart"])} restarts ${String(sum(restarts))} could be known; ${String(missed(heard.inPods))} of them were missed in pods' changes and ${String(missed(heard.inTwins))} in twins'; ` +
        `${String(unknowable.size)} pods went while the history was forgotten; ${JSON.stringify(done)}`,
    );
    expect({ seed, missedInPods: missed(heard.inPods), missedInTwins: missed(heard.inTwins) }).toEqual({
      seed,
      missedInPods: 0,
      missedInTwins: 0,
    });
    expect(sum(restarts)).toBeGreaterThan(CHANGES / 3);
    expect(unknowable.size).toBeLessThan(gone.size);
    // Whoever went was told of, unseen or not.
    await until(
      () => ([...gone].every((uid) => heard.deleted.has(uid) || !heard.inPods.has(uid)) ? true : undefined),
      30_000,
      "all removals",
    );
    stop.abort();
    await heard.following;
  },
);
