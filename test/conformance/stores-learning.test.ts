import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { ClusterFacts } from "../../domain/cluster/facts.ts";
import type { Link } from "../../domain/scaling/federation.ts";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import { type ClusterStore, memoryClusters, redisClusters } from "../../state/clusters.ts";
import { key } from "../../state/keyspace.ts";
import { memoryPolicies, type PolicyStore, redisPolicies } from "../../state/policies.ts";
import { memoryRounds, redisRounds, type RoundStore } from "../../state/rounds.ts";
import { type Commit, memoryScaling, redisScaling, type ScalingStore } from "../../state/scaling.ts";
import { memorySwitches, redisSwitches, type Switches } from "../../state/switches.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const kinds = ["memory", "redis"] as const;
/** Every byte there is: what a text would lose. */
const bytes = (seed: number, length = 256): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + seed) % 256);

const record = (n: number, workload = "c/ns/Deployment/web"): ScalingRecord => ({
  decisionId: `d${String(n)}`,
  workload,
  component: { kind: "Deployment", name: "web" },
  takenAt: new Date(1_767_225_600_000 + 30_000 * n).toISOString(),
  validUntil: new Date(1_767_225_660_000 + 30_000 * n).toISOString(),
  mode: "shadow",
  replicas: n,
  current: { ready: 1, starting: 0 },
  guard: [],
});
const commit = (n: number, more: Partial<Commit> = {}): Commit => ({
  cause: `cause-${String(n)}`,
  version: n,
  kept: `{"n":${String(n)}}`,
  told: `["${String(n)}"]`,
  record: record(n),
  ...more,
});

describe.each(kinds)("%s scaling", (kind) => {
  let store: ScalingStore;
  const w = "kind-1/app/Deployment/{we}b%";
  beforeEach(() => {
    store = kind === "memory" ? memoryScaling() : redisScaling(redis);
  });

  it("knows nothing of a workload before its first decision", async () => {
    expect(await store.read(w, "c")).toEqual({ told: undefined, version: 0, kept: undefined });
    expect(await store.workloads()).toEqual([]);
    expect(await store.log(w, 10)).toEqual([]);
    expect(await store.ringSize(w, 8)).toBe(0);
  });

  it("keeps a decision whole: state, log, and what it told", async () => {
    expect(await store.commit(w, commit(0))).toEqual({ kind: "committed" });
    expect(await store.read(w, "cause-0")).toEqual({ told: '["0"]', version: 1, kept: '{"n":0}' });
    expect(await store.read(w, "other")).toEqual({ told: undefined, version: 1, kept: '{"n":0}' });
    expect(await store.log(w, 10)).toEqual([record(0)]);
    expect(await store.workloads()).toEqual([w]);
  });

  it("logs one decision a cause, however many decide it at once, and gives all the others its events", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => store.commit(w, commit(0, { told: `["${String(i)}"]`, record: record(i) }))),
    );
    expect(answers.filter(({ kind: answer }) => answer === "committed")).toHaveLength(1);
    const [logged, ...more] = await store.log(w, 100);
    expect(more).toEqual([]);
    const told = `["${String(logged?.replicas)}"]`;
    expect(answers.filter((answer) => answer.kind === "told" && answer.told === told)).toHaveLength(49);
  });

  it("takes no decision that was made on what is no longer so", async () => {
    await store.commit(w, commit(0));
    expect(await store.commit(w, commit(1, { version: 0 }))).toEqual({ kind: "conflict" });
    expect(await store.log(w, 10)).toHaveLength(1);
    expect((await store.read(w, "cause-1")).told).toBeUndefined();
    expect(await store.commit(w, commit(1))).toEqual({ kind: "committed" });
  });

  it("gives the newest records, oldest first", async () => {
    for (let n = 0; n < 5; n += 1) await store.commit(w, commit(n));
    expect((await store.log(w, 3)).map(({ replicas }) => replicas)).toEqual([2, 3, 4]);
  });

  it("gives back transitions to the bit, by place, those of another length apart", async () => {
    for (let n = 0; n < 3; n += 1) await store.commit(w, commit(n, { transition: bytes(n) }));
    await store.commit(w, commit(3));
    await store.commit(w, commit(4, { transition: bytes(9, 16) }));
    expect(await store.ringSize(w, 256)).toBe(3);
    const drawn = await store.draw(w, 256, [2, 0, 2]);
    expect(drawn.map((one) => Uint8Array.from(one))).toEqual([bytes(2), bytes(0), bytes(2)]);
    expect(await store.ringSize("other", 256)).toBe(0);
  });

  it("has workloads apart", async () => {
    await store.commit("b", commit(0));
    await store.commit("a", commit(0));
    expect(await store.workloads()).toEqual(["a", "b"]);
    expect((await store.read("c", "cause-0")).told).toBeUndefined();
  });
});

