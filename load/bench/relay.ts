import { connect, type Options } from "amqplib";
import { EVENTS_EXCHANGE } from "../../runtime/broker/broker.ts";
import { declareQueue } from "../../runtime/broker/amqp-topology.ts";
import { CONCURRENCY } from "../../runtime/host/calls.ts";
import { type Arrangement, relayTypes } from "./arrangement.ts";

const DELIVERY_LIMIT = 20;

/**
 * What the chain is measured against: the least that anybody can do on the same exchanges and the same kind of queue.
 * As the product it publishes on one connection and consumes on another, with a channel a queue and the same prefetch, `mandatory`,
 * persistent, one confirm channel, and acknowledges when its own publish is confirmed; it reads nothing of what it carries.
 */
export async function startRelay(
  amqpUrl: string,
  { queues, headers }: Extract<Arrangement, { kind: "relay" }>,
): Promise<{ stop(): Promise<void> }> {
  const publishing = await connect(amqpUrl, { noDelay: true });
  const consuming = await connect(amqpUrl, { noDelay: true });
  const publisher = await publishing.createConfirmChannel();
  let inWork = 0;
  let onIdle: (() => void) | undefined;
  const nextOf = new Map(relayTypes.slice(0, -1).map((type, stage) => [type, relayTypes[stage + 1] ?? ""]));

  for (const queue of new Set(queues)) {
    const keys = relayTypes.filter((_, stage) => queues[stage] === queue);
    const bindings = keys.map((key) => ({ exchange: EVENTS_EXCHANGE, exchangeType: "topic" as const, key: `${key}.#` }));
    const isLast = queue === queues.at(-1);
    const prefetch = isLast ? 2 * CONCURRENCY : CONCURRENCY; // an executioner's queue has a hundred
    await declareQueue(consuming, { name: queue, bindings, prefetch, deliveryLimit: DELIVERY_LIMIT });
    const channel = await consuming.createChannel();
    await channel.prefetch(prefetch);
    await channel.consume(queue, (message) => {
      if (message === null) return;
      inWork += 1;
      const properties: Options.Publish = { persistent: true, mandatory: true, messageId: String(message.properties.messageId) };
      if (headers) properties.headers = message.properties.headers;
      publisher.publish(EVENTS_EXCHANGE, nextOf.get(message.fields.routingKey) ?? "", message.content, properties, (fault) => {
        if (fault === null) channel.ack(message);
        else channel.nack(message);
        inWork -= 1;
        if (inWork === 0) onIdle?.();
      });
    });
  }
  return {
    async stop() {
      // The last confirm may still be on its way when the loader has seen the last message.
      if (inWork > 0) await new Promise<void>((resolve) => (onIdle = resolve));
      await consuming.close();
      await publishing.close();
    },
  };
}
