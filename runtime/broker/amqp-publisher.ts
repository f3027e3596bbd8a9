import { type ConfirmChannel, IllegalOperationError, type Message as Returned, type Options } from "amqplib";
import { PermanentError, TransientError } from "../errors.ts";
import { keepChannel, type LinkOptions, openLink } from "./amqp-link.ts";
import { declareExchanges, declareLog, exchangeExists, isOurs } from "./amqp-topology.ts";
import { EVENTS_EXCHANGE, type Outgoing } from "./broker.ts";

/** Wider than what the system itself may publish: a dead letter of another system keeps the properties that it came with. */
export interface Sendable extends Omit<Outgoing, "contentType" | "messageId" | "headers"> {
  readonly contentType: string | undefined;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Publisher {
  publish(messages: readonly Sendable[]): Promise<void>;
  isReady(): boolean;
  /** Lets what is under way be confirmed, or run out of time, and closes the connection. */
  close(): Promise<void>;
}

/** What one call of publish() waits for. */
interface Batch {
  readonly messages: readonly Sendable[];
  readonly deadline: number;
  unconfirmed: number;
  settled: boolean;
  settle(fault?: Error): void;
  onConfirm(fault: Error | null): void;
}

const unavailable = (message: string, cause?: unknown): TransientError => new TransientError("BROKER_UNAVAILABLE", message, { cause });

/** One confirm channel for the whole process. No publish waits for the confirm of another: that is 13 to 48 times slower. */
export async function openPublisher(
  linkOptions: LinkOptions,
  { confirmTimeoutMs, logMaxBytes }: { readonly confirmTimeoutMs: number; readonly logMaxBytes: number },
): Promise<Publisher> {
  const { log } = linkOptions;
  const known = new Map<string, Promise<boolean>>(); // exchanges of others: publishing to one that is missing would close the channel for all
  const unsettled = new Set<Batch>(); // in the order of their deadlines, since all have the same time
  let waiting: Batch[] = [];
  let channel: ConfirmChannel | undefined;
  let hasRoom = true;
  let isBlocked = false;
  let isClosed = false;
  let sweep: NodeJS.Timeout | undefined;
  let onIdle: (() => void) | undefined;

  const link = await openLink({
    ...linkOptions,
    onBlocked(now) {
      isBlocked = now;
      pump();
    },
  });
  const kept = keepChannel(link, {
    what: "the channel to publish on",
    log,
    open: (model) => model.createConfirmChannel(),
    async setUp(fresh, model) {
      let isOpen = true;
      fresh.once("close", () => {
        isOpen = false;
        if (channel === fresh) channel = undefined;
        known.clear();
      });
      fresh.on("return", onReturn);
      fresh.on("drain", () => {
        hasRoom = true;
        pump();
      });
      await declareExchanges(fresh);
      if ((await declareLog(model, logMaxBytes)) === "as found") log.warn({ logMaxBytes }, "log has another size than asked for");
      if (!isOpen) throw unavailable("the channel was lost while the log was declared");
      hasRoom = true;
      channel = fresh;
      pump();
    },
  });

  function publish(messages: readonly Sendable[]): Promise<void> {
    if (isClosed) return Promise.reject(unavailable("the broker client is closed"));
    if (messages.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const batch: Batch = {
        messages,
        deadline: performance.now() + confirmTimeoutMs,
        unconfirmed: messages.length,
        settled: false,
        settle(fault) {
          if (batch.settled) return;
          batch.settled = true;
          unsettled.delete(batch);
          if (fault === undefined) resolve();
          else reject(fault);
          if (unsettled.size === 0) onIdle?.();
        },
        onConfirm(fault) {
          batch.unconfirmed -= 1;
          if (fault !== null) batch.settle(unavailable("the broker did not confirm", fault));
          else if (batch.unconfirmed === 0) batch.settle();
        },
      };
      unsettled.add(batch);
      sweep ??= setTimeout(expire, confirmTimeoutMs);
      if (messages.some(isToStranger)) void enqueueIfKnown(batch);
      else enqueue(batch);
    });
  }

