import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { takePod } from "../../domain/twin/fuse-pod.ts";
import type { Ownership } from "../../domain/twin/ownership.ts";
import type { TwinRecord } from "../../domain/twin/record.ts";
import { key } from "../../state/keyspace.ts";
import { memoryTwins, redisTwins, type TwinStore } from "../../state/twins.ts";
import { alices, container, news, nobodys, oomKilled, pod } from "../support/pods.ts";
import { hear, proxySaid, usageSaid } from "../support/rounds.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const bobs: Ownership = { workloadId: "w2", mappedBy: "label", userId: "bob" };
const component = (name: string) => pod({ name, owners: [{ kind: "Deployment", name, uid: name, labels: {} }] });
const record = (name: string, ownership: Ownership = nobodys): TwinRecord => takePod(undefined, news(1, component(name)), ownership);
const idOf = (name: string): string => `kind-1/app/Deployment/${name}`;

describe.each(["memory", "redis"] as const)("%s twins", (kind) => {
  let store: TwinStore;
  beforeEach(() => {
    store = kind === "memory" ? memoryTwins() : redisTwins(redis);
  });
  const put = (name: string, ownership?: Ownership) => store.update(idOf(name), () => record(name, ownership));

  it("gives back what was put, and what it knew before", async () => {
    expect(await store.get(idOf("web"))).toBeUndefined();
    expect((await put("web", alices)).before).toBeUndefined();
    const full = hear(record("web", alices), { seconds: 30, proxies: proxySaid({ codes: { 200: 3 }, latency: [1, 2] }) });
    const { before, after } = await store.update(idOf("web"), () => full);
    expect(before).toEqual(record("web", alices));
    expect(after).toEqual(full);
    expect(await store.get(idOf("web"))).toEqual(full.twin);
    expect((await store.update(idOf("web"), (known) => known)).before).toEqual(full);
  });

  it("writes nothing for a change that is none", async () => {
    expect(await store.update(idOf("web"), (known) => known)).toEqual({ before: undefined, after: undefined });
    expect(await store.get(idOf("web"))).toBeUndefined();
  });

  it("loses no change of many at once", async () => {
    await put("web");
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        store.update(idOf("web"), (known) => takePod(known, news(i + 2, { ...component("web"), uid: `other-${String(i)}` }), nobodys)),
      ),
    );
    expect((await store.get(idOf("web")))?.pods).toHaveLength(21);
  });

  it("lists twins by id, page by page", async () => {
    for (const name of ["c", "a", "b"]) await put(name);
    const first = await store.list({ limit: 2 });
    expect(first.map(({ twinId }) => twinId)).toEqual([idOf("a"), idOf("b")]);
    expect((await store.list({ after: idOf("b"), limit: 2 })).map(({ twinId }) => twinId)).toEqual([idOf("c")]);
  });

  it("lists a user's, a workload's, a user's of a workload, and those that nobody has mapped", async () => {
    await put("a", alices);
    await put("b", bobs);
    await put("c");
    await put("d", { ...alices, workloadId: "w2" });
    await put("e", { ...nobodys, userId: "*" });
    const of = async (filter: object) => (await store.list({ ...filter, limit: 10 })).map(({ component: { name } }) => name);
    expect(await of({})).toEqual(["a", "b", "c", "d", "e"]);
    expect(await of({ userId: "alice" })).toEqual(["a", "d"]);
    expect(await of({ workloadId: "w2" })).toEqual(["b", "d"]);
    expect(await of({ userId: "alice", workloadId: "w2" })).toEqual(["d"]);
    expect(await of({ workloadId: "unmapped" })).toEqual(["c", "e"]);
    expect(await of({ userId: "*" })).toEqual(["e"]);
    expect(await of({ userId: "nobody" })).toEqual([]);
  });

  it("lists a twin under its new owner only", async () => {
    await put("a", alices);
    await store.update(idOf("a"), (known) => takePod(known, news(2, component("a")), bobs));
    expect(await store.list({ userId: "alice", limit: 10 })).toEqual([]);
    expect(await store.list({ workloadId: alices.workloadId ?? "", limit: 10 })).toEqual([]);
    expect((await store.list({ userId: "bob", limit: 10 })).map(({ twinId }) => twinId)).toEqual([idOf("a")]);
  });

  it("forgets a twin and every mention of it, unless it has changed meanwhile", async () => {
    await put("a", alices);
    const twin = await store.get(idOf("a"));
    if (twin === undefined) throw new Error("not put");
    await store.update(idOf("a"), (known) => takePod(known, news(2, component("a")), alices));
    expect(await store.forget(twin)).toBe(false);
    const now = await store.get(idOf("a"));
    expect(now && (await store.forget(now))).toBe(true);
    expect(await store.get(idOf("a"))).toBeUndefined();
    expect(await store.list({ limit: 10 })).toEqual([]);
    expect(await store.list({ userId: "alice", limit: 10 })).toEqual([]);
    await put("a", alices);
    expect(await store.list({ limit: 10 })).toHaveLength(1);
  });
});

