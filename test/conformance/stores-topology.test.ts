import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { pairId } from "../../domain/probe/model.ts";
import { NODES, pieceOfNode, piecesOfLink } from "../../domain/topology/merge.ts";
import { type CostMapStore, memoryCostMaps, type Publication, redisCostMaps } from "../../state/cost-map.ts";
import { key } from "../../state/keyspace.ts";
import { memoryTopology, redisTopology, type TopologyStore } from "../../state/topology.ts";
import { at, delay, endOf, look, loss, nodeOf } from "../support/topology.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const kinds = ["memory", "redis"] as const;
const HOUR_MS = 3_600_000;
const ends = [endOf("worker", "172.18.0.2"), endOf("worker2", "172.18.0.4")] as const;
const first = look(...ends, [delay(1), loss(0)], 1);
const place = pairId(first);

describe.each(kinds)("%s topology", (kind) => {
  let store: TopologyStore;
  const open = (): TopologyStore => (kind === "memory" ? memoryTopology() : redisTopology(redis, HOUR_MS));
  beforeEach(() => {
    store = open();
  });

  it("says what is news, and keeps what is newest", async () => {
    const later = look(...ends, [delay(2)], 2);
    const told: boolean[] = [];
    for (const seen of [first, first, later, first]) told.push(await store.takeIn("kind-kind", place, piecesOfLink(seen)));
    expect(told).toEqual([true, false, true, false]);
    expect(await store.link("kind-kind", place)).toMatchObject({
      at: at(2),
      readings: {
        "delay-rt:p50:round-trip": { at: at(2), measurement: { value: 2 } },
        "lossrate:total:round-trip": { at: at(1), measurement: { value: 0 } },
      },
    });
  });

  it("has clusters apart, and knows which there are", async () => {
    await store.takeIn("kind-kind-2", place, piecesOfLink(first));
    await store.takeIn("kind-kind", NODES, [pieceOfNode({ node: nodeOf("worker", "172.18.0.2"), removed: false })]);
    expect(await store.clusters()).toEqual(["kind-kind", "kind-kind-2"]);
    expect(await store.topology("kind-kind")).toMatchObject({
      cluster: "kind-kind",
      nodes: { "uid-worker": { removed: false } },
      links: {},
    });
    expect(Object.keys((await store.topology("kind-kind-2")).links)).toEqual([place]);
    expect(await store.nodes("kind-kind-2")).toEqual({ cluster: "kind-kind-2", nodes: {}, links: {} });
    expect(await store.link("elsewhere", place)).toBeUndefined();
  });

  it("is the same whatever came first, and however many told it at once", async () => {
    const news = Array.from({ length: 12 }, (_, i) => piecesOfLink(look(...ends, [delay(i + 1), loss(i)], i % 4)));
    await Promise.all(news.map((pieces) => store.takeIn("a", place, pieces)));
    await Promise.all([...news.toReversed(), ...news].map((pieces) => store.takeIn("b", place, pieces)));
    const [a, b] = [await store.link("a", place), await store.link("b", place)];
    expect(a).toBeDefined();
    expect(b).toEqual(a);
  });

  it("agrees with the other one about any news", async () => {
    const other = kind === "memory" ? redisTopology(redis, HOUR_MS) : memoryTopology();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 5 })), { maxLength: 8 }),
        async (looks) => {
          await redis.flushdb();
          const mine = open();
          const fresh = kind === "memory" ? other : memoryTopology();
          for (const [ms, second] of looks) {
            const pieces = piecesOfLink(look(...ends, [delay(ms)], second));
            expect(await mine.takeIn("c", place, pieces)).toBe(await fresh.takeIn("c", place, pieces));
          }
          expect(await mine.topology("c")).toEqual(await fresh.topology("c"));
        },
      ),
      { numRuns: 25 },
    );
  });
});

it("redis forgets a link some time after the last look, and never a node", async () => {
  const store = redisTopology(redis, HOUR_MS);
  await store.takeIn("c", place, piecesOfLink(first));
  await store.takeIn("c", NODES, [pieceOfNode({ node: nodeOf("worker", "172.18.0.2"), removed: false })]);
  expect(await redis.pttl(key.topologyPieces("c", place))).toBeGreaterThan(HOUR_MS - 60_000);
  expect(await redis.pttl(key.topologyPieces("c", NODES))).toBe(-1);
  await redis.del(key.topologyPieces("c", place));
  expect((await store.topology("c")).links).toEqual({});
  expect(await redis.smembers(key.topologyPlaces("c"))).toEqual([NODES]);
});

it("memory forgets a link some time after the last look", async () => {
  let now = 0;
  const store = memoryTopology(HOUR_MS, () => now);
  await store.takeIn("c", place, piecesOfLink(first));
  now = HOUR_MS - 1;
  expect(Object.keys((await store.topology("c")).links)).toEqual([place]);
  now += 1;
  expect((await store.topology("c")).links).toEqual({});
});

describe.each(kinds)("%s cost maps", (kind) => {
  let store: CostMapStore;
  beforeEach(() => {
    store = kind === "memory" ? memoryCostMaps() : redisCostMaps(redis);
  });
  const link = (ms: number) => ({
    link: { source: "worker", destination: "worker2", costs: [{ at: at(0), measurement: delay(ms) }] },
    errors: [],
  });
  const publication = (seq: number, more: Partial<Publication> = {}): Publication => ({
    head: { seq, tag: `tag-${String(seq)}`, publishedAt: at(seq), cause: `/x ${String(seq)}`, nodes: [], nodeErrors: [] },
    said: `{"seq":${String(seq)}}`,
    seen: {},
    removed: [],
    ...more,
  });

  it("have nothing of a cluster that was never published", async () => {
    expect([await store.head("c"), await store.said("c"), await store.seen("c", "x"), await store.published("c")]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("take a publication only on top of the one that was looked at", async () => {
    const told = [2, 1, 1, 2, 2].map((seq) => async () => store.publish("c", publication(seq)));
    const answers: boolean[] = [];
    for (const tell of told) answers.push(await tell());
    expect(answers).toEqual([false, true, false, true, false]);
    expect([(await store.head("c"))?.tag, await store.said("c"), await store.head("d")]).toEqual(["tag-2", '{"seq":2}', undefined]);
  });

  it("let one of many publish", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.publish("c", publication(1))));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it("replace what changed, keep what did not, and drop what is gone", async () => {
    await store.publish("c", publication(1, { seen: { a: link(1), b: link(2), c: link(3) } }));
    await store.publish("c", publication(2, { seen: { b: link(5), d: link(4) }, removed: ["c"] }));
    expect(await store.published("c")).toEqual({
      head: publication(2).head,
      nodes: [],
      nodeErrors: [],
      seen: { a: link(1), b: link(5), d: link(4) },
    });
    expect(await store.seen("c", "b")).toEqual(link(5));
    expect(await store.seen("c", "c")).toBeUndefined();
  });

  it("remember what was forwarded", async () => {
    expect(await store.forwarded("c")).toBe(0);
    await store.markForwarded("c", 7);
    expect([await store.forwarded("c"), await store.forwarded("d")]).toEqual([7, 0]);
  });
});
