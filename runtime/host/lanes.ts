import type { Broker, Message, Outgoing, Settlement } from "../broker/broker.ts";
import type { Fault, HostedFunction } from "../function.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Deliveries } from "./delivery.ts";
import { quarantineOf } from "./queue.ts";

/** Returns to a queue that bring a message under suspicion: one is any restart's doing. */
const SUSPICIOUS = 2;
/** Ends of the process with this one message in work, after which it is held to be their cause. */
const CONVICTED = 3;

export const CRASHES: Fault = {
  code: "FUNCTION_CRASHED",
  reason: `the function's process ended ${String(CONVICTED)} times over this event alone`,
};

type Deliver<B> = (fn: HostedFunction<B>, message: Message) => Promise<Settlement>;

interface Lanes<B> {
  /** From the function's queue, many at once. */
  readonly wide: Deliver<B>;
  /** From its quarantine, one at a time. */
  readonly narrow: Deliver<B>;
}

/**
 * A message that ends the process which takes it has every other message in work returned with it, and counted: at a prefetch of 40 and a delivery
 * limit of 3, 40 dead letters, 39 of them innocent (observed on RabbitMQ 3.10.8). So what comes back again goes on alone, where only the culprit is counted.
 */
export function lanes<B>(parts: {
  readonly broker: Broker;
  readonly deliveries: Deliveries<B>;
  readonly metrics: Metrics;
  readonly log: Logger;
}): Lanes<B> {
  const { broker, deliveries, metrics, log } = parts;

  /** Published before it is acknowledged: a crash in between makes two of it, which is what duplicates are known for. */
  async function isolate(fn: HostedFunction<B>, message: Message): Promise<Settlement> {
    try {
      await broker.publish([moved(message, quarantineOf(fn).name)]);
    } catch (cause) {
      log.warn({ fn: fn.name, messageId: message.messageId, reason: cause instanceof Error ? cause.message : "" }, "message not isolated");
      return "requeue";
    }
    metrics.isolated(fn.name);
    log.warn(
      { fn: fn.name, messageId: message.messageId, returns: returnsOf(message) },
      "message isolated: its process ended before it did",
    );
    return "ack";
  }

  return {
    async wide(fn, message) {
      if (message.redelivered) metrics.redelivered(fn.name);
      if (returnsOf(message) >= SUSPICIOUS) return isolate(fn, message);
      const settlement = await deliveries.deliver(fn, message);
      return settlement === "crashed" ? isolate(fn, message) : settlement;
    },
    async narrow(fn, message) {
      if (message.redelivered) metrics.redelivered(fn.name);
      if (returnsOf(message) >= CONVICTED) return deliveries.giveUp(fn, message, CRASHES);
      const settlement = await deliveries.deliver(fn, message);
      return settlement === "crashed" ? "requeue" : settlement;
    },
  };
}

/** How often a message was given back, or taken back from a consumer that was gone: a quorum queue counts it, and so does the broker in memory. */
const returnsOf = ({ headers }: Message): number => Number(headers["x-delivery-count"] ?? 0);

/** The same message for another queue, without what its first one wrote on it. */
function moved({ body, contentType, messageId, headers }: Message, queue: string): Outgoing {
  const kept = Object.entries(headers).filter(
    (entry): entry is [string, string | number | boolean] => !entry[0].startsWith("x-") && typeof entry[1] !== "object",
  );
  const { type } = headers;
  return {
    exchange: "",
    routingKey: queue,
    body,
    contentType: contentType ?? "application/octet-stream",
    messageId: messageId ?? "",
    ...(typeof type === "string" ? { type } : {}),
    headers: Object.fromEntries(kept),
  };
}
