import { beforeEach, describe, expect, it } from "vitest";
import { encodeModel, toBase64 } from "../../domain/learning/codec.ts";
import { DEVIATIONS, type Model } from "../../domain/learning/model.ts";
import { parametersOf } from "../../domain/learning/network.ts";
import { FEATURES } from "../../domain/learning/state.ts";
import type { Link } from "../../domain/scaling/federation.ts";
import type { LearningSettings } from "../../domain/scaling/settings.ts";
import type { Event } from "../../events/define.ts";
import { LearningDue, LearningUpdated, PolicyUpdated } from "../../events/learning.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import type { Events } from "../../runtime/function.ts";
import type { Backing } from "../../state/backing.ts";
import { openClusters } from "../../state/clusters.ts";
import { openPolicies } from "../../state/policies.ts";
import { openScaling } from "../../state/scaling.ts";
import { openSwitches } from "../../state/switches.ts";
import { federationOf, keyPair, type Members, running } from "../../test/support/federation.ts";
import { snapshotOf, type TwinOf, twinOf } from "../../test/support/twin.ts";
import { isUpdateSigned, linkSha256, sha256, signLink } from "../federation.ts";
import { GENESIS_HEAD, GENESIS_LINK } from "../genesis.ts";
import handler from "./handler.ts";
import { readTwin } from "./reading.ts";

const PERIOD_MS = 30_000;
const workload = "kind-1/app/Deployment/web";
const start = Date.parse("2026-01-01T00:00:00Z");

/** Whatever the state, the same action is the best; every feature is in its range. */
function preferring(deviation: number): Model {
  const layout = [FEATURES.length, DEVIATIONS.length];
  const weights = { layout, values: new Float32Array(parametersOf(layout)) };
  weights.values[weights.values.length - DEVIATIONS.length + DEVIATIONS.findIndex((by) => by === deviation)] = 1;
  const normalisation = { mean: new Float32Array(FEATURES.length), deviation: new Float32Array(FEATURES.length).fill(1e6) };
  return { weights, normalisation, hurdle: 0 };
}

let members: Members;
let backing: Backing;
let nowMs: number;
let deliver: (event: Event) => Promise<Events>;

async function open(more: Partial<LearningSettings> = {}, model: Model = preferring(1)): Promise<void> {
  members = federationOf(2, {}, { mode: "act", mustEarn: false, ...more });
  backing = { controllers: [], sealKey: Buffer.alloc(32), learning: members.settings };
  nowMs = start;
  deliver = running(handler, backing, () => nowMs);
  await adoptDirectly(model);
}

async function adoptDirectly(model: Model): Promise<void> {
  const bytes = encodeModel(model);
  const link: Link = { round: 1, outcome: "adopted", modelSha256: sha256(bytes), previous: GENESIS_HEAD.linkSha256 };
  await openPolicies(backing).adopt("c0", { link, linkSha256: linkSha256(link), before: undefined, model: bytes });
}

/** The twin a period later, taken now unless it says otherwise. */
function next(of: Partial<TwinOf> = {}, lateMs = 0): Event {
  nowMs += PERIOD_MS;
  const event = snapshotOf({ takenAt: new Date(nowMs).toISOString(), ...of });
  nowMs += lateMs;
  return event;
}
const recordIn = (events: Events) => ScalingProposed.data.parse(events.find(({ type }) => type === ScalingProposed.type)?.data);
const decide = async (of: Partial<TwinOf> = {}, lateMs = 0) => recordIn(await deliver(next(of, lateMs)));

beforeEach(() => open());

