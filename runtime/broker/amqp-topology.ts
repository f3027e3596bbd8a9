import type { Channel, ChannelModel } from "amqplib";
import { replyCode, withChannel } from "./amqp-link.ts";
import { EVENTS_EXCHANGE, LOG_EXCHANGE, type Queue } from "./broker.ts";
import { DEAD_LETTER_EXCHANGE, deadLetterQueue, isDeadLetterQueue } from "./dead-letter.ts";

export const LOG_QUEUE = "nemo.log";

/** A queue as RabbitMQ declares it. Arguments are part of its identity: another value is refused with 406. */
interface Declaration {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

export const exchanges = [
  { name: EVENTS_EXCHANGE, type: "topic" },
  { name: LOG_EXCHANGE, type: "topic" },
  { name: DEAD_LETTER_EXCHANGE, type: "direct" },
] as const;

export const logQueue = (maxBytes: number): Declaration => ({
  name: LOG_QUEUE,
  arguments: { "x-queue-type": "stream", "x-max-length-bytes": maxBytes },
});

const MAX_BACKLOG = 1_000_000;

export const functionQueue = ({ name, deliveryLimit, deadLettersOf = name }: Queue): Declaration => ({
  name,
  arguments: {
    "x-queue-type": "quorum",
    // RabbitMQ counts returns, of which the first delivery is none (observed on 3.10.8: limit 2, delivered 3 times).
    "x-delivery-limit": deliveryLimit - 1,
    "x-dead-letter-exchange": DEAD_LETTER_EXCHANGE,
    "x-dead-letter-routing-key": deadLettersOf,
    // A backlog beyond this is pushed back to whoever publishes; without a bound it would end at the disk alarm, for every queue at once.
    "x-max-length": MAX_BACKLOG,
    // At-least-once dead-lettering is refused without it.
    "x-overflow": "reject-publish",
    "x-dead-letter-strategy": "at-least-once",
  },
});

export const deadLetters = (name: string): Declaration => ({ name, arguments: { "x-queue-type": "quorum" } });

/** Idempotent, and repeated for every channel that needs it, so that a broker which comes back empty is furnished again. */
export async function declareExchanges(channel: Channel): Promise<void> {
  await Promise.all(exchanges.map(({ name, type }) => channel.assertExchange(name, type, { durable: true })));
  await channel.bindExchange(LOG_EXCHANGE, EVENTS_EXCHANGE, "#");
}

/** The log is used as found where its size was set otherwise: a changed limit is the operator's to apply, not a reason to stop. */
export async function declareLog(model: ChannelModel, maxBytes: number): Promise<"as asked" | "as found"> {
  const asked = await unlessRefused(model, 406, (channel) => assertQueue(channel, logQueue(maxBytes)));
  await withChannel(model, (channel) => channel.bindQueue(LOG_QUEUE, LOG_EXCHANGE, "#"));
  return asked ? "as asked" : "as found";
}

export async function declareQueue(model: ChannelModel, queue: Queue): Promise<void> {
  if (isDeadLetterQueue(queue.name)) return withChannel(model, (channel) => assertQueue(channel, deadLetters(queue.name)));
  if (queue.foreign === true) await provideQueue(model, queue);
  else await provideExchanges(model, queue);

  await withChannel(model, async (channel) => {
    await declareExchanges(channel);
    const { deadLettersOf = queue.name } = queue;
    const dead = deadLetters(deadLetterQueue(deadLettersOf));
    await assertQueue(channel, dead);
    await channel.bindQueue(dead.name, DEAD_LETTER_EXCHANGE, deadLettersOf);
    if (queue.foreign !== true) await assertQueue(channel, functionQueue(queue));
    await Promise.all(queue.bindings.map(({ exchange, key }) => channel.bindQueue(queue.name, exchange, key)));
  });
}

/** A queue of another system's: what is there keeps its type and arguments. */
export async function provideQueue(model: ChannelModel, { name, bindings }: Pick<Queue, "name" | "bindings">): Promise<void> {
  if (!(await queueExists(model, name))) await withChannel(model, (channel) => channel.assertQueue(name, { durable: true }));
  await provideExchanges(model, { bindings });
  await withChannel(model, (channel) => Promise.all(bindings.map(({ exchange, key }) => channel.bindQueue(name, exchange, key))));
}

/** What another system declared keeps its type and arguments: ours would be refused, or would be refused to its owner later. */
async function provideExchanges(model: ChannelModel, { bindings }: Pick<Queue, "bindings">): Promise<void> {
  for (const { exchange, exchangeType } of bindings)
    if (!isOurs(exchange) && !(await exchangeExists(model, exchange)))
      await withChannel(model, (channel) => channel.assertExchange(exchange, exchangeType, { durable: true }));
}

const assertQueue = async (channel: Channel, { name, arguments: args }: Declaration): Promise<void> => {
  await channel.assertQueue(name, { durable: true, arguments: args });
};

export const isOurs = (exchange: string): boolean => exchange === "" || exchanges.some(({ name }) => name === exchange);

export const exchangeExists = (model: ChannelModel, name: string): Promise<boolean> =>
  unlessRefused(model, 404, (channel) => channel.checkExchange(name));

const queueExists = (model: ChannelModel, name: string): Promise<boolean> =>
  unlessRefused(model, 404, (channel) => channel.checkQueue(name));

/** False where the broker answers with `code`, which closes the channel that it happens on. */
async function unlessRefused(model: ChannelModel, code: number, use: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  try {
    await withChannel(model, use);
    return true;
  } catch (cause) {
    if (replyCode(cause) === code) return false;
    throw cause;
  }
}
