import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { advance, type IntentRecord, submit } from "../../domain/intent/lifecycle.ts";
import { stateOf } from "../../domain/intent/report.ts";
import type { Event } from "../../events/define.ts";
import { IntentRefused } from "../../events/intent.ts";
import { OrderExecuted } from "../../events/order.ts";
import { freePort } from "../../scripts/services/child.ts";
import { findRedis, type RedisServer, startRedis } from "../../scripts/services/redis.ts";
import { type Claim, type EffectStore, memoryEffects } from "../../state/effects.ts";
import { memoryIntents } from "../../state/intents.ts";
import { storePromise } from "./durability.ts";
import { sweepOutbox } from "./outbox.ts";
import { sweepOverdue } from "./overdue.ts";

describe("the sweep of the outbox", () => {
  let now = 0;
  let effects: EffectStore;
  let published: Event[];
  const publish = async (events: readonly Event[]): Promise<void> => void published.push(...events);
  beforeEach(() => {
    now = 0;
    published = [];
    effects = memoryEffects(() => now);
  });

  const commit = async (resource: string): Promise<Event> => {
    const claim: Claim = { executioner: "tfs", resource, intentId: "i", submission: 1, digest: "d" };
    const taken = await effects.claim(claim, 1_000);
    const data = { intentId: "i", submission: 1, executioner: "tfs", resource, effect: "created" as const, declared: {} };
    const event = OrderExecuted.make({ source: "/s", subject: "i", id: resource, data });
    await effects.commit(claim, taken.kind === "claimed" ? taken.fence : 0, { result: JSON.stringify([event]), standing: undefined });
    return event;
  };

  it("publishes what is late with the ids of the first time, once", async () => {
    const event = await commit("a");
    expect(await sweepOutbox("tfs", effects, publish)).toBe(0);
    now = 60_000;
    expect(await sweepOutbox("tfs", effects, publish)).toBe(1);
    expect(published).toEqual([event]);
    expect(await sweepOutbox("tfs", effects, publish)).toBe(0);
  });

  it("keeps what could not be published for the next sweep", async () => {
    await commit("a");
    now = 60_000;
    await expect(sweepOutbox("tfs", effects, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
    expect(await sweepOutbox("tfs", effects, publish)).toBe(1);
  });

  it("leaves another executioner's alone", async () => {
    await commit("a");
    now = 60_000;
    expect(await sweepOutbox("l2sm", effects, publish)).toBe(0);
  });
});

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const record = (id: string): IntentRecord =>
  submit(undefined, {
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
    orders: [{ executioner: "x", resource: `r-${id}`, expectationIds: ["1"], origins: [], payload: {} }],
    wanted: "active",
    at: at(0),
  }).record;
const executed = (known: IntentRecord): IntentRecord =>
  advance(
    known,
    { kind: "executed", executioner: "x", resource: `r-${known.intent.id}`, submission: 1, effect: "created", declared: {} },
    at(0),
  );

describe("the sweep of what is overdue", () => {
  const patienceMs = 120_000;

  it("ends an intent that nobody brings news of, and says what it waited for", async () => {
    const intents = memoryIntents();
    await intents.update("a", () => record("a"));
    await intents.update("b", () => executed(record("b")));
    expect(await sweepOverdue(intents, new Date(at(1)), patienceMs)).toEqual([]);
    const [event, ...more] = await sweepOverdue(intents, new Date(at(3)), patienceMs);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      type: IntentRefused.type,
      subject: "a",
      data: { intentId: "a", submission: 1, code: "INTENT_OVERDUE", reason: expect.stringContaining("r-a") },
    });
    const told = IntentRefused.data.parse(event?.data);
    const ended = advance(record("a"), { kind: "refused", ...told }, at(3));
    expect(stateOf(ended)).toBe("FULFILMENTFAILED");
    await intents.update("a", () => ended);
    expect(await sweepOverdue(intents, new Date(at(9)), patienceMs)).toEqual([]);
  });

  it("tells it by the same id, whoever sweeps", async () => {
    const intents = memoryIntents();
    await intents.update("a", () => record("a"));
    const ids = async () => (await sweepOverdue(intents, new Date(at(3)), patienceMs)).map((e) => e.id);
    expect(await ids()).toEqual(await ids());
  });

  it("looks at all of them, however many pages they are", async () => {
    const intents = memoryIntents();
    for (let i = 0; i < 401; i += 1) await intents.update(`i${String(i)}`, () => record(`i${String(i)}`));
    expect(await sweepOverdue(intents, new Date(at(3)), patienceMs)).toHaveLength(401);
  });
});

describe("what is promised of the store", () => {
  let server: RedisServer;
  let redis: Redis;
  let dir: string;
  beforeAll(async () => {
    const program = findRedis();
    if (program === undefined) throw new Error("no redis-server: these tests change its settings, so they start one of their own");
    dir = await mkdtemp(join(tmpdir(), "underlay-keep-"));
    server = await startRedis(program, { port: await freePort(), dir });
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it("is nothing without Redis", async () => {
    expect(await storePromise(undefined)).toMatchObject({ isDurable: false, says: expect.stringContaining("memory") });
  });

  it.each([
    [{ appendonly: "yes", appendfsync: "always", "maxmemory-policy": "noeviction" }, true, "keeps every write"],
    [{ appendonly: "yes", appendfsync: "everysec", "maxmemory-policy": "noeviction" }, false, "up to a second"],
    [{ appendonly: "no", appendfsync: "always", "maxmemory-policy": "noeviction" }, false, "forgets everything"],
    [{ appendonly: "yes", appendfsync: "always", "maxmemory-policy": "allkeys-lru" }, false, "may evict"],
  ])("with %j is durable: %s", async (settings, isDurable, says) => {
    for (const [name, value] of Object.entries(settings)) await redis.config("SET", name, value);
    expect(await storePromise(redis)).toEqual({ isDurable, says: expect.stringContaining(says) });
  });

  it("is nothing when Redis does not let its settings be seen", async () => {
    await redis.acl("SETUSER", "blind", "on", ">pw", "~*", "+@all", "-config");
    const blind = new Redis(server.url, { username: "blind", password: "pw" });
    expect(await storePromise(blind)).toMatchObject({ isDurable: false, says: expect.stringContaining("does not show") });
    blind.disconnect();
  });
});
