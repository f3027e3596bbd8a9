import { randomUUID } from "node:crypto";
import { connect } from "amqplib";
import { afterEach, expect, vi } from "vitest";
import type { Broker, BrokerLog, Consumer, Logged, Message, Offset, Outgoing, Queue, Settlement } from "../../runtime/broker/broker.ts";

/** The test runner says here where it has started RabbitMQ. */
export const amqpUrl = process.env["AMQP_URL"] ?? "amqp://guest:guest@127.0.0.1:5672";
export const quiet: BrokerLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What the current test leaves behind on the broker. */
const queues = new Set<string>();
const exchanges = new Set<string>();
let stopping: (() => Promise<unknown>)[] = [];

export const unique = (what: string): string => `test.${randomUUID().slice(0, 8)}.${what}`;

export const freshQueue = (given: Partial<Queue> = {}): Queue => {
  const queue = { name: unique("queue"), bindings: [], prefetch: 10, deliveryLimit: 20, ...given };
  queues.add(queue.name).add(`${queue.name}.dlq`);
  return queue;
};

export const bound = (...keys: string[]): Pick<Queue, "bindings"> => ({
  bindings: keys.map((key) => ({ exchange: "nemo.events", exchangeType: "topic", key })),
});

export const outgoing = (routingKey: string, given: Partial<Outgoing> = {}): Outgoing => ({
  routingKey,
  body: Buffer.from("{}"),
  contentType: "application/json",
  messageId: randomUUID(),
  headers: {},
  ...given,
});

/** Consumes until the end of the test. */
export async function consume(broker: Broker, queue: Queue, deliver: (message: Message) => Promise<Settlement>): Promise<Consumer> {
  const consumer = await broker.consume(queue, deliver);
  stopping.push(() => consumer.stop());
  return consumer;
}

/** Consumes into a list. */
export async function collect(broker: Broker, queue: Queue): Promise<Message[]> {
  const taken: Message[] = [];
  await consume(broker, queue, async (message) => {
    taken.push(message);
    return "ack";
  });
  return taken;
}

export const ids = (messages: readonly { readonly messageId: string | undefined }[]): (string | undefined)[] =>
  messages.map((m) => m.messageId);

export const eventually = (check: () => void | Promise<void>, withinMs = 10_000): Promise<void> =>
  vi.waitFor(check, { timeout: withinMs, interval: 5 });

/** Runs after the test, the last one given first. */
export const atEnd = (stop: () => Promise<unknown>): unknown => stopping.push(stop);

/** An exchange of another system. */
export function strange(): string {
  const exchange = unique("exchange");
  exchanges.add(exchange);
  return exchange;
}

async function removeLeftovers(): Promise<void> {
  if (queues.size + exchanges.size === 0) return;
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  for (const queue of queues) await channel.deleteQueue(queue);
  for (const exchange of exchanges) await channel.deleteExchange(exchange);
  await connection.close();
  queues.clear();
  exchanges.clear();
}

/** Call in a describe block: what a test has opened and declared is gone after it. */
export const cleanUpAfterEach = (): void =>
  afterEach(async () => {
    const begun = stopping.toReversed();
    stopping = [];
    for (const stop of begun) await stop();
    await removeLeftovers();
  });

/** Collects what the log has for one routing key; others may be writing to it too. */
export function follow(broker: Broker, after: Offset | "first" | "next", key: string, signal: AbortSignal): Logged[] {
  const seen: Logged[] = [];
  const entries = broker.follow(after, signal);
  const reading = (async () => {
    for await (const entry of entries) if (entry.message.routingKey === key) seen.push(entry);
  })();
  stopping.push(() => reading);
  return seen;
}

/** A follower attaches in the background: what tells that it has is the first event that comes through. */
export const publishUntilSeen = (broker: Broker, key: string, seen: readonly unknown[]): Promise<void> =>
  eventually(async () => {
    await broker.publish([outgoing(key)]);
    expect(seen.length).toBeGreaterThan(0);
  });

/** An offset that everything published after this lies behind, so that a test does not read what others have written. */
export async function endOfLog(broker: Broker): Promise<Offset> {
  const key = unique("end");
  const ending = new AbortController();
  const seen = follow(broker, "next", key, ending.signal);
  await publishUntilSeen(broker, key, seen);
  ending.abort();
  return seen[0]?.offset ?? "";
}