it("a name with braces does not end the hash tag that it stands in", () => {
  expect(key.scaling("a}{b")).toBe("cfdrl:{a%7D%7Bb}:scaling");
  expect(key.scalingTold("a}{b", "c").startsWith("cfdrl:{a%7D%7Bb}:")).toBe(true);
});

describe.each(kinds)("%s switches", (kind) => {
  let store: Switches;
  beforeEach(() => {
    store = kind === "memory" ? memorySwitches() : redisSwitches(redis);
  });

  it("say nothing until somebody sets them", async () => {
    expect(await store.read("w")).toEqual({ killed: false, mode: undefined });
    expect(await store.modes()).toEqual({ killed: false, modes: {} });
  });

  it("hold for all, and for one workload before that", async () => {
    await store.setMode("advise");
    await store.setMode("act", "w");
    await store.kill(true);
    expect(await store.read("w")).toEqual({ killed: true, mode: "act" });
    expect(await store.read("v")).toEqual({ killed: true, mode: "advise" });
    expect(await store.modes()).toEqual({ killed: true, modes: { "*": "advise", w: "act" } });
    await store.kill(false);
    expect(await store.read("w")).toEqual({ killed: false, mode: "act" });
  });
});

describe.each(kinds)("%s clusters", (kind) => {
  let store: ClusterStore;
  const facts = (name: string, cpuCores = 4): ClusterFacts => ({
    name,
    usable: true,
    cpuCores,
    ramBytes: 1e9,
    pods: 110,
    reportedAt: "2026-01-01T00:00:00.000Z",
  });
  beforeEach(() => {
    store = kind === "memory" ? memoryClusters() : redisClusters(redis);
  });

  it("keep what was said last, and what is not in a later message", async () => {
    await store.report([facts("b"), facts("a")]);
    await store.report([facts("b", 8)]);
    await store.report([]);
    expect(await store.list()).toEqual([facts("a"), facts("b", 8)]);
    expect(await store.get("none")).toBeUndefined();
  });

  it("keep what each workload may use, of the clusters apart", async () => {
    await store.report([facts("a"), facts("b")]);
    await store.claim("a", "w", { cpuCores: 1, ramBytes: 2, pods: 3 });
    await store.claim("a", "w", { cpuCores: 2, ramBytes: 4, pods: 6 });
    await store.claim("a", "v", { cpuCores: 1, ramBytes: 1, pods: 1 });
    expect((await store.get("a"))?.claims).toEqual({ w: { cpuCores: 2, ramBytes: 4, pods: 6 }, v: { cpuCores: 1, ramBytes: 1, pods: 1 } });
    expect((await store.get("b"))?.claims).toEqual({});
  });
});

const link = (round: number, model = "a", previous = ""): Link => ({ round, outcome: "adopted", modelSha256: model.repeat(64), previous });

describe.each(kinds)("%s policies", (kind) => {
  let store: PolicyStore;
  const head = (round: number, model = "a") => ({ link: link(round, model), linkSha256: `sha-${String(round)}` });
  beforeEach(() => {
    store = kind === "memory" ? memoryPolicies() : redisPolicies(redis);
  });

  it("move from link to link, and only from where they stand", async () => {
    expect(await store.head("c")).toBeUndefined();
    expect(await store.adopt("c", { ...head(1), before: undefined, model: bytes(1) })).toBe(true);
    expect(await store.head("c")).toEqual(head(1));
    expect(await store.adopt("c", { ...head(2), before: undefined, model: bytes(2) })).toBe(false);
    expect(await store.adopt("c", { ...head(2, "b"), before: head(1), model: bytes(2) })).toBe(true);
    expect(await store.adopt("c", { ...head(3), before: head(1) })).toBe(false);
    expect(await store.head("c")).toEqual(head(2, "b"));
    expect(await store.head("other")).toBeUndefined();
  });

  it("keep models to the bit, the former ones too", async () => {
    await store.adopt("c", { ...head(1), before: undefined, model: bytes(1) });
    await store.adopt("c", { ...head(2, "b"), before: head(1), model: bytes(2) });
    const models = await Promise.all(["a", "b"].map((sha) => store.model("c", sha.repeat(64))));
    expect(models.map((model) => model && Uint8Array.from(model))).toEqual([bytes(1), bytes(2)]);
    expect(await store.model("c", "d".repeat(64))).toBeUndefined();
  });

  it("keep what one of many trained, once a cause", async () => {
    expect(await store.training("c")).toEqual({ version: 0, learner: undefined });
    const train = (cause: string, version: number, n: number) =>
      store.train("c", { cause, version, learner: bytes(n), told: `["${String(n)}"]` });
    const answers = await Promise.all([1, 2, 3].map((n) => train(`t${String(n)}`, 0, n)));
    expect(answers.filter(({ kind: answer }) => answer === "committed")).toHaveLength(1);
    expect(answers.filter(({ kind: answer }) => answer === "conflict")).toHaveLength(2);
    const winner = answers.findIndex(({ kind: answer }) => answer === "committed") + 1;
    const { version, learner } = await store.training("c");
    expect([version, learner && Uint8Array.from(learner)]).toEqual([1, bytes(winner)]);
    expect(await train(`t${String(winner)}`, 1, 9)).toEqual({ kind: "told", told: `["${String(winner)}"]` });
    expect(await store.told("c", `t${String(winner)}`)).toBe(`["${String(winner)}"]`);
    expect((await store.training("c")).version).toBe(1);
  });
});

