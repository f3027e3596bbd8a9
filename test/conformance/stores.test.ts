import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { IntentRecord } from "../../domain/intent/lifecycle.ts";
import type { Order } from "../../domain/intent/order.ts";
import { type Claim, type Claimed, type EffectStore, memoryEffects, redisEffects } from "../../state/effects.ts";
import { type IntentStore, memoryIntents, redisIntents } from "../../state/intents.ts";
import { Claim as ClaimOn, type Held } from "../../domain/intent/conflict/claim.ts";
import { type HoldingStore, memoryHoldings, redisHoldings } from "../../state/holdings.ts";
import { key } from "../../state/keyspace.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const kinds = ["memory", "redis"] as const;
const LONG_MS = 600_000;

const order = (vlan: number): Order => ({
  executioner: "tfs",
  resource: "service/1",
  expectationIds: ["1"],
  origins: [],
  payload: { vlan },
});
const claim = (given: Partial<Claim> = {}): Claim => ({
  executioner: "tfs",
  resource: "service/1",
  intentId: "i",
  submission: 1,
  digest: "d1",
  ...given,
});
const result = (vlan: number | undefined, said = "[]") => ({ result: said, standing: vlan === undefined ? undefined : order(vlan) });

describe.each(kinds)("%s effects", (kind) => {
  let store: EffectStore;
  /** The memory's clock is ours; Redis has its own, so there leases are short and the wait is bounded. */
  let now = 0;
  const SHORT_MS = kind === "memory" ? 30_000 : 40;
  beforeEach(() => {
    now = 1_000_000;
    store = kind === "memory" ? memoryEffects(() => now) : redisEffects(redis);
  });

  const leaseEnds = async (asked: Claim): Promise<Claimed> => {
    if (kind === "memory") {
      now += SHORT_MS;
      return store.claim(asked, LONG_MS);
    }
    return vi.waitFor(async () => {
      const taken = await store.claim(asked, LONG_MS);
      expect(taken.kind).not.toBe("busy");
      return taken;
    });
  };
  const take = async (asked: Claim, leaseMs = LONG_MS): Promise<number> => {
    const taken = await store.claim(asked, leaseMs);
    if (taken.kind !== "claimed") throw new Error(`expected to claim, not ${taken.kind}`);
    return taken.fence;
  };

  it("lets one worker of many at an effect", async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.claim(claim(), LONG_MS)));
    expect(taken.filter((t) => t.kind === "claimed")).toEqual([{ kind: "claimed", fence: 1, standing: undefined }]);
    expect(taken.filter((t) => t.kind === "busy")).toHaveLength(19);
  });

  it("says how long an effect stays taken", async () => {
    await take(claim());
    const busy = await store.claim(claim(), LONG_MS);
    if (busy.kind !== "busy") throw new Error(busy.kind);
    expect(busy.retryAfterMs).toBeGreaterThan(0);
    expect(busy.retryAfterMs).toBeLessThanOrEqual(LONG_MS);
  });

  it("gives the effect of a silent worker to the next one, with a higher fence, and takes no commit of the first", async () => {
    const dead = await take(claim(), SHORT_MS);
    const next = await leaseEnds(claim());
    expect(next).toEqual({ kind: "claimed", fence: dead + 1, standing: undefined });
    expect(await store.commit(claim(), dead, result(1, '"zombie"'))).toBe("stale");
    expect(await store.renew(claim(), dead, LONG_MS)).toBe(false);
    await store.release(claim(), dead);
    expect((await store.claim(claim(), LONG_MS)).kind).toBe("busy");
    expect(await store.commit(claim(), dead + 1, result(1, '"ours"'))).toBe("committed");
    expect(await store.claim(claim(), LONG_MS)).toEqual({ kind: "complete", result: '"ours"' });
  });

  it("takes a commit after the lease, if nobody took over", async () => {
    const fence = await take(claim(), 1);
    now += 2;
    expect(await store.commit(claim(), fence, result(1))).toBe("committed");
  });

  it("keeps an effect with a worker that renews its lease", async () => {
    const fence = await take(claim(), 1);
    expect(await store.renew(claim(), fence, LONG_MS)).toBe(true);
    now += SHORT_MS;
    expect((await store.claim(claim(), LONG_MS)).kind).toBe("busy");
  });

  it("gives a released effect to the next at once", async () => {
    const fence = await take(claim());
    await store.release(claim(), fence);
    expect(await take(claim())).toBe(fence + 1);
  });

  it("replays what was committed, word for word", async () => {
    const said = JSON.stringify([{ id: "ä\u0000\n", data: { n: 1 } }]);
    await store.commit(claim(), await take(claim()), result(1, said));
    for (const _ of [1, 2]) expect(await store.claim(claim(), LONG_MS)).toEqual({ kind: "complete", result: said });
  });

  it("refuses the same submission with another order", async () => {
    const fence = await take(claim());
    expect(await store.claim(claim({ digest: "d2" }), LONG_MS)).toEqual({ kind: "conflict" });
    await store.commit(claim(), fence, result(1));
    expect(await store.claim(claim({ digest: "d2" }), LONG_MS)).toEqual({ kind: "conflict" });
  });

  it("lets a newer submission on when the older is done, and never an older one again", async () => {
    const fence = await take(claim());
    expect((await store.claim(claim({ submission: 2, digest: "d2" }), LONG_MS)).kind).toBe("busy");
    await store.commit(claim(), fence, result(1));
    expect(await store.claim(claim({ submission: 2, digest: "d2" }), LONG_MS)).toEqual({
      kind: "claimed",
      fence: fence + 1,
      standing: order(1),
    });
    expect(await store.claim(claim(), LONG_MS)).toEqual({ kind: "superseded" });
  });

  it("counts submissions as numbers", async () => {
    await store.commit(claim({ submission: 9 }), await take(claim({ submission: 9 })), result(1));
    expect((await store.claim(claim({ submission: 10 }), LONG_MS)).kind).toBe("claimed");
    expect((await store.claim(claim({ submission: 9 }), LONG_MS)).kind).toBe("superseded");
  });

  it("keeps a resource for the intent whose effect stands, and frees it when nothing does", async () => {
    await store.commit(claim(), await take(claim()), result(1));
    const other = claim({ intentId: "other" });
    expect(await store.claim(other, LONG_MS)).toEqual({ kind: "owned", by: "i" });
    const gone = claim({ submission: 2, digest: "withdraw" });
    await store.commit(gone, await take(gone), result(undefined));
    expect(await store.claim(other, LONG_MS)).toMatchObject({ kind: "claimed", standing: undefined });
    expect((await store.claim(claim({ submission: 3 }), LONG_MS)).kind).toBe("busy");
  });

  it("lets no other intent between while the first one is at work", async () => {
    await take(claim());
    expect((await store.claim(claim({ intentId: "other" }), LONG_MS)).kind).toBe("busy");
  });

  it("remembers what stands while the next submission is at work, and after it died", async () => {
    await store.commit(claim(), await take(claim()), result(1));
    const second = claim({ submission: 2, digest: "d2" });
    await take(second, SHORT_MS);
    expect(await leaseEnds(second)).toMatchObject({ kind: "claimed", standing: order(1) });
  });

  it("remembers of what stands that it is only what a failure left", async () => {
    await store.commit(claim(), await take(claim()), { ...result(1), isResidue: true });
    const second = claim({ submission: 2, digest: "d2" });
    expect(await store.claim(second, LONG_MS)).toMatchObject({ kind: "claimed", standing: order(1), isResidue: true });
    expect(await store.ownerOf(second.executioner, second.resource)).toBe(second.intentId);
  });

  it("has effects of the same name on two executioners apart", async () => {
    await take(claim());
    expect(await take(claim({ executioner: "l2sm" }))).toBe(1);
  });

  it("tells what was committed and not published, until it is", async () => {
    expect(await store.unpublished("tfs", 0, 10)).toEqual([]);
    await store.commit(claim(), await take(claim()), result(1, '"said"'));
    const other = claim({ resource: "service/2" });
    await store.commit(other, await take(other), result(undefined, '"other"'));
    const late = await store.unpublished("tfs", 0, 10);
    expect(late.toSorted((a, b) => a.resource.localeCompare(b.resource))).toEqual([
      { resource: "service/1", result: '"said"' },
      { resource: "service/2", result: '"other"' },
    ]);
    expect(await store.unpublished("tfs", 0, 1)).toHaveLength(1);
    expect(await store.unpublished("tfs", LONG_MS, 10)).toEqual([]);
    expect(await store.unpublished("l2sm", 0, 10)).toEqual([]);
    await store.published(claim());
    expect(await store.unpublished("tfs", 0, 10)).toEqual([{ resource: "service/2", result: '"other"' }]);
  });

  it("does not forget what is unpublished when the next submission begins", async () => {
    await store.commit(claim(), await take(claim()), result(1, '"first"'));
    await take(claim({ submission: 2, digest: "d2" }));
    expect(await store.unpublished("tfs", 0, 10)).toEqual([{ resource: "service/1", result: '"first"' }]);
  });
});