describe("a snapshot", () => {
  it("leads to a proposal that says all that it follows from", async () => {
    const record = await decide();
    expect(record).toMatchObject({
      workload,
      cluster: "kind-1",
      namespace: "app",
      component: { kind: "Deployment", name: "web" },
      mode: "act",
      current: { ready: 3, starting: 0 },
      guard: [],
      model: { round: 1 },
      deviations: [...DEVIATIONS],
      observation: { usage: { cpuCores: 1.5, ramBytes: 3e8 }, limits: { cpuCores: 1, ramBytes: 1e9 } },
      demandPods: 1.5,
    });
    expect(record.fallback).toBeUndefined();
    expect(record.replicas).toBe(record.learned);
    expect(record.replicas).toBe((record.centre ?? 0) + 1);
    expect(record.qValues).toHaveLength(DEVIATIONS.length);
    expect(record.mask).toHaveLength(DEVIATIONS.length);
    expect(record.features).toHaveLength(FEATURES.length);
    expect(Date.parse(record.validUntil) - Date.parse(record.takenAt)).toBe(2 * PERIOD_MS);
  });

  it("that is delivered again leads to the same event, logged once", async () => {
    const event = next();
    const first = await deliver(event);
    nowMs += 3_600_000;
    await openSwitches(backing).kill(true);
    expect(await deliver(event)).toEqual(first);
    expect(await openScaling(backing).log(workload, 10)).toHaveLength(1);
  });

  it("that comes fifty times at once is decided on once", async () => {
    const event = next();
    const answers = await Promise.all(Array.from({ length: 50 }, () => deliver(event)));
    expect(new Set(answers.map((events) => JSON.stringify(events.map(({ id }) => id)))).size).toBe(1);
    expect(await openScaling(backing).log(workload, 100)).toHaveLength(1);
  });

  it.each([
    ["sooner than half a period after the last", PERIOD_MS / 3],
    ["older than the last", -PERIOD_MS],
    ["from a clock that is far ahead", 10 * PERIOD_MS],
  ])("%s is passed over", async (_, byMs) => {
    await decide();
    expect(await deliver(snapshotOf({ takenAt: new Date(nowMs + byMs).toISOString() }))).toEqual([]);
    expect(await openScaling(backing).log(workload, 10)).toHaveLength(1);
  });

  it("is decided on anew where another version kept something else of the workload", async () => {
    const record = await decide();
    const commit = { cause: "upgrade", version: 1, kept: '{"of":"another version"}', told: "[]", record };
    expect(await openScaling(backing).commit(workload, commit)).toEqual({ kind: "committed" });
    expect(await decide()).toMatchObject({ replicas: record.replicas });
  });

  it("of what cannot be scaled, or whose replicas nobody knows, leads to nothing", async () => {
    expect(await deliver(next({ kind: "DaemonSet" }))).toEqual([]);
    expect(await deliver(next({ ready: null }))).toEqual([]);
    expect(await openScaling(backing).workloads()).toEqual([]);
  });
});

describe("the HPA decides", () => {
  it.each<[string, Partial<TwinOf>, number]>([
    ["STALE", {}, 3 * PERIOD_MS],
    ["MISSING", { cpuCores: null }, 0],
    ["MISSING", { memoryBytes: null }, 0],
    ["MISSING", { cpuLimitCores: null }, 0],
    ["MISSING", { isFresh: false, ready: 3 }, 0],
  ])("where the data is %s: %j", async (fallback, of, lateMs) => {
    await decide();
    const events = await deliver(next(of, lateMs));
    if (of.isFresh === false) return expect(events).toEqual([]); // nobody knows how many replicas there are either
    const record = recordIn(events);
    expect(record).toMatchObject({ fallback, replicas: record.hpa });
    expect(record.learned).toBeUndefined();
  });

  it("outside of what the model was trained on", async () => {
    const narrow = preferring(1);
    await open({}, { ...narrow, normalisation: { ...narrow.normalisation, deviation: new Float32Array(FEATURES.length).fill(1e-6) } });
    expect(await decide()).toMatchObject({ fallback: "OUT_OF_RANGE" });
  });

  it("where the model is gone, or is not what its hash says", async () => {
    const link: Link = { ...GENESIS_LINK, round: 2, outcome: "adopted", modelSha256: "e".repeat(64) };
    const before = await openPolicies(backing).head("c0");
    await openPolicies(backing).adopt("c0", { link, linkSha256: linkSha256(link), before });
    expect(await decide()).toMatchObject({ fallback: "NO_MODEL" });
    const now = await openPolicies(backing).head("c0");
    const third: Link = { ...link, round: 3, modelSha256: "d".repeat(64) };
    await openPolicies(backing).adopt("c0", { link: third, linkSha256: linkSha256(third), before: now, model: encodeModel(preferring(2)) });
    expect(await decide()).toMatchObject({ fallback: "MODEL_HASH" });
  });

  it("from the next decision on after the kill switch, and the learner again after it is taken back", async () => {
    const switches = openSwitches(backing);
    expect((await decide()).fallback).toBeUndefined();
    await switches.kill(true);
    const killed = await decide();
    expect(killed).toMatchObject({ fallback: "KILLED", replicas: killed.hpa, mode: "act" });
    await switches.kill(false);
    expect((await decide()).fallback).toBeUndefined();
  });
});