describe.each(kinds)("%s rounds", (kind) => {
  let store: RoundStore;
  const submit = (client: string, json = client, round = 1, nowMs = 1_000) => store.submit({ round, client, json, nowMs });
  const close = (round: number, cause = `close-${String(round)}`, model?: Uint8Array) =>
    store.close({
      cause,
      round,
      link: link(round, model === undefined ? "a" : "b"),
      linkSha256: `sha-${String(round)}`,
      formerSha256: "a".repeat(64),
      told: `["${cause}"]`,
      ...(model === undefined ? {} : { model }),
    });
  beforeEach(() => {
    store = kind === "memory" ? memoryRounds() : redisRounds(redis);
  });

  it("begin with the first, whose time runs from its first update on", async () => {
    expect(await store.current()).toEqual({ round: 1, openedAtMs: undefined, link: undefined, linkSha256: undefined });
    await submit("a", "a", 1, 5_000);
    await submit("b", "b", 1, 9_000);
    expect(await store.current()).toMatchObject({ round: 1, openedAtMs: 5_000 });
  });

  it("take one update a client, and know it again", async () => {
    expect(await submit("a")).toEqual({ kind: "taken", updates: 1 });
    expect(await submit("b")).toEqual({ kind: "taken", updates: 2 });
    expect(await submit("a")).toEqual({ kind: "same", updates: 2 });
    expect(await submit("a", "another")).toEqual({ kind: "duplicate" });
    expect(await store.updates(1)).toEqual({ a: "a", b: "b" });
    expect(await store.update(1, "a")).toBe("a");
    expect(await store.update(1, "z")).toBeUndefined();
  });

  it("take none for a round that is not in progress, but know what they took", async () => {
    await submit("a");
    await close(1);
    expect(await submit("b")).toEqual({ kind: "closed" });
    expect(await submit("b", "b", 3)).toEqual({ kind: "closed" });
    expect((await submit("a")).kind).toBe("same");
    expect(await submit("a", "forged")).toEqual({ kind: "duplicate" });
    expect(await submit("b", "b", 2)).toEqual({ kind: "taken", updates: 1 });
  });

  it("end once, with one link, and tell a redelivery the same", async () => {
    await submit("a");
    const answers = await Promise.all(["x", "y", "z"].map((cause) => close(1, cause, bytes(1))));
    expect(answers.filter(({ kind: answer }) => answer === "closed")).toHaveLength(1);
    expect(answers.filter(({ kind: answer }) => answer === "conflict")).toHaveLength(2);
    const winner = ["x", "y", "z"][answers.findIndex(({ kind: answer }) => answer === "closed")] ?? "";
    expect(await close(1, winner)).toEqual({ kind: "told", told: `["${winner}"]` });
    expect(await store.told(winner)).toBe(`["${winner}"]`);
    expect(await store.links(10)).toEqual([link(1, "b")]);
    expect(await store.current()).toEqual({ round: 2, openedAtMs: undefined, link: link(1, "b"), linkSha256: "sha-1" });
    const model = await store.model("b".repeat(64));
    expect(model && Uint8Array.from(model)).toEqual(bytes(1));
  });

  it("give the newest links, oldest first", async () => {
    for (const round of [1, 2, 3]) await close(round);
    expect((await store.links(2)).map(({ round }) => round)).toEqual([2, 3]);
  });
});

describe("in redis", () => {
  it("the model that holds never expires, and the one before does", async () => {
    const store = redisRounds(redis);
    const at = (sha: string) => key.roundModel(sha.repeat(64));
    const step = (round: number, model: string, former: string) =>
      store.close({
        cause: String(round),
        round,
        link: link(round, model),
        linkSha256: String(round),
        formerSha256: former.repeat(64),
        told: "[]",
        model: bytes(round),
      });
    await step(1, "a", "0");
    expect(await redis.pttl(at("a"))).toBe(-1);
    await step(2, "b", "a");
    expect(await redis.pttl(at("b"))).toBe(-1);
    expect(await redis.pttl(at("a"))).toBeGreaterThan(29 * 86_400_000);
    await store.close({ cause: "3", round: 3, link: link(3, "a"), linkSha256: "3", formerSha256: "b".repeat(64), told: "[]" });
    expect(await redis.pttl(at("a"))).toBe(-1);
  });
});