describe("redis effects", () => {
  it("expire a day after nothing stands any more, and never while something does", async () => {
    const store = redisEffects(redis);
    const at = key.effect("tfs", "service/1");
    const carry = async (submission: number, vlan: number | undefined) => {
      const asked = claim({ submission, digest: String(submission) });
      const taken = await store.claim(asked, LONG_MS);
      if (taken.kind !== "claimed") throw new Error(taken.kind);
      expect(await redis.pttl(at)).toBe(-1);
      await store.commit(asked, taken.fence, result(vlan));
    };
    await carry(1, 1);
    expect(await redis.pttl(at)).toBe(-1);
    await carry(2, undefined);
    const ttlMs = await redis.pttl(at);
    expect(ttlMs).toBeGreaterThan(86_000_000);
    expect(ttlMs).toBeLessThanOrEqual(86_400_000);
    await carry(3, 1);
    expect(await redis.pttl(at)).toBe(-1);
  });
});

const record = (id: string, submission = 1): IntentRecord => ({
  intent: {
    id,
    userLabel: "l",
    intentExpectations: [
      {
        expectationId: "1",
        expectationVerb: "DELIVER",
        expectationObject: { objectType: "T", objectContexts: [] },
        expectationTargets: [],
        expectationContexts: [],
      },
    ],
    intentContexts: [],
    intentAdminState: "ACTIVATED",
    intentPriority: 1,
  },
  generation: 1,
  submission,
  wanted: "active",
  orders: [{ order: order(1), action: "apply", submission, state: "placed" }],
  submittedAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
});