describe("redis twins", () => {
  it("cost less than 8 KiB each: three pods with proxies, twenty changes, half an hour of traffic and all sources", async () => {
    const store = redisTwins(redis);
    const uids = ["7c0e6a52-41c2-4f6a-9f0e-1d2b3c4d5e01", "7c0e6a52-41c2-4f6a-9f0e-1d2b3c4d5e02", "7c0e6a52-41c2-4f6a-9f0e-1d2b3c4d5e03"];
    let full: TwinRecord | undefined;
    for (let seq = 1; seq <= 60; seq += 1) {
      const i = seq % 3;
      const restarts = Math.floor(seq / 3);
      const one = container({ restartCount: restarts, lastTermination: oomKilled });
      const proxy = container({ name: "linkerd-proxy", kind: "sidecar" });
      const name = `checkout-service-5d9c7b8f6d-x2k${String(i)}`;
      full = takePod(full, news(seq, pod({ uid: uids[i] ?? "", name, containers: [one, proxy] }, seq % 2 === 0)), alices);
    }
    if (full === undefined) throw new Error("no twin");
    for (let round = 1; round <= 80; round += 1) {
      const answers = uids.flatMap((uid, i) => {
        const n = round * (30 + 7 * i) + (round % 5);
        const said = {
          codes: { 200: n, 404: Math.floor(n / 40), 500: Math.floor(n / 90), 503: Math.floor(n / 70) },
          latency: [n, Math.floor(n / 2), Math.floor(n / 8), Math.floor(n / 60), 0],
        };
        return [...proxySaid(said, uid)(Date.UTC(2026, 0, 1) + round * 30_000).answers];
      });
      full = hear(full, {
        seconds: round * 30,
        proxies: () => ({ source: "proxy", answers: new Map(answers) }),
        reading: usageSaid(
          full.twin.pods.flatMap(({ name }, i) =>
            ["web", "linkerd-proxy"].map((of) => ({
              pod: name,
              container: of,
              cpuSecondsTotal: round * 3.21 * (i + 1),
              memoryBytes: 7e7 + round * 1_234_567,
            })),
          ),
        ),
      });
    }
    expect([full.twin.pods.length, full.twin.status.history.length, full.twin.network.windowSeconds]).toEqual([3, 20, 1_830]);
    await store.update(full.twin.twinId, () => full);
    const record_ = Number(await redis.memory("USAGE", key.twin(full.twin.twinId)));
    const lists = await Promise.all((await redis.keys("cmdt:*:list:*")).map(async (list) => Number(await redis.memory("USAGE", list))));
    const bytes = record_ + lists.reduce((sum, each) => sum + each, 0);
    console.info(`one twin in Redis: ${String(bytes)} bytes, of ${String(JSON.stringify(full).length)} as JSON`);
    expect(bytes).toBeLessThan(8 * 1024);
  });
});
