import { connect, type Options } from "amqplib";
import { EVENTS_EXCHANGE, type Outgoing } from "../../runtime/broker/broker.ts";
import { faultTypes, typeOf, watchedTypes } from "./arrangement.ts";

const SINK = "bench.sink";

/** An event that came out at the far end. */
export interface Seen {
  readonly id: string;
  readonly type: string;
  readonly isFault: boolean;
  readonly why: string;
}

/** The loader's side of the broker, on connections of its own: sends what starts a story, sees what ends it. */
export interface Loader {
  send(message: Outgoing): void;
  onSeen(listener: (seen: Seen) => void): void;
  /** Takes away the queues that an arrangement leaves behind, which would go on being filled; answers how many dead letters there were. */
  removeQueues(names: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

const asText = (value: unknown): string => (typeof value === "string" ? value : "");

/** What both the relay and the product are read by: one quorum queue, without acknowledgements. */
export async function openLoader(amqpUrl: string, onFault: (fault: Error) => void): Promise<Loader> {
  const publishing = await connect(amqpUrl, { noDelay: true });
  const consuming = await connect(amqpUrl, { noDelay: true });
  for (const connection of [publishing, consuming]) connection.on("error", onFault);
  const publisher = await publishing.createConfirmChannel();
  const channel = await consuming.createChannel();
  const listeners: ((seen: Seen) => void)[] = [];

  await channel.assertExchange(EVENTS_EXCHANGE, "topic", { durable: true });
  await channel.assertQueue(SINK, { durable: true, arguments: { "x-queue-type": "quorum" } });
  for (const type of watchedTypes) await channel.bindQueue(SINK, EVENTS_EXCHANGE, `${type}.#`);
  await channel.consume(
    SINK,
    (message) => {
      if (message === null) return;
      const { headers, messageId } = message.properties;
      const type = typeOf(message.fields.routingKey, asText(headers?.["type"]));
      const isFault = faultTypes.has(type);
      const seen = {
        id: asText(headers?.["subject"]) || asText(messageId),
        type,
        isFault,
        why: isFault ? message.content.toString() : "",
      };
      for (const listener of listeners) listener(seen);
    },
    { noAck: true },
  );

  return {
    send({ exchange = EVENTS_EXCHANGE, routingKey, body, contentType, messageId, type, headers }) {
      const properties: Options.Publish = {
        persistent: true,
        mandatory: true,
        contentType,
        messageId,
        headers,
        ...(type === undefined ? {} : { type }),
      };
      publisher.publish(exchange, routingKey, body, properties, (fault: Error | null) => {
        if (fault !== null) onFault(fault);
      });
    },
    onSeen(listener) {
      listeners.push(listener);
    },
    async removeQueues(names) {
      let dead = 0;
      for (const name of names) {
        await channel.deleteQueue(name);
        dead += (await channel.deleteQueue(`${name}.dlq`)).messageCount;
      }
      return dead;
    },
    async close() {
      await publishing.close();
      await consuming.close();
    },
  };
}
