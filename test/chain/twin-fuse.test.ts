import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HISTORY_LENGTH } from "../../domain/twin/model.ts";
import { PodChanged } from "../../events/pod.ts";
import { TwinDue, TwinSnapshotTaken, TwinStatusChanged } from "../../events/twin.ts";
import handler from "../../functions/cmdt-fuse/handler.ts";
import { startLab } from "../../lab/lab.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import { decodeAmqp, encodeAmqp } from "../../runtime/codec/amqp.ts";
import { routingWord } from "../../runtime/codec/routing.ts";
import { hostLocally } from "../../runtime/host/local.ts";
import { openLog } from "../../runtime/log.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { openStore } from "../../runtime/store.ts";
import { reachable } from "../../services/controllers.ts";
import { CMDT_EXCHANGE, forwardTwins } from "../../services/twins/compat.ts";
import type { Backing } from "../../state/backing.ts";
import { openTwins } from "../../state/twins.ts";
import { amqpUrl, atEnd, collect, eventually, freshQueue, quiet, cleanUpAfterEach } from "../conformance/broker-fixture.ts";
import { container, oomKilled, pod } from "../support/pods.ts";
import { deleteQueues } from "../support/rabbitmq.ts";

const NEMO_QUEUE = "#CMDT";
const labels = (user: string) => ({ "nemo.eu/workload": `workload of ${user}`, "nemo.eu/user": user });
const owned = (name: string, user: string, restartCount = 0) =>
  pod({
    uid: name,
    name: `${name}-1`,
    labels: labels(user),
    owners: [{ kind: "Deployment", name, uid: name, labels: {} }],
    containers: [container({ restartCount, lastTermination: restartCount === 0 ? null : oomKilled })],
  });
const changed = (seq: number, of: ReturnType<typeof owned>) =>
  PodChanged.make({
    source: "/clusters/kind-1/pod-watch",
    subject: of.uid,
    id: `kind-1/${of.uid}/${String(seq)}`,
    data: { kind: "modified", cluster: "kind-1", seq, observedAt: new Date(Date.UTC(2026, 0, 1) + seq).toISOString(), pod: of },
  });