  const isToStranger = ({ exchange }: Sendable): boolean => exchange !== undefined && !isOurs(exchange);

  async function enqueueIfKnown(batch: Batch): Promise<void> {
    try {
      for (const { exchange = EVENTS_EXCHANGE } of batch.messages.filter(isToStranger)) {
        const isThere = known.get(exchange) ?? link.opened().then((model) => exchangeExists(model, exchange));
        known.set(exchange, isThere);
        if (await isThere) continue;
        known.delete(exchange);
        return batch.settle(new TransientError("BROKER_UNROUTABLE", `there is no exchange ${exchange}`));
      }
      if (!batch.settled) enqueue(batch);
    } catch (cause) {
      known.clear();
      batch.settle(unavailable("the broker did not say whether the exchange exists", cause));
    }
  }

  function enqueue(batch: Batch): void {
    waiting.push(batch);
    pump();
  }

  function pump(): void {
    let taken = 0;
    for (const batch of waiting) {
      if (channel === undefined || !hasRoom || isBlocked) break;
      taken += 1;
      if (!batch.settled) send(channel, batch);
    }
    waiting = taken === waiting.length ? [] : waiting.slice(taken);
  }

  function send(on: ConfirmChannel, batch: Batch): void {
    try {
      for (const message of batch.messages) {
        const { exchange = EVENTS_EXCHANGE, routingKey, body } = message;
        if (!on.publish(exchange, routingKey, body, propertiesOf(message), batch.onConfirm)) hasRoom = false;
      }
    } catch (cause) {
      const isGone = cause instanceof IllegalOperationError;
      batch.settle(
        isGone
          ? unavailable("the channel is closed", cause)
          : new PermanentError("MESSAGE_UNSENDABLE", "AMQP cannot carry the message", { cause }),
      );
    }
  }

  /** Arrives before the confirm of the same message, and says only what it looked like: an equal one is as unroutable. */
  function onReturn({ fields, properties }: Returned): void {
    const isIt = ({ messageId, routingKey, exchange = EVENTS_EXCHANGE }: Sendable): boolean =>
      messageId === properties.messageId && routingKey === fields.routingKey && exchange === fields.exchange;
    for (const batch of unsettled)
      if (batch.messages.some(isIt))
        batch.settle(new TransientError("BROKER_UNROUTABLE", `no queue takes ${fields.routingKey} on ${fields.exchange}`));
  }

  /** One timer for all that is under way, set to the oldest: it fires once a time-out, not once a message. */
  function expire(): void {
    const now = performance.now();
    for (const batch of unsettled) {
      if (batch.deadline > now) break;
      batch.settle(unavailable(`no confirm within ${String(confirmTimeoutMs)} ms`));
    }
    waiting = waiting.filter((batch) => !batch.settled);
    const [oldest] = unsettled;
    sweep = oldest === undefined ? undefined : setTimeout(expire, Math.max(1, oldest.deadline - now));
  }

  try {
    await kept.ready;
  } catch (cause) {
    await link.close();
    throw cause;
  }
  return {
    publish,
    isReady: () => channel !== undefined && !isBlocked && !isClosed,
    async close() {
      isClosed = true;
      if (unsettled.size > 0) await new Promise<void>((resolve) => (onIdle = resolve));
      clearTimeout(sweep);
      await link.close(); // and its channel with it
    },
  };
}

const propertiesOf = ({ contentType, messageId, type, timestampMs, headers }: Sendable): Options.Publish => ({
  mandatory: true,
  persistent: true,
  headers,
  ...(contentType === undefined ? {} : { contentType }),
  ...(messageId === undefined ? {} : { messageId }),
  ...(type === undefined ? {} : { type }),
  ...(timestampMs === undefined ? {} : { timestamp: Math.floor(timestampMs / 1000) }),
});
