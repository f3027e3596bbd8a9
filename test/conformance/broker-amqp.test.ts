import { type Channel, connect } from "amqplib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker, Outgoing } from "../../runtime/broker/broker.ts";
import { TransientError } from "../../runtime/errors.ts";
import {
  amqpUrl,
  atEnd,
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
import { type BrokerProxy, openBrokerProxy } from "./broker-proxy.ts";

const unavailable = { name: "TransientError", code: "BROKER_UNAVAILABLE" };

describe("amqp broker behind a network that fails", () => {
  let proxy: BrokerProxy;
  let broker: Broker;
  let reconnections = 0;

  beforeEach(async () => {
    proxy = await openBrokerProxy(amqpUrl);
    reconnections = 0;
    broker = await openAmqp({
      url: proxy.url,
      log: quiet,
      confirmTimeoutMs: 5_000,
      heartbeatS: 1,
      onReconnect: () => (reconnections += 1),
    });
  });
  afterEach(async () => {
    await broker.close();
    await proxy.close();
  });
  cleanUpAfterEach(); // before the two above, which is the reverse of the order that they are given in

  it("rejects what was under way when the connection broke, succeeds later, and consumers come back", async () => {
    const key = unique("key");
    const taken = await collect(broker, freshQueue(bound(key)));
    proxy.freeze(); // nothing that is published from here on is confirmed
    const underway = broker.publish([outgoing(key, { messageId: "under way" })]);
    const rejected = expect(underway).rejects.toMatchObject(unavailable);
    await new Promise((resolve) => setImmediate(resolve));
    proxy.cut();
    await rejected;
    await broker.publish([outgoing(key, { messageId: "later" })]);
    await eventually(() => expect(ids(taken)).toContain("later"));
    await eventually(() => expect(reconnections).toBe(2)); // both connections
    expect(broker.isConnected()).toBe(true);
  });

  it("loses nothing that was confirmed while the connection is cut three times", async () => {
    const key = unique("key");
    const taken = await collect(broker, freshQueue({ ...bound(key), prefetch: 50, deliveryLimit: 100 }));
    const sent = Array.from({ length: 500 }, () => outgoing(key));
    let confirmed = 0;
    let rejected = 0;
    const untilConfirmed = async (message: Outgoing): Promise<void> => {
      for (;;) {
        try {
          await broker.publish([message]);
          confirmed += 1;
          return;
        } catch (cause) {
          expect(cause).toBeInstanceOf(TransientError);
          rejected += 1;
        }
      }
    };
    let publishing = Promise.resolve<unknown>(undefined);
    for (const part of [0, 1, 2, 3]) {
      publishing = Promise.all([publishing, ...sent.slice(part * 125, (part + 1) * 125).map(untilConfirmed)]);
      // Half of this part is confirmed, the other half is on its way.
      await eventually(() => expect(confirmed).toBeGreaterThan(part * 125));
      if (part < 3) proxy.cut();
    }
    await publishing;
    expect(rejected).toBeGreaterThan(0);
    await eventually(() => expect(new Set(ids(taken))).toEqual(new Set(ids(sent))));
  });

  it("never works on more than the prefetch, although the broker redelivers what is in work here", async () => {
    const key = unique("key");
    let inWork = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const settled: (string | undefined)[] = [];
    await consume(broker, freshQueue({ ...bound(key), prefetch: 2 }), async (message) => {
      inWork += 1;
      most = Math.max(most, inWork);
      await gate.promise;
      inWork -= 1;
      settled.push(message.messageId);
      return "ack";
    });
    const sent = [outgoing(key), outgoing(key), outgoing(key)];
    await broker.publish(sent);
    await eventually(() => expect(inWork).toBe(2));
    proxy.cut();
    await eventually(() => expect(reconnections).toBe(2));
    await broker.publish([outgoing(key, { messageId: "last" })]);
    gate.resolve(); // the first two settle on a channel that is no more
    await eventually(() => expect(settled).toContain("last"));
    expect(new Set(settled)).toEqual(new Set([...ids(sent), "last"]));
    expect(most).toBe(2);
  });

  it("rejects a publish in time while the broker is away, and lets one through that can still wait", async () => {
    const hasty = await openAmqp({ url: proxy.url, log: quiet, confirmTimeoutMs: 300 });
    atEnd(() => hasty.close());
    const key = unique("key");
    const taken = await collect(broker, freshQueue(bound(key)));
    await proxy.down();
    await eventually(() => expect([hasty.isConnected(), broker.isConnected()]).toEqual([false, false]));
    const patient = broker.publish([outgoing(key, { messageId: "patient" })]);
    const from = performance.now();
    await expect(hasty.publish([outgoing(key, { messageId: "hasty" })])).rejects.toMatchObject(unavailable);
    const took = performance.now() - from;
    expect(took).toBeGreaterThan(250);
    expect(took).toBeLessThan(2_000);
    await proxy.up();
    await patient;
    await eventually(() => expect(ids(taken)).toEqual(["patient"]));
  });

  it("rejects a publish that is not confirmed in time, and finds the silent connection", async () => {
    let back = 0;
    const hasty = await openAmqp({ url: proxy.url, log: quiet, confirmTimeoutMs: 300, heartbeatS: 1, onReconnect: () => (back += 1) });
    atEnd(() => hasty.close());
    proxy.freeze();
    await expect(hasty.publish([outgoing(unique("key"))])).rejects.toMatchObject(unavailable);
    await eventually(() => expect([back, hasty.isConnected()]).toEqual([2, true])); // after two to three heartbeats
    await hasty.publish([outgoing(unique("key"))]);
  });

  it("closes although the broker does not answer", async () => {
    const other = await openAmqp({ url: proxy.url, log: quiet, confirmTimeoutMs: 200 });
    proxy.freeze();
    const underway = expect(other.publish([outgoing(unique("key"))])).rejects.toMatchObject(unavailable);
    const from = performance.now();
    await Promise.all([underway, other.close()]);
    expect(performance.now() - from).toBeLessThan(4_000);
  });

  it("follows on after the last event that it saw", async () => {
    const direct = await openAmqp({ url: amqpUrl, log: quiet });
    atEnd(() => direct.close());
    const key = unique("key");
    const ending = new AbortController();
    const seen = follow(broker, await endOfLog(broker), key, ending.signal);
    const sent = Array.from({ length: 7 }, () => outgoing(key));
    await direct.publish(sent.slice(0, 1));
    await eventually(() => expect(seen).toHaveLength(1));
    for (const from of [1, 3, 5]) {
      await proxy.down();
      await direct.publish(sent.slice(from, from + 1));
      await proxy.up();
      await direct.publish(sent.slice(from + 1, from + 2));
      await eventually(() => expect(ids(seen.map((l) => l.message))).toEqual(ids(sent.slice(0, from + 2))));
    }
    ending.abort();
  });

  it("misses nothing after it asked for the next, although the connection breaks before anything came", async () => {
    const direct = await openAmqp({ url: amqpUrl, log: quiet });
    atEnd(() => direct.close());
    const ending = new AbortController();
    const key = unique("key");
    const attached = proxy.said("amq.ctag-"); // the name of the consumer, in the answer that it is there
    const seen = follow(broker, "next", key, ending.signal);
    await attached;
    await proxy.down();
    await direct.publish([outgoing(key, { messageId: "meanwhile" })]);
    await proxy.up();
    await eventually(() => expect(ids(seen.map((l) => l.message))).toEqual(["meanwhile"]));
    ending.abort();
  });

  it("stops a consumer whose connection is gone", async () => {
    const key = unique("key");
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    const consumer = await broker.consume(freshQueue(bound(key)), async () => {
      begun += 1;
      await gate.promise;
      return "ack";
    });
    await broker.publish([outgoing(key)]);
    await eventually(() => expect(begun).toBe(1));
    await proxy.down();
    const stopped = consumer.stop();
    gate.resolve();
    await stopped;
    await proxy.up();
    expect(begun).toBe(1);
  });

  it("cannot be opened where there is no broker", async () => {
    await proxy.down();
    await expect(openAmqp({ url: proxy.url, log: quiet })).rejects.toMatchObject(unavailable);
    await proxy.up();
  });
});

describe("amqp broker that it shares with others", () => {
  cleanUpAfterEach();

  const open = async (): Promise<{ broker: Broker; channel: Channel }> => {
    const broker = await openAmqp({ url: amqpUrl, log: quiet });
    atEnd(() => broker.close());
    const connection = await connect(amqpUrl);
    atEnd(() => connection.close());
    return { broker, channel: await connection.createChannel() };
  };

  it("uses another system's queue as found", async () => {
    const { broker, channel } = await open();
    const exchange = strange();
    const queue = freshQueue({ foreign: true, bindings: [{ exchange, exchangeType: "topic", key: "create-network-paths" }] });
    await channel.assertExchange(exchange, "direct", { durable: false });
    await channel.assertQueue(queue.name, { durable: true, arguments: { "x-max-length": 7 } });
    const taken = await collect(broker, queue);
    channel.publish(exchange, "create-network-paths", Buffer.from("{}"));
    await eventually(() => expect(taken).toHaveLength(1));
    expect(taken[0]).toMatchObject({ contentType: undefined, messageId: undefined, headers: {}, routingKey: "create-network-paths" });
    // Refused with 406 if it had been declared otherwise meanwhile.
    await channel.assertQueue(queue.name, { durable: true, arguments: { "x-max-length": 7 } });
    await channel.assertExchange(exchange, "direct", { durable: false });
  });

  it("declares another system's queue where it is missing, so that its owner can declare it too", async () => {
    const { broker, channel } = await open();
    const exchange = strange();
    const queue = freshQueue({ foreign: true, bindings: [{ exchange, exchangeType: "topic", key: "#" }] });
    await collect(broker, queue);
    await expect(channel.assertQueue(queue.name, { durable: true })).resolves.toMatchObject({ queue: queue.name, consumerCount: 1 });
    await channel.assertExchange(exchange, "topic", { durable: true });
  });

  it("declares its queue again, and consumes, when somebody deletes it", async () => {
    const { broker, channel } = await open();
    const key = unique("key");
    const queue = freshQueue(bound(key));
    const taken = await collect(broker, queue);
    await channel.deleteQueue(queue.name);
    await publishUntilSeen(broker, key, taken);
  });

  it("refuses to use a function queue that was declared otherwise", async () => {
    const { broker, channel } = await open();
    const queue = freshQueue({ deliveryLimit: 3 });
    await channel.assertQueue(queue.name, { durable: true });
    await expect(broker.consume(queue, async () => "ack")).rejects.toMatchObject({ name: "PermanentError", code: "BROKER_REFUSED" });
  });

  it("refuses a message that AMQP cannot carry, and goes on", async () => {
    const { broker } = await open();
    const refused = broker.publish([outgoing("x".repeat(300))]);
    const underway = broker.publish([outgoing(unique("key"))]);
    await expect(refused).rejects.toMatchObject({ name: "PermanentError", code: "MESSAGE_UNSENDABLE" });
    await underway;
  });

  it("survives the deletion of an exchange that it publishes to", async () => {
    const { broker, channel } = await open();
    const exchange = strange();
    await collect(broker, freshQueue({ foreign: true, bindings: [{ exchange, exchangeType: "topic", key: "#" }] }));
    await broker.publish([outgoing("a", { exchange })]);
    await channel.deleteExchange(exchange);
    await expect(broker.publish([outgoing("a", { exchange })])).rejects.toMatchObject(unavailable);
    await expect(broker.publish([outgoing("a", { exchange })])).rejects.toMatchObject({ code: "BROKER_UNROUTABLE" });
    await broker.publish([outgoing(unique("key"))]);
  });

  it("sends messages as persistent, with every property that a reader in another language looks for", async () => {
    const { broker, channel } = await open();
    const key = unique("key");
    const queue = freshQueue();
    await channel.assertQueue(queue.name, { durable: true });
    await channel.bindQueue(queue.name, "nemo.events", key);
    await broker.publish([
      outgoing(key, { messageId: "7", type: "a.b.v1", timestampMs: 1_700_000_000_999, headers: { specversion: "1.0" } }),
    ]);
    const got = await channel.get(queue.name, { noAck: true });
    expect(got === false ? undefined : got.properties).toMatchObject({
      contentType: "application/json",
      deliveryMode: 2,
      messageId: "7",
      timestamp: 1_700_000_000,
      type: "a.b.v1",
      headers: { specversion: "1.0" },
    });
  });
});