describe("the mode", () => {
  it.each(["shadow", "advise"] as const)("%s decides and tells, and the HPA's replicas stand", async (mode) => {
    await open({ mode });
    const record = await decide();
    expect(record).toMatchObject({ mode, replicas: record.hpa });
    expect(record.learned).toBe((record.centre ?? 0) + 1);
  });

  it("off decides nothing at all", async () => {
    await open({ mode: "off" });
    expect(await deliver(next())).toEqual([]);
    expect(await openScaling(backing).workloads()).toEqual([]);
  });

  it("that an operator sets holds from the next decision on, of one workload before all", async () => {
    await open({ mode: "shadow" });
    await openSwitches(backing).setMode("advise");
    expect(await decide()).toMatchObject({ mode: "advise" });
    await openSwitches(backing).setMode("act", workload);
    expect(await decide()).toMatchObject({ mode: "act" });
    expect(await decide({ name: "other" })).toMatchObject({ mode: "advise" });
  });
});

describe("a learner that has to earn its place", () => {
  beforeEach(() => open({ mustEarn: true }, preferring(2)));

  it("leaves the decision to the HPA while it is behind, and says by how much and what it would have done", async () => {
    const record = await decide();
    expect(record).toMatchObject({ mode: "act", fallback: "NOT_AHEAD", replicas: record.hpa, advantage: expect.any(Number) as number });
    expect(record.advantage).toBeLessThan(0);
    expect(record.learned).toBeGreaterThan(record.replicas);
  });

  it("is kept with what else is kept of a workload: two pods too many cost it a little every period", async () => {
    const behind: number[] = [];
    for (let n = 0; n < 20; n += 1) behind.push((await decide({ ready: 3, cpuCores: 0.9 })).advantage ?? Number.NaN);
    for (let n = 4; n < 20; n += 1) expect(behind[n]).toBeLessThan(behind[n - 1] as number);
  });
});

describe("the envelope", () => {
  it("is the workload's own", async () => {
    await open({ workloads: { [workload]: { maxReplicas: 3 } } });
    expect(await decide({ cpuCores: 2.9 })).toMatchObject({ replicas: 3 });
  });

  it("lets nothing be scaled up on a cluster that the hub does not accept, nor beyond what is left of one", async () => {
    const facts = { name: "kind-1", usable: false, cpuCores: 100, ramBytes: 1e12, pods: 100, reportedAt: new Date(start).toISOString() };
    const busy = { cpuCores: 2.9, ready: 3 };
    await openClusters(backing).report([facts]);
    expect(await decide(busy)).toMatchObject({ guard: ["CLUSTER_UNUSABLE"], replicas: 3 });
    await openClusters(backing).report([{ ...facts, usable: true, cpuCores: 6 }]);
    await openClusters(backing).claim("kind-1", "another", { cpuCores: 2, ramBytes: 0, pods: 2 });
    expect(await decide(busy)).toMatchObject({ guard: ["CAPACITY"], replicas: 4 });
    expect((await openClusters(backing).get("kind-1"))?.claims[workload]).toEqual({ cpuCores: 4, ramBytes: 4e9, pods: 4 });
  });
});

