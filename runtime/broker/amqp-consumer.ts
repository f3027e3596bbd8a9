import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, ConsumeMessage } from "amqplib";
import { closeChannel, keepChannel, type Link } from "./amqp-link.ts";
import type { Publisher } from "./amqp-publisher.ts";
import { declareQueue } from "./amqp-topology.ts";
import type { BrokerLog, Consumer, Message, Queue, Settlement } from "./broker.ts";
import { DEAD_LETTER_EXCHANGE, deathHeaders, isDeadLetterQueue } from "./dead-letter.ts";

/** How long a queue with enough messages needs, at most, to fill the prefetch; one that has fewer has nothing to send. */
const FILLING_MS = 100;

interface Delivery {
  readonly channel: Channel;
  readonly raw: ConsumeMessage;
}

export async function openConsumer(
  link: Link,
  queue: Queue,
  deliver: (message: Message) => Promise<Settlement>,
  { publisher, log }: { readonly publisher: Publisher; readonly log: BrokerLog },
): Promise<Consumer> {
  let inWork = 0;
  let current: { readonly channel: Channel; readonly consumerTag: string } | undefined;
  let stopped: Promise<void> | undefined;
  let onIdle: (() => void) | undefined;
  /** Delivered on the present channel, and not settled there. */
  let unsettled = 0;
  let onFull: (() => void) | undefined;
  /** Settlements that wait for the cancel; undefined where none has to. */
  let held: (() => void)[] | undefined;
  /** Deliveries of a new channel that came while those of the lost one were still in work. */
  let early: Delivery[] = [];

  const kept = keepChannel(link, {
    what: `queue ${queue.name}`,
    log,
    open: (model) => model.createChannel(),
    async setUp(channel, model) {
      channel.once("close", () => {
        current = undefined;
        early = []; // the broker has them again
      });
      await declareQueue(model, queue);
      await channel.prefetch(queue.prefetch);
      if (stopped !== undefined) return;
      unsettled = 0;
      const { consumerTag } = await channel.consume(queue.name, (raw) => {
        if (raw === null) return void closeChannel(channel); // the queue was deleted: a new channel declares it again
        unsettled += 1;
        if (unsettled === queue.prefetch) onFull?.();
        take({ channel, raw });
      });
      if (stopped === undefined) current = { channel, consumerTag };
      else await channel.cancel(consumerTag);
    },
  });

  function take(delivery: Delivery): void {
    if (inWork < queue.prefetch) void work(delivery);
    else early.push(delivery);
  }

  async function work(delivery: Delivery): Promise<void> {
    inWork += 1;
    let settlement: Settlement;
    try {
      settlement = await deliver(toMessage(delivery.raw));
    } catch (cause) {
      log.error({ queue: queue.name, messageId: delivery.raw.properties.messageId, err: cause }, "delivery threw");
      settlement = "dead-letter";
    }
    if (settlement === "dead-letter" && queue.foreign === true) settlement = await bury(delivery.raw);
    const settled = (): void => settle(delivery, settlement);
    if (held === undefined) settled();
    else held.push(settled);
    inWork -= 1;
    const next = early.shift();
    if (next !== undefined) take(next);
    if (inWork === 0) onIdle?.();
  }

  /** Another system's queue has no dead-letter exchange of ours, so its dead letters are taken there by hand. */
  async function bury({ content, fields, properties }: ConsumeMessage): Promise<Settlement> {
    const { contentType, messageId, headers } = toMessage({ content, fields, properties });
    const death = deathHeaders(queue.name, "rejected", fields.routingKey);
    try {
      await publisher.publish([
        {
          exchange: DEAD_LETTER_EXCHANGE,
          routingKey: queue.name,
          body: content,
          contentType,
          messageId,
          headers: { ...headers, ...death },
        },
      ]);
      return "ack";
    } catch (cause) {
      log.error({ queue: queue.name, messageId, err: cause }, "dead letter could not be kept");
      return "requeue";
    }
  }

  function settle({ channel, raw }: Delivery, settlement: Settlement): void {
    if (channel === current?.channel) unsettled -= 1;
    try {
      if (settlement === "ack") channel.ack(raw);
      else channel.nack(raw, false, settlement === "requeue" || isDeadLetterQueue(queue.name));
    } catch {
      // The channel has died, and the broker delivers again what was not settled on it.
    }
  }

  /**
   * A quorum queue takes back what it has sent and the broker's channel has not passed on when the cancel comes, and counts that as a delivery
   * (observed on RabbitMQ 3.10.8: a dozen messages a stop). While nothing is settled it sends no more than the prefetch, so that once all of it is
   * here, nothing is on its way.
   */
  async function cancel({ channel, consumerTag }: NonNullable<typeof current>): Promise<void> {
    held = [];
    if (unsettled < queue.prefetch) {
      const full = new Promise<void>((resolve) => (onFull = resolve));
      await Promise.race([full, sleep(FILLING_MS, undefined, { ref: false })]);
    }
    await channel.cancel(consumerTag).catch(() => undefined);
    const settled = held;
    held = undefined;
    for (const settle of settled) settle();
  }

  async function stop(): Promise<void> {
    if (current !== undefined) await cancel(current);
    if (inWork > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    await kept.stop();
  }

  try {
    await kept.ready;
  } catch (cause) {
    await kept.stop();
    throw cause;
  }
  return { stop: () => (stopped ??= stop()) };
}

export function toMessage({ content, fields, properties }: ConsumeMessage): Message {
  const { contentType, messageId, headers }: { contentType?: unknown; messageId?: unknown; headers?: Record<string, unknown> | undefined } =
    properties;
  return {
    body: content,
    contentType: typeof contentType === "string" ? contentType : undefined,
    messageId: typeof messageId === "string" ? messageId : undefined,
    headers: headers ?? {},
    routingKey: fields.routingKey,
    redelivered: fields.redelivered,
  };
}
