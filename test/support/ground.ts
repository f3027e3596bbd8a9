import { Redis } from "ioredis";
import { functions } from "../../functions/index.ts";
import { amqpUrl, deleteQueues } from "./rabbitmq.ts";

export const redisUrl = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";

export const deadLetterQueues = functions.map(({ name }) => `nemo.fn.${name}.dlq`);
const quarantines = functions.map(({ name }) => `nemo.fn.${name}.quarantine`);
/** Every queue of the system, NEMO's among them. */
export const queues = ["mncc", "mncc_cmv", ...functions.map(({ name }) => `nemo.fn.${name}`), ...quarantines, ...deadLetterQueues];

export type Ground = Readonly<Record<string, string>>;

export const onServers: Ground = { AMQP_URL: amqpUrl, REDIS_URL: redisUrl };

/** What the same system with the same promises runs on. */
export const grounds: Readonly<Record<string, Ground>> = { "in memory": {}, "on RabbitMQ and Redis": onServers };

/** Leaves nothing of an earlier test on the servers that a system would find there. */
export async function clear(ground: Ground): Promise<void> {
  if (!("AMQP_URL" in ground)) return;
  await deleteQueues(queues);
  const redis = new Redis(redisUrl);
  await redis.flushdb();
  redis.disconnect();
}