it("the HPA's decisions too are held to what the cluster has room for", async () => {
  const facts = { name: "kind-1", usable: false, cpuCores: 100, ramBytes: 1e12, pods: 100, reportedAt: new Date(start).toISOString() };
  await openClusters(backing).report([facts]);
  await openSwitches(backing).kill(true);
  const unusable = await decide({ cpuCores: 2.9, ready: 3 });
  expect(unusable).toMatchObject({ fallback: "KILLED", replicas: 3, guard: ["CLUSTER_UNUSABLE"] });
  expect(unusable.hpa).toBeGreaterThan(4);
  await openClusters(backing).report([{ ...facts, usable: true, cpuCores: 4 }]);
  expect(await decide({ cpuCores: 2.9, ready: 3 })).toMatchObject({ fallback: "KILLED", replicas: 4, guard: ["CAPACITY"] });
});

describe("demand", () => {
  it("is told by the request rate once requests and CPU have shown what a pod serves, beyond what CPU can show", async () => {
    await decide({ cpuCores: 1.5, requestRate: 150 });
    const record = await decide({ cpuCores: 3, requestRate: 600 });
    expect(record.observation).toMatchObject({ requestsPerSecond: 600, podRequestsPerSecond: 100 });
    expect(record.demandPods).toBe(6);
  });

  it("is not told by an average over half an hour", () => {
    const twin = twinOf({ takenAt: new Date(start).toISOString(), requestRate: 5 });
    expect(readTwin({ twin })?.requestsPerSecond).toBe(5);
    expect(readTwin({ twin: { ...twin, network: { ...twin.network, windowSeconds: 1_800 } } })?.requestsPerSecond).toBeUndefined();
    const latest = { windowSeconds: 60, requestRate: 7 };
    expect(readTwin({ twin: { ...twin, network: { ...twin.network, windowSeconds: 1_800, latest } } })?.requestsPerSecond).toBe(7);
  });

  it("is read from a twin with anything missing, without making anything up", () => {
    const { twinId, component, updatedAt } = twinOf({ takenAt: new Date(start).toISOString() });
    expect(readTwin({ twin: { twinId, component, updatedAt, replicas: null, resources: { cpuCores: "much" }, network: 7 } })).toMatchObject(
      {
        workload,
        ready: undefined,
        cpuCores: undefined,
        requestsPerSecond: undefined,
      },
    );
    for (const junk of [undefined, null, 3, {}, { twin: {} }, { twin: { twinId, component, updatedAt: "yesterday" } }])
      expect(readTwin(junk)).toBeUndefined();
  });
});

