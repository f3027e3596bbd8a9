import { connect } from "amqplib";

const url = process.env["AMQP_URL"] ?? "amqp://guest:guest@127.0.0.1:5672";

export type AmqpConnection = Awaited<ReturnType<typeof connect>>;

export const amqpUrl = url;

/** Runs with a connection of its own, closed afterwards. */
export async function withAmqp<T>(use: (connection: AmqpConnection) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** Publishes on an exchange as an outside system would, and returns when the broker has confirmed all of it. */
export const publishAll = (exchange: string, key: string, bodies: readonly string[]): Promise<void> =>
  withAmqp(async (connection) => {
    const channel = await connection.createConfirmChannel();
    for (const body of bodies)
      channel.publish(exchange, key, Buffer.from(body), { persistent: true, mandatory: true, contentType: "application/json" });
    await channel.waitForConfirms();
  });

/** How many messages wait in a queue; undefined where there is no such queue. */
export const depthOf = (queue: string): Promise<number | undefined> =>
  withAmqp(async (connection) => {
    const channel = await connection.createChannel();
    channel.on("error", () => undefined); // a missing queue closes the channel
    return channel.checkQueue(queue).then(
      ({ messageCount }) => messageCount,
      () => undefined,
    );
  });

/** Deletes queues that an earlier test filled, so that this one starts from nothing. */
export const deleteQueues = (names: readonly string[]): Promise<void> =>
  withAmqp(async (connection) => {
    const channel = await connection.createChannel();
    for (const name of names) await channel.deleteQueue(name);
  });

/** Takes everything out of a queue: properties, headers and bodies as text. */
export const bodiesIn = (queue: string): Promise<string[]> =>
  withAmqp(async (connection) => {
    const channel = await connection.createChannel();
    const taken: string[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) return taken;
      taken.push(`${JSON.stringify(message.properties)} ${message.content.toString()}`);
    }
  });

/** Everything in the event log that is there when asked. */
export const bodiesInLog = (): Promise<string[]> =>
  withAmqp(async (connection) => {
    const channel = await connection.createConfirmChannel();
    await channel.prefetch(200);
    const end = `end-${String(process.pid)}-${String(performance.now())}`;
    const taken: string[] = [];
    const reached = Promise.withResolvers<void>();
    await channel.consume(
      "nemo.log",
      (message) => {
        if (message === null) return;
        channel.ack(message);
        if (message.properties.messageId === end) reached.resolve();
        else taken.push(`${JSON.stringify(message.properties)} ${message.content.toString()}`);
      },
      { arguments: { "x-stream-offset": "first" } },
    );
    channel.publish("nemo.log", "end", Buffer.from(""), { messageId: end });
    await channel.waitForConfirms();
    await reached.promise;
    return taken;
  });
