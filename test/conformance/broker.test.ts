import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker, Message, Settlement } from "../../runtime/broker/broker.ts";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import {
  amqpUrl,
  bound,
  cleanUpAfterEach,
  collect,
  consume,
  endOfLog,
  eventually,
  follow,
  freshQueue,
  ids,
  outgoing,
  publishUntilSeen,
  quiet,
  strange,
  unique,
} from "./broker-fixture.ts";

const brokers: Readonly<Record<string, () => Promise<Broker>>> = {
  memory: async () => openMemoryBroker(),
  amqp: () => openAmqp({ url: amqpUrl, log: quiet }),
};

describe.each(Object.entries(brokers))("%s broker", (_, open) => {
  cleanUpAfterEach();
  let broker: Broker;
  beforeAll(async () => {
    broker = await open();
  });
  afterAll(() => broker.close());

  it("delivers a confirmed message once", async () => {
    const queue = freshQueue(bound(unique("key")));
    const [key] = queue.bindings.map((b) => b.key);
    const taken = await collect(broker, queue);
    const first = outgoing(key ?? "");
    const last = outgoing(key ?? "");
    await broker.publish([first]);
    await broker.publish([last]);
    await eventually(() => expect(ids(taken)).toContain(last.messageId));
    expect(ids(taken)).toEqual([first.messageId, last.messageId]);
  });

  it("keeps what is published while nobody consumes", async () => {
    const key = unique("key");
    const queue = freshQueue(bound(key));
    await (await broker.consume(queue, async () => "ack")).stop();
    const sent = Array.from({ length: 20 }, () => outgoing(key));
    await broker.publish(sent);
    const taken = await collect(broker, queue);
    await eventually(() => expect(ids(taken)).toEqual(ids(sent)));
  });

  it("carries body, properties and headers unchanged", async () => {
    const key = unique("key");
    const taken = await collect(broker, freshQueue(bound(key)));
    const headers = { specversion: "1.0", source: "/probe/ä", hops: 3, share: 0.5, at: 1_700_000_000_000, fused: true };
    const body = Buffer.from([0, 255, 13, 10, 128]);
    await broker.publish([
      outgoing(key, {
        body,
        contentType: "application/octet-stream",
        messageId: "id 1",
        type: "a.b",
        timestampMs: 1_700_000_000_123,
        headers,
      }),
      outgoing(key, { body: Buffer.alloc(0), messageId: "empty" }),
      outgoing(key, { body: Buffer.alloc(300_000, "x"), messageId: "large" }),
    ]);
    await eventually(() => expect(taken).toHaveLength(3));
    const [small, empty, large] = taken;
    expect(small).toMatchObject({
      contentType: "application/octet-stream",
      messageId: "id 1",
      routingKey: key,
      redelivered: false,
      headers,
    });
    expect(small?.body.equals(body)).toBe(true);
    expect(empty?.body).toHaveLength(0);
    expect(large?.body.equals(Buffer.alloc(300_000, "x"))).toBe(true);
  });

  it("matches * to one word and # to any number of words", async () => {
    const root = unique("topic");
    const keys = [root, `${root}.a`, `${root}.b`, `${root}.a.b`, `${root}.b.a`, `${root}.a.x.y.b`];
    const expected: Readonly<Record<string, readonly string[]>> = {
      [`${root}.a`]: [`${root}.a`],
      [`${root}.*`]: [`${root}.a`, `${root}.b`],
      [`${root}.#`]: keys,
      [`${root}.*.b`]: [`${root}.a.b`],
      [`${root}.a.#`]: [`${root}.a`, `${root}.a.b`, `${root}.a.x.y.b`],
      [`${root}.#.b`]: [`${root}.b`, `${root}.a.b`, `${root}.a.x.y.b`],
      [`${root}.a.#.b`]: [`${root}.a.b`, `${root}.a.x.y.b`],
      [`${root}.*.#.*`]: [`${root}.a.b`, `${root}.b.a`, `${root}.a.x.y.b`],
      [`#.${root}.a.*`]: [`${root}.a.b`],
    };
    const takenBy = new Map<string, Message[]>();
    for (const pattern of Object.keys(expected)) takenBy.set(pattern, await collect(broker, freshQueue(bound(pattern))));
    await broker.publish(keys.map((key) => outgoing(key)));
    await eventually(() => {
      for (const [pattern, taken] of takenBy) expect([pattern, taken.map((m) => m.routingKey)]).toEqual([pattern, expected[pattern]]);
    });
  });

  it("gives every queue that is bound to a key its own copy, and one only however many bindings match", async () => {
    const key = unique("key");
    const one = await collect(broker, freshQueue(bound(key, `${key}.#`)));
    const other = await collect(broker, freshQueue(bound(key)));
    const sent = [outgoing(key), outgoing(key)];
    await broker.publish(sent);
    await eventually(() => expect([ids(one), ids(other)]).toEqual([ids(sent), ids(sent)]));
  });

  it("gives a queue on the log's exchange what is published on nemo.events too, and the other way round not", async () => {
    const key = unique("key");
    const onLog = await collect(broker, freshQueue({ bindings: [{ exchange: "nemo.log", exchangeType: "topic", key }] }));
    const onEvents = await collect(broker, freshQueue(bound(key)));
    await broker.publish([outgoing(key, { exchange: "nemo.log", messageId: "log" }), outgoing(key, { messageId: "event" })]);
    await eventually(() => expect([ids(onLog), ids(onEvents)]).toEqual([["log", "event"], ["event"]]));
  });

  it("gives a queue what is published after it was bound, and nothing older", async () => {
    const key = unique("key");
    await broker.publish([outgoing(key, { messageId: "older" })]);
    const taken = await collect(broker, freshQueue(bound(key)));
    await broker.publish([outgoing(key, { messageId: "newer" })]);
    await eventually(() => expect(ids(taken)).toEqual(["newer"]));
  });

  it("shares a queue out among its consumers", async () => {
    const key = unique("key");
    const queue = freshQueue({ ...bound(key), prefetch: 1 });
    const one = await collect(broker, queue);
    const other = await collect(broker, queue);
    const sent = Array.from({ length: 40 }, () => outgoing(key));
    await broker.publish(sent);
    await eventually(() => expect(new Set([...ids(one), ...ids(other)])).toEqual(new Set(ids(sent))));
    expect(one.length + other.length).toBe(sent.length);
    expect(Math.min(one.length, other.length)).toBeGreaterThan(0);
  });

  it("has never more in work than the prefetch, and as many as that", async () => {
    const key = unique("key");
    let inWork = 0;
    let most = 0;
    let done = 0;
    await consume(broker, freshQueue({ ...bound(key), prefetch: 3 }), async () => {
      inWork += 1;
      most = Math.max(most, inWork);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inWork -= 1;
      done += 1;
      return "ack";
    });
    await broker.publish(Array.from({ length: 60 }, () => outgoing(key)));
    await eventually(() => expect(done).toBe(60));
    expect(most).toBe(3);
  });

  it("never delivers inside publish", async () => {
    const key = unique("key");
    let isPublishing = false;
    const seen: boolean[] = [];
    await consume(broker, freshQueue(bound(key)), async () => {
      seen.push(isPublishing);
      return "ack";
    });
    isPublishing = true;
    const published = broker.publish([outgoing(key)]);
    isPublishing = false;
    await published;
    await eventually(() => expect(seen).toEqual([false]));
  });

  it.each([
    { how: "settled so", deliver: async (): Promise<Settlement> => "dead-letter" },
    {
      how: "whose delivery throws",
      deliver: async (): Promise<Settlement> => {
        throw new Error("a bug");
      },
    },
  ])("keeps a message $how in the dead-letter queue, with where it comes from", async ({ deliver }) => {
    const key = unique("key");
    const queue = freshQueue(bound(key));
    let deliveries = 0;
    await consume(broker, queue, () => {
      deliveries += 1;
      return deliver();
    });
    const sent = outgoing(key, { headers: { hops: 2 }, body: Buffer.from("poison") });
    await broker.publish([sent]);
    const dead = await collect(broker, freshQueue({ name: `${queue.name}.dlq` }));
    await eventually(() => expect(ids(dead)).toEqual([sent.messageId]));
    expect(dead[0]).toMatchObject({
      routingKey: queue.name,
      redelivered: false,
      contentType: "application/json",
      headers: { hops: 2, "x-first-death-queue": queue.name, "x-first-death-reason": "rejected", "x-death": [{ "routing-keys": [key] }] },
    });
    expect(dead[0]?.body.toString()).toBe("poison");
    expect(deliveries).toBe(1);
  });

  it("puts a dead letter back where it was when its consumer gives it up again", async () => {
    const key = unique("key");
    const queue = freshQueue(bound(key));
    await consume(broker, queue, async () => "dead-letter");
    const sent = outgoing(key);
    await broker.publish([sent]);
    const looked: Message[] = [];
    const look = await consume(broker, freshQueue({ name: `${queue.name}.dlq`, prefetch: 1 }), async (message) => {
      looked.push(message);
      return "dead-letter";
    });
    await eventually(() => expect(looked.length).toBeGreaterThan(1));
    await look.stop();
    const dead = await collect(broker, freshQueue({ name: `${queue.name}.dlq` }));
    await eventually(() => expect(ids(dead)).toEqual([sent.messageId]));
  });

  it("redelivers what was requeued, marked as such", async () => {
    const key = unique("key");
    const seen: boolean[] = [];
    await consume(broker, freshQueue(bound(key)), async (message) => {
      seen.push(message.redelivered);
      return message.redelivered ? "ack" : "requeue";
    });
    await broker.publish([outgoing(key)]);
    await eventually(() => expect(seen).toEqual([false, true]));
  });

  it("takes a requeued message before those behind it", async () => {
    const key = unique("key");
    const seen: (string | undefined)[] = [];
    const queue = freshQueue({ ...bound(key), prefetch: 1 });
    await (await broker.consume(queue, async () => "ack")).stop();
    const [one, two] = [outgoing(key), outgoing(key)];
    await broker.publish([one, two]);
    await consume(broker, queue, async (message) => {
      seen.push(message.messageId);
      return seen.length === 1 ? "requeue" : "ack";
    });
    await eventually(() => expect(seen).toEqual([one.messageId, one.messageId, two.messageId]));
  });

  it.each([1, 3])("dead-letters by itself what was delivered %i times", async (deliveryLimit) => {
    const key = unique("key");
    const queue = freshQueue({ ...bound(key), deliveryLimit });
    let deliveries = 0;
    await consume(broker, queue, async () => {
      deliveries += 1;
      return "requeue";
    });
    const sent = outgoing(key);
    await broker.publish([sent]);
    const dead = await collect(broker, freshQueue({ name: `${queue.name}.dlq` }));
    await eventually(() => expect(ids(dead)).toEqual([sent.messageId]));
    expect(dead[0]?.headers).toMatchObject({ "x-first-death-queue": queue.name, "x-first-death-reason": "delivery_limit" });
    expect(deliveries).toBe(deliveryLimit);
  });

  it("rejects a message that no queue takes, and delivers the rest of its batch", async () => {
    const exchange = strange();
    const key = unique("key");
    const taken = await collect(broker, freshQueue({ foreign: true, bindings: [{ exchange, exchangeType: "topic", key }] }));
    const [heard, unheard] = [outgoing(key, { exchange }), outgoing(unique("nobody"), { exchange })];
    await expect(broker.publish([heard, unheard])).rejects.toMatchObject({ name: "TransientError", code: "BROKER_UNROUTABLE" });
    await eventually(() => expect(ids(taken)).toEqual([heard.messageId]));
    await broker.publish([outgoing(key, { exchange })]);
  });

  it("rejects what goes to an exchange that is not there, and nothing else", async () => {
    const missing = broker.publish([outgoing("a", { exchange: unique("missing") })]);
    const present = broker.publish([outgoing(unique("key"))]);
    await expect(missing).rejects.toMatchObject({ name: "TransientError", code: "BROKER_UNROUTABLE" });
    await present;
  });

  it("takes an event that no function consumes, since the log does", async () => {
    await expect(
      broker.publish([outgoing(unique("nobody")), outgoing(unique("nobody"), { exchange: "nemo.log" })]),
    ).resolves.toBeUndefined();
  });

  it("reaches one queue by its name on the default exchange", async () => {
    const queue = freshQueue();
    const taken = await collect(broker, queue);
    const sent = outgoing(queue.name, { exchange: "" });
    await broker.publish([sent]);
    await eventually(() => expect(ids(taken)).toEqual([sent.messageId]));
    await expect(broker.publish([outgoing(unique("nobody"), { exchange: "" })])).rejects.toMatchObject({ code: "BROKER_UNROUTABLE" });
  });

  it("provides another system's queue, bound or by its name, and leaves what is in it to its owner", async () => {
    const exchange = strange();
    const queue = freshQueue({ foreign: true, bindings: [{ exchange, exchangeType: "topic", key: "costs-map" }] });
    await broker.provide(queue);
    await broker.provide(queue);
    const [bound, named] = [outgoing("costs-map", { exchange }), outgoing(queue.name, { exchange: "" })];
    await broker.publish([bound]);
    await broker.publish([named]);
    const taken = await collect(broker, queue);
    await eventually(() => expect(ids(taken)).toEqual([bound.messageId, named.messageId]));
  });

  it("keeps the dead letters of another system's queue too", async () => {
    const exchange = strange();
    const queue = freshQueue({ foreign: true, bindings: [{ exchange, exchangeType: "topic", key: "#" }] });
    await consume(broker, queue, async () => "dead-letter");
    const sent = outgoing("create-network-paths", { exchange, headers: { hops: 1 } });
    await broker.publish([sent]);
    const dead = await collect(broker, freshQueue({ name: `${queue.name}.dlq` }));
    await eventually(() => expect(ids(dead)).toEqual([sent.messageId]));
    expect(dead[0]?.headers).toMatchObject({
      hops: 1,
      "x-first-death-queue": queue.name,
      "x-first-death-reason": "rejected",
      "x-death": [{ "routing-keys": ["create-network-paths"] }],
    });
  });

  it("gives nothing back when it stops in the middle of a stream", async () => {
    const key = unique("key");
    const queue = freshQueue({ ...bound(key), prefetch: 20 });
    await (await broker.consume(queue, async () => "ack")).stop();
    await broker.publish(Array.from({ length: 2_000 }, () => outgoing(key)));
    const redelivered: Message[] = [];
    let taken = 0;
    while (taken < 2_000) {
      const until = taken + 40;
      const enough = Promise.withResolvers<void>();
      const consumer = await broker.consume(queue, async (message) => {
        taken += 1;
        if (message.redelivered) redelivered.push(message);
        if (taken >= Math.min(until, 2_000)) enough.resolve();
        return "ack";
      });
      await enough.promise;
      await consumer.stop();
    }
    expect(redelivered).toEqual([]);
  });

  it("stops when the work in hand is settled, and takes nothing new", async () => {
    const key = unique("key");
    const queue = freshQueue({ ...bound(key), prefetch: 2 });
    const begun: (string | undefined)[] = [];
    const gate = Promise.withResolvers<void>();
    const consumer = await broker.consume(queue, async (message) => {
      begun.push(message.messageId);
      await gate.promise;
      return "ack";
    });
    const sent = Array.from({ length: 6 }, () => outgoing(key));
    await broker.publish(sent);
    await eventually(() => expect(begun).toHaveLength(2));

    let isStopped = false;
    const stopped = consumer.stop().then(() => (isStopped = true));
    await broker.publish([outgoing(key, { messageId: "late" })]);
    expect(isStopped).toBe(false);
    gate.resolve();
    await stopped;
    await consumer.stop();
    expect(begun).toEqual(ids(sent).slice(0, 2));

    const taken = await collect(broker, queue);
    await eventually(() => expect(ids(taken)).toEqual([...ids(sent).slice(2), "late"]));
    expect(begun).toHaveLength(2);
  });

  it("follows the log from an offset, and goes on with what comes", async () => {
    const key = unique("key");
    const ending = new AbortController();
    const sent = Array.from({ length: 30 }, (_, i) =>
      outgoing(key, { headers: { place: i }, ...(i % 2 === 0 ? {} : { exchange: "nemo.log" }) }),
    );
    const all = follow(broker, await endOfLog(broker), key, ending.signal);
    await broker.publish(sent.slice(0, 20));
    await eventually(() => expect(ids(all.map((l) => l.message))).toEqual(ids(sent.slice(0, 20))));
    const offsets = all.map((l) => Number(l.offset));
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(new Set(offsets).size).toBe(20);

    const rest = follow(broker, all[9]?.offset ?? "", key, ending.signal);
    await eventually(() => expect(ids(rest.map((l) => l.message))).toEqual(ids(sent.slice(10, 20))));
    await broker.publish(sent.slice(20));
    await eventually(() => {
      expect(ids(all.map((l) => l.message))).toEqual(ids(sent));
      expect(ids(rest.map((l) => l.message))).toEqual(ids(sent.slice(10)));
    });
    expect(rest[0]?.message).toMatchObject({ contentType: "application/json", routingKey: key, headers: { place: 10 } });
    expect(rest[0]?.message.body.toString()).toBe("{}");
    ending.abort();
  });

  it("follows only what comes when asked for the next", async () => {
    const key = unique("key");
    const ending = new AbortController();
    await broker.publish([outgoing(key, { messageId: "before" })]);
    const live = follow(broker, "next", key, ending.signal);
    await publishUntilSeen(broker, key, live);
    expect(ids(live.map((l) => l.message))).not.toContain("before");
    ending.abort();
  });

  it("follows from the oldest event that is kept, until the reader breaks off", async () => {
    const end = Number(await endOfLog(broker));
    const offsets: number[] = [];
    for await (const { offset } of broker.follow("first", new AbortController().signal)) if (offsets.push(Number(offset)) === 2) break;
    const [oldest = NaN, second] = offsets;
    expect(second).toBe(oldest + 1);
    expect(oldest).toBeLessThan(end);
  });

  it("ends a follower when its signal aborts, and refuses an offset that is no number", async () => {
    const ending = new AbortController();
    const waiting = broker.follow("next", ending.signal)[Symbol.asyncIterator]().next();
    ending.abort();
    expect(await waiting).toMatchObject({ done: true });
    expect(await broker.follow("first", AbortSignal.abort())[Symbol.asyncIterator]().next()).toMatchObject({ done: true });

    expect(() => broker.follow("yesterday", ending.signal)).toThrow(
      expect.objectContaining({ name: "PermanentError", code: "OFFSET_INVALID" }),
    );
  });

  it("confirms what is under way before it closes, closes once, and takes nothing after", async () => {
    const own = await open();
    expect(own.isConnected()).toBe(true);
    const underway = own.publish(Array.from({ length: 100 }, () => outgoing(unique("key"))));
    const follower = own.follow("next", new AbortController().signal)[Symbol.asyncIterator]().next();
    await Promise.all([own.close(), own.close()]);
    await own.close();
    await expect(underway).resolves.toBeUndefined();
    await expect(follower).resolves.toMatchObject({ done: true });
    expect(own.isConnected()).toBe(false);
    await expect(own.publish([outgoing("a")])).rejects.toMatchObject({ name: "TransientError", code: "BROKER_UNAVAILABLE" });
  });
});