const orderIn = ({ intent }: IntentRecord): Order => ({
  executioner: "x",
  resource: intent.id,
  expectationIds: ["1"],
  origins: [],
  payload: {},
});

describe.each(kinds)("%s intents", (kind) => {
  let store: IntentStore;
  beforeEach(() => {
    store = kind === "memory" ? memoryIntents() : redisIntents(redis);
  });

  it("gives back what was put", async () => {
    expect(await store.get("a")).toBeUndefined();
    expect(await store.update("a", () => record("a"))).toEqual({ before: undefined, after: record("a") });
    expect(await store.get("a")).toEqual(record("a"));
    expect(await store.update("a", (known) => known && { ...known, submission: 2 })).toEqual({
      before: record("a"),
      after: { ...record("a"), submission: 2 },
    });
  });

  it("loses none of twenty changes at once", async () => {
    const add = () => store.update("a", (known) => (known === undefined ? record("a") : { ...known, submission: known.submission + 1 }));
    const changes = await Promise.all(Array.from({ length: 20 }, add));
    expect((await store.get("a"))?.submission).toBe(20);
    expect(new Set(changes.map((c) => c.after?.submission)).size).toBe(20);
  });

  it("writes nothing when the change gives back what it was given, or nothing", async () => {
    expect(await store.update("a", () => undefined)).toEqual({ before: undefined, after: undefined });
    expect(await store.list({ limit: 10 })).toEqual([]);
    await store.update("a", () => record("a"));
    const writes = async () => (kind === "redis" ? /cmdstat_set:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] : undefined);
    const before = await writes();
    const { before: known, after } = await store.update("a", (same) => same);
    expect(after).toBe(known);
    expect(await writes()).toBe(before);
    expect(await store.get("a")).toEqual(record("a"));
  });

  it("knows whose time has come, the earliest first, and forgets it when there is nothing to wait for any more", async () => {
    const waiting = (id: string, from: string): IntentRecord => {
      const known = record(id);
      const order = { ...orderIn(known), window: { from } };
      return { ...known, orders: [{ order, action: "apply", submission: 1, state: "waiting" }] };
    };
    await store.update("late", () => waiting("late", "2026-01-01T00:00:09.000Z"));
    await store.update("soon", () => waiting("soon", "2026-01-01T00:00:05.500Z"));
    await store.update("never", () => record("never"));
    const by = (second: number, limit = 10) => store.turning(new Date(Date.UTC(2026, 0, 1, 0, 0, second)), limit);
    expect([await by(5), await by(6), await by(9), await by(9, 1)]).toEqual([[], ["soon"], ["soon", "late"], ["soon"]]);
    await store.update("soon", (known) => known && { ...known, orders: known.orders.map((o) => ({ ...o, state: "placed" as const })) });
    expect(await by(9)).toEqual(["late"]);
  });

  it("lists in the order of the ids, page by page", async () => {
    const ids = ["b", "a-1", "A", "a", "a.2", "z@y", "10", "9", "a_b", "a:b"];
    for (const id of ids) await store.update(id, () => record(id));
    const pages: string[][] = [];
    for (let after: string | undefined; ;) {
      const page = (await store.list({ after, limit: 3 })).map((r) => r.intent.id);
      pages.push(page);
      if (page.length < 3) break;
      after = page.at(-1);
    }
    expect(pages.flat()).toEqual(ids.toSorted());
    expect(pages.map((p) => p.length)).toEqual([3, 3, 3, 1]);
    expect((await store.list({ after: "a", limit: 2 })).map((r) => r.intent.id)).toEqual(["a-1", "a.2"]);
    expect((await store.list({ after: "aa", limit: 1 })).map((r) => r.intent.id)).toEqual(["b"]);
    expect(await store.list({ after: "zz", limit: 5 })).toEqual([]);
  });

  it("lists an intent once, however often it changed", async () => {
    for (const submission of [1, 2, 3]) await store.update("a", () => record("a", submission));
    expect((await store.list({ limit: 10 })).map((r) => r.submission)).toEqual([3]);
  });
});

