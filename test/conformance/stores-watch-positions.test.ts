import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { memoryWatchPositions, redisWatchPositions, type WatchPositions } from "../../state/watch-positions.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

describe.each(["memory", "redis"] as const)("%s positions of watches", (kind) => {
  let store: WatchPositions;
  beforeEach(() => {
    store = kind === "memory" ? memoryWatchPositions() : redisWatchPositions(redis);
  });
  const step = (told: Record<string, string>, more: { resourceVersion?: string; seq?: number; removed?: readonly string[] } = {}) => ({
    seq: 1,
    removed: [],
    ...more,
    told: new Map(Object.entries(told)),
  });

  it("are nowhere before the first step", async () => {
    expect(await store.load("one", "pods")).toEqual({ seq: 0, objects: new Map() });
  });

  it("are where the last step left them, with everything that was told and is not removed", async () => {
    await store.save("one", "pods", step({ a: "1", b: "1" }, { seq: 2 }));
    expect(await store.load("one", "pods")).toEqual({
      seq: 2,
      objects: new Map([
        ["a", "1"],
        ["b", "1"],
      ]),
    });
    await store.save("one", "pods", step({ b: "2", c: "1" }, { seq: 5, resourceVersion: "17", removed: ["a"] }));
    expect(await store.load("one", "pods")).toEqual({
      seq: 5,
      resourceVersion: "17",
      objects: new Map([
        ["b", "2"],
        ["c", "1"],
      ]),
    });
  });

  it("keep their place when a step in the middle of a list has none", async () => {
    await store.save("one", "pods", step({}, { resourceVersion: "17" }));
    await store.save("one", "pods", step({ a: "1" }));
    expect(await store.load("one", "pods")).toMatchObject({ resourceVersion: "17" });
  });

  it("are one for each cluster and resource", async () => {
    await store.save("one", "pods", step({ a: "1" }));
    for (const [cluster, resource] of [
      ["one", "nodes"],
      ["two", "pods"],
    ] as const)
      expect((await store.load(cluster, resource)).objects.size).toBe(0);
  });
});

it("a position that Redis does not take is not passed off as kept", async () => {
  const store = redisWatchPositions(redis);
  await store.save("one", "pods", { seq: 1, told: new Map([["a", "1"]]), removed: [] });
  await redis.rename("mncc:{watch:one}:pods", "kept");
  await redis.set("mncc:{watch:one}:pods", "of another type");
  await expect(store.save("one", "pods", { seq: 2, told: new Map(), removed: ["a"], resourceVersion: "9" })).rejects.toThrow("WRONGTYPE");
});
