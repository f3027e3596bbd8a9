import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { memoryProbeLeases, type ProbeLeases, redisProbeLeases } from "../../state/probe-leases.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const LONG_MS = 600_000;

describe.each(["memory", "redis"] as const)("%s probe leases", (kind) => {
  let store: ProbeLeases;
  let now = 0;
  beforeEach(() => {
    now = 1_000_000;
    store = kind === "memory" ? memoryProbeLeases(() => now) : redisProbeLeases(redis);
  });
  const taken = { kind: "leased" };
  const busy = (node: string) => ({ kind: "busy", node });

  it("lets one of many at two nodes", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => store.take(["a", "b"], String(i), LONG_MS)));
    expect(answers.filter(({ kind: k }) => k === "leased")).toHaveLength(1);
  });

  it("takes all of the nodes or none, and says which one was busy", async () => {
    expect(await store.take(["a", "b"], "first", LONG_MS)).toEqual(taken);
    expect(await store.take(["c", "b"], "second", LONG_MS)).toEqual(busy("b"));
    expect(await store.take(["c", "d"], "third", LONG_MS)).toEqual(taken);
  });

  it("lets the holder go on after a redelivery, for as long again", async () => {
    await store.take(["a", "b"], "first", 1);
    expect(await store.take(["a", "b"], "first", LONG_MS)).toEqual(taken);
    now += 2;
    expect(await store.take(["b"], "second", LONG_MS)).toEqual(busy("b"));
  });

  it("frees what its holder gives back, and nothing of anybody else's", async () => {
    await store.take(["a", "b"], "first", LONG_MS);
    await store.giveBack(["a", "b"], "second");
    expect(await store.take(["a"], "second", LONG_MS)).toEqual(busy("a"));
    await store.giveBack(["a"], "first");
    expect(await store.take(["a"], "second", LONG_MS)).toEqual(taken);
    await store.giveBack(["a", "b"], "first");
    expect(await store.take(["a"], "third", LONG_MS)).toEqual(busy("a"));
    expect(await store.take(["b"], "third", LONG_MS)).toEqual(taken);
  });

  it("frees what a dead holder leaves when its time is up", async () => {
    await store.take(["a", "b"], "dead", kind === "memory" ? 30_000 : 40);
    now += 30_000;
    await vi.waitFor(async () => {
      expect(await store.take(["a", "b"], "next", LONG_MS)).toEqual(taken);
    });
  });

  it("remembers when each pair was handed out, in the order of the question", async () => {
    await store.handOut(["a->b", "b->c"], 1_795_000_000_001, LONG_MS);
    await store.handOut(["b->c"], 1_795_000_060_000, LONG_MS);
    expect(await store.handedOut(["b->c", "c->a", "a->b"])).toEqual([1_795_000_060_000, undefined, 1_795_000_000_001]);
  });

  it("forgets that when it does not matter any more", async () => {
    await store.handOut(["a->b"], 1, kind === "memory" ? 1_000 : 30);
    await store.handOut(["b->c"], 2, LONG_MS);
    now += 1_000;
    await vi.waitFor(async () => {
      expect(await store.handedOut(["a->b", "b->c"])).toEqual([undefined, 2]);
    });
  });

  it("has nothing to say of no pairs", async () => {
    await store.handOut([], 1, LONG_MS);
    expect(await store.handedOut([])).toEqual([]);
  });
});
