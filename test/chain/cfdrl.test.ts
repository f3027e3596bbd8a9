import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import type { Event } from "../../events/define.ts";
import { ClientRejected, LearningDue, LearningUpdated, PolicyUpdated } from "../../events/learning.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { apiOf } from "../support/api.ts";
import { type Deployments, startDeployments } from "../support/deployments.ts";
import { keyPair, updateOf } from "../support/federation.ts";
import { clear, onServers } from "../support/ground.ts";
import { bodiesIn, deleteQueues, publishAll, withAmqp } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";
import { snapshotOf, type TwinOf } from "../support/twin.ts";

const PERIOD_MS = 1_000;
const TOKEN = "kubernetes-token-of-this-test";
const queues = { scalingQueue: "mo-scaling", clustersQueue: "mo-clusters" };
const own = ["nemo.scaling", "nemo.scaling.dlq", ...Object.values(queues), ...Object.values(queues).map((name) => `${name}.dlq`)];
const workload = "k3s-cluster/app/Deployment/web";

let given: Settings;
let system: SystemProcess;
let api: ReturnType<typeof apiOf>;
let deployments: Deployments;

beforeAll(async () => {
  await clear(onServers);
  await deleteQueues(own);
  deployments = await startDeployments(TOKEN);
  given = await settings([], onServers);
  const tokenFile = join(given.dir, "token");
  await writeFile(tokenFile, `${TOKEN}\n`);
  const controllers = [{ executioner: "scale", origin: deployments.address.origin, cluster: "k3s-cluster", tokenFile }];
  await writeFile(join(given.dir, "controllers.json"), JSON.stringify(controllers));
  const learning = {
    mode: "act",
    mustEarn: false,
    periodMs: PERIOD_MS,
    envelope: { stalePeriods: 600, maxDeviations: 1e9, cooldownMs: 0 },
    training: { stepsADue: 8, stepsARound: 16, minTransitions: 20 },
    orchestrator: queues,
    scaleDeployments: true,
  };
  await writeFile(join(given.dir, "learning.json"), JSON.stringify(learning));
  given = { ...given, env: { ...given.env, LEARNING_FILE: join(given.dir, "learning.json") } };
  system = await startProcess(given);
  api = apiOf(system);
});
afterAll(async () => {
  const { code } = await system.end("SIGTERM");
  await given.remove();
  await deployments.close();
  await deleteQueues(own);
  expect(code, "stops cleanly").toBe(0);
});

const publish = (events: readonly Event[]): Promise<void> =>
  withAmqp(async (connection) => {
    const channel = await connection.createConfirmChannel();
    for (const event of events) {
      const { routingKey, body, headers, messageId } = encodeAmqp(event);
      channel.publish("nemo.events", routingKey, body, { headers, messageId, contentType: "application/json", mandatory: true });
    }
    await channel.waitForConfirms();
  });

interface Status {
  readonly killed: boolean;
  readonly mode: string;
  readonly model: { readonly sha256: string; readonly round: number };
  readonly links: readonly { readonly round: number; readonly outcome: string; readonly modelSha256: string }[];
  readonly clusters: readonly { readonly name: string; readonly cpuCores: number }[];
}
const status = async (): Promise<Status> => (await api.call<Status>("GET", "/v1/learning")).body;
const decisions = async (limit = 1_000): Promise<readonly ScalingRecord[]> =>
  (
    await api.call<{ decisions?: readonly ScalingRecord[] }>(
      "GET",
      `/v1/scaling?workload=${encodeURIComponent(workload)}&limit=${String(limit)}`,
    )
  ).body.decisions ?? [];
const eventsOf = async (type: string): Promise<readonly Event[]> =>
  (await api.call<{ events: readonly Event[] }>("GET", `/v1/events?type=${type}&limit=1000`)).body.events;
const short = (type: string): string => type.replace("eu.meta-os.nemo.", "").replace(".v1", "");

/** Snapshots of the past are taken in one after another, as they would have come. */
let takenAtMs = Date.now() - 120 * PERIOD_MS;
async function decide(of: Partial<TwinOf> = {}): Promise<ScalingRecord> {
  takenAtMs += PERIOD_MS;
  const takenAt = new Date(takenAtMs).toISOString();
  await publish([snapshotOf({ cluster: "k3s-cluster", takenAt, ...of })]);
  return until(async () => (await decisions(5)).find((record) => record.takenAt === takenAt), 15_000, `a decision on ${takenAt}`);
}

