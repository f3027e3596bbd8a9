/** Direct: the routing key of a dead letter is the name of the queue that it comes from. */
export const DEAD_LETTER_EXCHANGE = "nemo.dlx";

const SUFFIX = ".dlq";
export const deadLetterQueue = (queue: string): string => queue + SUFFIX;
export const isDeadLetterQueue = (queue: string): boolean => queue.endsWith(SUFFIX);

/** What RabbitMQ writes on a dead letter, for those that it does not make itself. */
export const deathHeaders = (
  queue: string,
  reason: "rejected" | "delivery_limit",
  routingKey: string,
): Readonly<Record<string, unknown>> => ({
  "x-death": [{ queue, reason, count: 1, "routing-keys": [routingKey] }],
  "x-first-death-queue": queue,
  "x-first-death-reason": reason,
});
