import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import type { Twin } from "../../domain/twin/model.ts";
import type { Event } from "../../events/define.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { TwinDue, TwinSnapshotTaken } from "../../events/twin.ts";
import step from "../../functions/cfdrl-step/handler.ts";
import fuse from "../../functions/cmdt-fuse/handler.ts";
import { podName } from "../../lab/kubernetes/world.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker, Message } from "../../runtime/broker/broker.ts";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import { decodeAmqp, encodeAmqp } from "../../runtime/codec/amqp.ts";
import { hostLocally } from "../../runtime/host/local.ts";
import { openLog } from "../../runtime/log.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { openStore } from "../../runtime/store.ts";
import { reachable } from "../../services/controllers.ts";
import { readLearning } from "../../services/learning/settings.ts";
import { watchClusters } from "../../services/pod-watch/clusters.ts";
import type { Backing } from "../../state/backing.ts";
import { openTwins } from "../../state/twins.ts";
import { openWatchPositions } from "../../state/watch-positions.ts";
import { amqpUrl, atEnd, cleanUpAfterEach, collect, eventually, freshQueue, quiet } from "../conformance/broker-fixture.ts";
import { deleteQueues } from "../support/rabbitmq.ts";

const WORKLOAD = "kind-kind/shop/Deployment/web";
const ROUND_MS = 30_000;
const POD_REQUESTS_PER_SECOND = 25;
const own = ["nemo.fn.cmdt-fuse", "nemo.fn.cfdrl-step"];

/** Twenty minutes: the mean over the twin's whole window is far from the demand of now. */
const STEADY_ROUNDS = 40;

describe.each(["memory", "amqp"] as const)("from a cluster's metrics to replicas, on the %s broker", { timeout: 60_000 }, (kind) => {
  cleanUpAfterEach();
  let broker: Broker;
  let lab: Lab;
  let backing: Backing;
  let nowMs: number;
  let pods: readonly string[];
  let snapshots: readonly Message[];
  let proposals: readonly Message[];
  const publish = (events: readonly Event[]): Promise<void> => broker.publish(events.map(encodeAmqp));
  const from = (type: string) => freshQueue({ bindings: [{ exchange: "nemo.events", exchangeType: "topic", key: `${type}.#` }] });

  beforeEach(async () => {
    const log = openLog("silent");
    nowMs = Date.now();
    const now = () => new Date(nowMs);
    broker = kind === "memory" ? openMemoryBroker() : await openAmqp({ url: amqpUrl, log: quiet });
    const redis = kind === "memory" ? undefined : openStore(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9");
    await redis?.flushdb();
    if (kind === "amqp") await deleteQueues(own);
    lab = await startLab({ kubernetes: {}, now: () => nowMs });
    const workload = { limits: { cpuCores: 1, ramBytes: 2 ** 27 }, podRequestsPerSecond: POD_REQUESTS_PER_SECOND };
    const learning = {
      ...readLearning(undefined, () => Buffer.alloc(32)),
      mode: "act" as const,
      mustEarn: false,
      workloads: { [WORKLOAD]: workload },
    };
    backing = { controllers: reachable(lab.controllers), sealKey: Buffer.alloc(32), learning, ...(redis === undefined ? {} : { redis }) };
    snapshots = await collect(broker, from(TwinSnapshotTaken.type));
    proposals = await collect(broker, from(ScalingProposed.type));
    const hosting = await hostLocally({ functions: [fuse, step], broker, backing, log, metrics: openMetrics(), now });
    const { controllers } = backing;
    const watching = watchClusters({ controllers, publish, positions: openWatchPositions(backing), log });
    atEnd(async () => {
      await watching.stop();
      await hosting.stop();
      await broker.close();
      redis?.disconnect();
      await lab.close();
    });
    const world = lab.kubernetes?.world;
    world?.addNode("node-1", "172.18.0.11");
    const deployed =
      world?.deploy({ namespace: "shop", name: "web", replicas: 2, labels: { "linkerd.io/control-plane-ns": "linkerd" } }) ?? [];
    for (const pod of deployed) world?.run(podName(pod));
    pods = deployed.map(({ metadata }) => metadata.name);
    await eventually(async () => expect((await openTwins(backing).get(WORKLOAD))?.replicas.ready).toBe(2));
  });
  afterEach(() => (kind === "amqp" ? deleteQueues(own) : undefined));

  const newest = <T>(messages: readonly Message[]): T => decodeAmqp(messages.at(-1) as Parameters<typeof decodeAmqp>[0]).data as T;

  /** Half a minute of so many requests a second, the round after it, and what is proposed then. */
  async function round(requestsPerSecond: number): Promise<ScalingRecord> {
    const before = proposals.length;
    for (const pod of pods) lab.metrics?.answer(pod, "200", (requestsPerSecond * ROUND_MS) / 1_000 / pods.length, 8);
    nowMs += ROUND_MS;
    const n = Math.round(nowMs / ROUND_MS);
    await publish([
      TwinDue.make({
        source: "/clock",
        subject: "twins",
        id: `test ${String(n)}`,
        data: { round: n, dueAt: new Date(nowMs).toISOString() },
      }),
    ]);
    await eventually(() => expect(proposals).toHaveLength(before + 1));
    return newest<ScalingRecord>(proposals);
  }

  it("decides on the demand of the last minute as the twin tells it, when the mean of half an hour still sleeps", async () => {
    let record = await round(20);
    for (let n = 1; n < STEADY_ROUNDS; n += 1) record = await round(n % 4 < 2 ? 14 : 26);
    expect(record).toMatchObject({ workload: WORKLOAD, current: { ready: 2 } });
    const calm = record.learned ?? Number.NaN;

    await round(60);
    await round(60);
    record = await round(60);
    const { twin } = newest<{ twin: Twin }>(snapshots);
    expect(twin.network.windowSeconds).toBeGreaterThan(1_200);
    expect(twin.network.inbound?.requestRate).toBeLessThan(25);
    expect(record.observation?.requestsPerSecond).toBe(60);
    expect(record.demandPods).toBe(60 / POD_REQUESTS_PER_SECOND);
    expect(record.fallback).toBeUndefined();
    expect(record.replicas).toBe(record.learned);
    expect(record.replicas).toBeGreaterThan(calm);
  });

  it("takes a snapshot of an older version, which has no word of the last minute, and falls back on CPU", async () => {
    for (let n = 0; n < 6; n += 1) await round(20);
    const { twin } = newest<{ twin: Twin }>(snapshots);
    const { latest, ...network } = twin.network;
    expect(latest?.requestRate).toBe(20);
    nowMs += ROUND_MS;
    const old = { ...twin, updatedAt: new Date(nowMs).toISOString(), network };
    await publish([TwinSnapshotTaken.make({ source: "/old", subject: WORKLOAD, id: "old", data: { twin: old } })]);
    await eventually(() => expect(proposals).toHaveLength(7));
    const record = newest<ScalingRecord>(proposals);
    expect(record.observation?.requestsPerSecond).toBeUndefined();
    expect(record.demandPods).toBeCloseTo(0.4, 1);
  });
});