describe.each(["memory", "amqp"] as const)("twins on the %s broker", (kind) => {
  cleanUpAfterEach();
  let broker: Broker;
  let backing: Backing;
  /** Steps at which the function dies, once each. */
  let deadly: Set<string>;
  const publish = (...events: readonly Parameters<typeof encodeAmqp>[0][]) => broker.publish(events.map(encodeAmqp));

  beforeEach(async () => {
    const log = openLog("silent");
    deadly = new Set();
    const crash = (step: string): void => {
      if (deadly.delete(step)) throw new Error(`died at ${step}`);
    };
    broker = kind === "memory" ? openMemoryBroker() : await openAmqp({ url: amqpUrl, log: quiet });
    const redis = kind === "memory" ? undefined : openStore(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9");
    await redis?.flushdb();
    if (kind === "amqp") await deleteQueues(["nemo.fn.cmdt-fuse", "nemo.svc.cmdt", NEMO_QUEUE]);
    const lab = await startLab({ kubernetes: {} });
    backing = { controllers: reachable(lab.controllers), sealKey: Buffer.alloc(32), ...(redis === undefined ? {} : { redis }) };
    const hosting = await hostLocally({ functions: [handler], broker, backing, log, metrics: openMetrics(), crash });
    const forwarder = await forwardTwins({ broker, twins: openTwins(backing), queue: NEMO_QUEUE, log: quiet });
    atEnd(async () => {
      await hosting.stop();
      await forwarder.stop();
      await broker.close();
      redis?.disconnect();
      await lab.close();
    });
  });
  afterEach(() => (kind === "amqp" ? deleteQueues(["nemo.fn.cmdt-fuse", "nemo.svc.cmdt", NEMO_QUEUE]) : undefined));

  it("tells a user of their own workloads only, on their own queues, and NEMO's queue of everybody's", async () => {
    const type = TwinStatusChanged.type;
    const mine = await collect(
      broker,
      freshQueue({ bindings: [{ exchange: "nemo.events", exchangeType: "topic", key: `${type}.${routingWord("alice.a")}.#` }] }),
    );
    const plain = await collect(
      broker,
      freshQueue({ bindings: [{ exchange: CMDT_EXCHANGE, exchangeType: "topic", key: `${routingWord("alice.a")}.#` }] }),
    );
    const all = await collect(broker, freshQueue({ name: NEMO_QUEUE, foreign: true }));
    await publish(changed(1, owned("web", "alice.a")), changed(2, owned("db", "alice")), changed(3, owned("cron", "*")));
    await eventually(() => expect(all).toHaveLength(3));
    await eventually(() => expect([mine, plain].map((taken) => taken.length)).toEqual([1, 1]));
    expect(mine.map((message) => decodeAmqp(message).subject)).toEqual(["kind-1/app/Deployment/web"]);
    expect(JSON.parse(plain[0]?.body.toString() ?? "")).toMatchObject({
      trigger: "status",
      user_id: "alice.a",
      workload_id: "workload of alice.a",
      component: { kind: "Deployment", name: "web" },
      status: { current: "Ready", history: [{ status: "Ready" }] },
      linkerd: { inbound: null },
    });
  });

  it("misses no restart of many that come at once, in any order and twice", async () => {
    const looks = Array.from({ length: 15 }, (_, i) => changed(i + 1, owned("web", "alice", i)));
    await publish(...looks.toReversed(), ...looks);
    const twins = openTwins(backing);
    await eventually(async () => {
      const twin = await twins.get("kind-1/app/Deployment/web");
      expect(twin?.pods).toMatchObject([{ restarts: 14, seq: 15 }]);
    });
    const twin = await twins.get("kind-1/app/Deployment/web");
    expect(twin?.status.history.reduce((sum, { count }) => sum + count, 0)).toBe(14);
    expect(twin?.status.history.length).toBeLessThanOrEqual(HISTORY_LENGTH);
  });

  it("tells of a change all the same, and once, when it dies between keeping and telling", async () => {
    const told = await collect(
      broker,
      freshQueue({ bindings: [{ exchange: "nemo.events", exchangeType: "topic", key: `${TwinStatusChanged.type}.#` }] }),
    );
    await publish(changed(1, owned("web", "alice")));
    await eventually(() => expect(told).toHaveLength(1));
    deadly.add("cmdt-fuse:kept");
    await publish(changed(2, owned("web", "alice", 1)));
    await eventually(() => expect(told).toHaveLength(2));
    expect(deadly.size).toBe(0);
    await publish(changed(3, owned("web", "alice", 2)));
    await eventually(() => expect(told).toHaveLength(3));
    const changes = told.flatMap((message) => TwinStatusChanged.data.parse(decodeAmqp(message).data).changes);
    expect(changes.map(({ seq, count }) => [seq, count])).toEqual([
      [1, 0],
      [2, 1],
      [3, 1],
    ]);
  });

  it("sends a snapshot of every twin, and the plain one, when the clock ticks", async () => {
    const all = await collect(broker, freshQueue({ name: NEMO_QUEUE, foreign: true }));
    const snapshots = await collect(
      broker,
      freshQueue({ bindings: [{ exchange: "nemo.events", exchangeType: "topic", key: `${TwinSnapshotTaken.type}.#` }] }),
    );
    await publish(changed(1, owned("web", "alice")), changed(2, owned("db", "bob")));
    await eventually(() => expect(all).toHaveLength(2));
    await publish(TwinDue.make({ source: "/clock", subject: "twins", id: "1", data: { round: 1, dueAt: "2026-01-01T00:00:30Z" } }));
    await eventually(() => expect(snapshots).toHaveLength(2));
    await eventually(() => expect(all).toHaveLength(4));
    expect(all.slice(2).map((message) => (JSON.parse(message.body.toString()) as { trigger: string }).trigger)).toEqual([
      "periodic",
      "periodic",
    ]);
    expect(new Set(snapshots.map((message) => TwinSnapshotTaken.data.parse(decodeAmqp(message).data).twin.userId))).toEqual(
      new Set(["alice", "bob"]),
    );
  });
});