describe("from twins to replicas, and from rounds to a model", { timeout: 120_000 }, () => {
  it("takes in what the meta-orchestrator says of its clusters, and lets nothing else disturb it", async () => {
    const cluster = { name: "k3s-cluster", hubAcceptsClient: true, allocatable: { cpu: "12", memory: "23983932Ki", pods: "330" } };
    await publishAll("", queues.clustersQueue, [
      JSON.stringify({ response: [cluster], status: "ok" }),
      "{",
      JSON.stringify({ response: [], status: "error" }),
    ]);
    const known = await until(
      async () => ((await status()).clusters.length > 0 ? (await status()).clusters : undefined),
      15_000,
      "the cluster",
    );
    expect(known).toMatchObject([{ name: "k3s-cluster", cpuCores: 12 }]);
    await until(async () => ((await eventsOf("event.rejected")).length >= 2 ? true : undefined), 15_000, "two rejections");
  });

  it("decides once a snapshot, tells the meta-orchestrator in plain JSON, and sets the Deployment's replicas", async () => {
    const record = await decide({ ready: 3, cpuCores: 2.4 });
    expect(record).toMatchObject({ workload, mode: "act", current: { ready: 3, starting: 0 }, observation: { limits: { cpuCores: 1 } } });
    expect(record.fallback).toBeUndefined();
    const [told] = await until(
      async () => nonEmpty(await bodiesIn(queues.scalingQueue)),
      15_000,
      "the proposal on the meta-orchestrator's queue",
    );
    expect(JSON.parse(told?.slice(told.indexOf('} {"decisionId') + 2) ?? "{}")).toEqual(record);
    // The meta-orchestrator is told before the Deployment is scaled.
    const scaled = await until(() => nonEmpty(deployments.scaled), 15_000, "the Deployment to be scaled");
    expect(scaled).toEqual([{ path: "/apis/apps/v1/namespaces/app/deployments/web/scale", replicas: record.replicas }]);
  });

  it("gives a snapshot that is delivered again the same proposal, logged once", async () => {
    takenAtMs += PERIOD_MS;
    const event = snapshotOf({ cluster: "k3s-cluster", takenAt: new Date(takenAtMs).toISOString() });
    const before = (await decisions()).length;
    await publish([event, event, event, event]);
    const proposals = await until(
      async () => {
        const all = (await eventsOf(short(ScalingProposed.type))).filter(({ causationid }) => causationid === event.id);
        return all.length === 4 ? all : undefined;
      },
      15_000,
      "four times the same",
    );
    expect(new Set(proposals.map(({ id }) => id)).size).toBe(1);
    expect(new Set(proposals.map(({ data }) => JSON.stringify(data))).size).toBe(1);
    expect(await decisions()).toHaveLength(before + 1);
  });

  it("tries again while the Deployment's API is away, and gives up what it refuses", async () => {
    const before = deployments.scaled.length;
    deployments.fault = 503;
    const record = await decide();
    await until(() => (system.output().includes("SCALE_UNAVAILABLE") ? true : undefined), 15_000, "a fault that may pass");
    deployments.fault = undefined;
    await until(() => (deployments.scaled.length > before ? true : undefined), 15_000, "the replicas");
    expect(deployments.scaled.at(-1)?.replicas).toBe(record.replicas);
    deployments.fault = 403;
    await decide();
    await until(() => (system.output().includes("SCALE_REFUSED") ? true : undefined), 15_000, "a refusal");
    deployments.fault = undefined;
    expect(system.output()).not.toContain(TOKEN);
  });

  it("learns from what happened, and a round makes a model of it that the client goes on with", async () => {
    let ready = 3;
    for (let i = 0; i < 40; i += 1) {
      const demand = 2 + Math.sin(i / 4);
      ({ replicas: ready } = await decide({ ready, cpuCores: Math.min(demand, ready), requestRate: 100 * demand }));
    }
    const due = (n: number): Event =>
      LearningDue.make({ source: "/clock", subject: "local", id: `test due ${String(n)}`, data: { dueAt: new Date().toISOString() } });
    for (let n = 0; (await eventsOf(short(LearningUpdated.type))).length === 0; n += 1) {
      await publish([due(n)]);
      await until(() => (system.output().split("policy trained").length > n + 1 ? true : undefined), 20_000, "a training");
    }
    const [told] = await until(async () => nonEmpty(await eventsOf(short(PolicyUpdated.type))), 30_000, "the round's end");
    const { link } = PolicyUpdated.data.parse(told?.data);
    const moved = await until(
      async () => ((await status()).model.round === link.round ? await status() : undefined),
      15_000,
      "the client to move on",
    );
    expect(moved).toMatchObject({ model: { round: 1, sha256: link.modelSha256 }, links: [{ round: 1, outcome: link.outcome }] });
    expect((await decide()).model).toEqual({ sha256: link.modelSha256, round: 1 });
  });

  it("lets no forged and no replayed update into a round", async () => {
    const { round } = { round: (await status()).model.round + 1 };
    const baseSha256 = (await status()).model.sha256;
    const forged = updateOf({ client: "local", delta: new Float32Array(10), round, baseSha256 }, keyPair().privateKey);
    const [first] = await eventsOf(short(LearningUpdated.type));
    const replayed = LearningUpdated.make({
      source: "/thief",
      subject: "local",
      id: "replay",
      data: LearningUpdated.data.parse(first?.data),
    });
    await publish([LearningUpdated.make({ source: "/thief", subject: "local", id: "forgery", data: forged }), replayed]);
    const rejected = await until(
      async () => {
        const all = await eventsOf(short(ClientRejected.type));
        return all.length >= 2 ? all : undefined;
      },
      15_000,
      "two rejections",
    );
    expect(rejected.map(({ data }) => (data as { code: string }).code).toSorted()).toEqual(["SIGNATURE_INVALID", "UPDATE_DUPLICATE"]);
    expect((await status()).links).toHaveLength(1);
  });

  it("obeys its switches from the next decision on", async () => {
    expect((await api.call<Status>("POST", "/v1/learning/kill")).body).toMatchObject({ killed: true });
    const killed = await decide();
    expect(killed).toMatchObject({ fallback: "KILLED", replicas: killed.hpa, mode: "act" });
    await api.call("POST", "/v1/learning/kill?off=true");
    const earlier = (await decisions()).map(({ replicas }) => replicas);
    const acting = await decide({ ready: 9, cpuCores: 8 });
    expect(acting.fallback).toBeUndefined();
    // Targets go forwards in time only: once this one is there, which is like none before, nothing of an earlier decision is still on its way.
    expect(earlier).not.toContain(acting.replicas);
    await until(
      () => (deployments.scaled.at(-1)?.replicas === acting.replicas ? true : undefined),
      15_000,
      "the replicas of the last decision that acts",
    );
    expect((await api.call<Status>("POST", "/v1/learning/mode?mode=shadow")).body).toMatchObject({ mode: "shadow" });
    const before = deployments.scaled.length;
    expect(await decide()).toMatchObject({ mode: "shadow" });
    await api.call("POST", `/v1/learning/mode?mode=act&workload=${encodeURIComponent(workload)}`);
    expect(await decide()).toMatchObject({ mode: "act" });
    await until(() => (deployments.scaled.length > before ? true : undefined), 15_000, "the replicas");
    expect(deployments.scaled).toHaveLength(before + 1);
    expect(await api.call("POST", "/v1/learning/mode?mode=wild")).toMatchObject({ status: 400, body: { code: "QUERY_INVALID" } });
    expect(await api.call("POST", "/v1/learning/mode?mode=act&workload=nobody")).toMatchObject({
      status: 404,
      body: { code: "WORKLOAD_UNKNOWN" },
    });
  });

  it("goes back to an earlier model when it is told to", async () => {
    expect(await api.call("POST", "/v1/learning/rollback?to=ffffffff")).toMatchObject({ status: 404, body: { code: "MODEL_UNKNOWN" } });
    const { links } = await status();
    if (links.at(-1)?.outcome === "kept") return; // the round's model was not better, so there is none before it
    const { body } = await api.call<{ toSha256: string }>("POST", "/v1/learning/rollback?reason=too+late");
    const back = await until(
      async () => ((await status()).model.sha256 === body.toSha256 ? await status() : undefined),
      20_000,
      "the earlier model",
    );
    expect(back.links.at(-1)).toMatchObject({ outcome: "rolled-back", modelSha256: body.toSha256 });
  });

  it("reports what the learner would have been worth", async () => {
    const { body } = await api.call<{ reports: readonly { workload: string; periods: number; learner: { podMinutes: number } }[] }>(
      "GET",
      "/v1/learning/report",
    );
    expect(body.reports).toMatchObject([{ workload }]);
    expect(body.reports[0]?.periods).toBeGreaterThan(40);
    expect(body.reports[0]?.learner.podMinutes).toBeGreaterThan(0);
  });
});

const nonEmpty = <T>(all: readonly T[]): readonly T[] | undefined => (all.length > 0 ? all : undefined);