describe("learning", () => {
  const due = (n: number): Event =>
    LearningDue.make({ source: "/clock", subject: "c0", id: `due ${String(n)}`, data: { dueAt: new Date(nowMs).toISOString() } });
  const training = { stepsADue: 4, stepsARound: 8, minTransitions: 20 };

  /** An hour of a service whose pods follow what is proposed. */
  async function live(periods: number): Promise<void> {
    let ready = 3;
    for (let i = 0; i < periods; i += 1) {
      const demand = 2 + Math.sin(i / 5);
      ({ replicas: ready } = await decide({ ready, cpuCores: Math.min(demand, ready), requestRate: 100 * demand }));
    }
  }

  it("needs enough experience, then sends one signed update a round, and the same to a redelivery", async () => {
    await open({ training });
    await live(10);
    expect(await deliver(due(0))).toEqual([]);
    await live(40);
    expect(await deliver(due(1))).toEqual([]);
    const second = await deliver(due(2));
    const update = LearningUpdated.data.parse(second[0]?.data);
    expect(update).toMatchObject({ client: "c0", round: 2 });
    expect(isUpdateSigned(update, update.signature, members.settings.federation.clients["c0"] ?? "")).toBe(true);
    expect(sha256(Buffer.from(update.delta, "base64"))).toBe(update.deltaSha256);
    expect(Buffer.from(update.delta, "base64").some((byte) => byte !== 0)).toBe(true);
    expect(await deliver(due(2))).toEqual(second);
    expect(await deliver(due(3))).toEqual([]);
  });

  it("does not change the model that acts, and stops while the learner is killed", async () => {
    await open({ training: { ...training, stepsARound: 4 } });
    await live(50);
    const before = await openPolicies(backing).head("c0");
    await openSwitches(backing).kill(true);
    expect(await deliver(due(1))).toEqual([]);
    await openSwitches(backing).kill(false);
    expect(await deliver(due(2))).toHaveLength(1);
    expect(await openPolicies(backing).head("c0")).toEqual(before);
  });
});

describe("a global model", () => {
  const bytes = encodeModel(preferring(-1));
  function updated(change: Partial<Link> = {}, more: { key?: string; model?: string; chain?: readonly Link[] } = {}): Event {
    const link: Link = { round: 2, outcome: "adopted", modelSha256: sha256(bytes), previous: headSha, ...change };
    const { key = members.settings.aggregatorKey ?? "", model = toBase64(bytes), chain = [link] } = more;
    const data = {
      link,
      signature: signLink(link, key),
      chain: [...chain],
      model,
      reason: "it is better",
      rule: "multi-krum" as const,
      clients: [],
    };
    return PolicyUpdated.make({ source: "/mncc/cfdrl-aggregate", subject: "round/2", id: `round ${String(link.round)}`, data });
  }
  let headSha: string;
  beforeEach(async () => {
    headSha = (await openPolicies(backing).head("c0"))?.linkSha256 ?? "";
  });
  const headRound = async (): Promise<unknown> => (await openPolicies(backing).head("c0"))?.link.round;

  it("that continues the chain is acted with from the next decision on", async () => {
    expect(await deliver(updated())).toEqual([]);
    const record = await decide();
    expect(record.model).toEqual({ sha256: sha256(bytes), round: 2 });
    expect(record.replicas).toBe((record.centre ?? 0) - 1);
  });

  it.each<[string, () => Event]>([
    ["POLICY_FORGED", () => updated({}, { key: keyPair().privateKey })],
    ["POLICY_CHAIN_BROKEN", () => updated({ previous: "0".repeat(64) })],
    ["POLICY_CHAIN_BROKEN", () => updated({}, { chain: [{ ...GENESIS_LINK, round: 1 }] })],
    ["MODEL_MISMATCH", () => updated({}, { model: toBase64(encodeModel(preferring(2))) })],
    ["MODEL_MISMATCH", () => updated({ modelSha256: "0".repeat(64) })],
  ])("is refused as %s, and nothing changes (%#)", async (code, made) => {
    await expect(deliver(made())).rejects.toMatchObject({ kind: "rejected", code });
    expect(await headRound()).toBe(1);
  });

  it("of a round that is over, or delivered again, changes nothing", async () => {
    await deliver(updated());
    await deliver(updated());
    await deliver(updated({ round: 1, previous: "" }));
    expect(await headRound()).toBe(2);
  });

  it("reaches a client that was away, over the links that it missed", async () => {
    const missed: Link = { round: 2, outcome: "kept", modelSha256: GENESIS_LINK.modelSha256, previous: headSha };
    const newest: Link = { round: 3, outcome: "adopted", modelSha256: sha256(bytes), previous: linkSha256(missed) };
    await deliver(updated(newest, { chain: [missed, newest] }));
    expect(await headRound()).toBe(3);
  });
});