describe.each(kinds)("%s holdings", (kind) => {
  let store: HoldingStore;
  beforeEach(() => {
    store = kind === "memory" ? memoryHoldings() : redisHoldings(redis);
  });
  const at = "2026-01-01T00:00:00.000Z";
  const held = (intentId: string, on: string): Held => ({
    intentId,
    expectationId: "1",
    priority: 1,
    claim: ClaimOn.parse({ kind: "SDP_TAKEN", on, thing: on, wants: "it", rule: { is: "whole" } }),
  });
  const holding = (intentId: string, ...things: string[]) => ({ intentId, held: things.map((on) => held(intentId, on)), at });
  const exclusive = (wanted: readonly string[]) => (others: readonly Held[]) =>
    others.map((o) => o.claim.on).filter((on) => wanted.includes(on));
  const take = (intentId: string, ...things: string[]) => store.hold([holding(intentId, ...things)], exclusive(things));

  it("has what an intent holds replaced by what it is to hold, and forgets what nobody holds", async () => {
    expect(await take("a", "x", "y")).toEqual([]);
    expect((await store.of(["x", "y", "z"])).map((h) => [h.intentId, h.claim.on])).toEqual([
      ["a", "x"],
      ["a", "y"],
    ]);
    expect(await take("a", "y", "z")).toEqual([]);
    expect((await store.of(["x", "y", "z"])).map((h) => h.claim.on)).toEqual(["y", "z"]);
    await take("a");
    expect(await store.of(["x", "y", "z"])).toEqual([]);
    if (kind === "redis") expect(await redis.keys("*")).toEqual([]);
  });

  it("takes all of several intents' holdings or none of them", async () => {
    await take("a", "x");
    expect(await store.hold([holding("b", "y"), holding("c", "x")], exclusive(["y", "x"]))).toEqual(["x"]);
    expect((await store.of(["x", "y"])).map((h) => h.intentId)).toEqual(["a"]);
    expect(await store.since("b")).toBeUndefined();
    expect(await store.since("a")).toBe(at);
  });

  it("gives one thing to one of many that ask at the same moment, also from several processes", async () => {
    const stores = kind === "memory" ? [store] : [store, redisHoldings(redis), redisHoldings(redis)];
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => (stores[i % stores.length] ?? store).hold([holding(`i${String(i)}`, "x")], exclusive(["x"]))),
    );
    expect(answers.filter((found) => found.length === 0)).toHaveLength(1);
    expect(await store.of(["x"])).toHaveLength(1);
  });
});
