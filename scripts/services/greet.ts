import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "amqplib";
import { Redis } from "ioredis";

const WITHIN_MS = 4_000;

const within = async <T>(work: Promise<T>): Promise<T> => {
  const late = sleep(WITHIN_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no greeting within ${String(WITHIN_MS / 1000)} s`);
  });
  return Promise.race([work, late]);
};

/** A whole AMQP handshake with a channel, log-in included: an open port proves nothing. Answers the broker's version. */
export async function greetRabbitMq(url: string): Promise<string> {
  const open = async (): Promise<string> => {
    const connection = await connect(url, { timeout: WITHIN_MS });
    connection.on("error", () => undefined);
    const channel = await connection.createChannel();
    await channel.close();
    const { version } = connection.connection.serverProperties;
    await connection.close();
    return version;
  };
  return within(open());
}

/** A PING and the version, over a connection that is closed again. */
export async function greetRedis(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: WITHIN_MS, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on("error", () => undefined);
  try {
    await within(redis.connect());
    const info = await within(redis.info("server"));
    return /redis_version:(\S+)/.exec(info)?.[1] ?? "of unknown version";
  } finally {
    redis.disconnect();
  }
}
