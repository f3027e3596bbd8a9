import { beforeAll } from "vitest";

// Every worker has a database of its own, counted from the top, where a store that somebody else uses too is least likely to keep anything:
// a test may flush it.
const { REDIS_URL, VITEST_POOL_ID } = process.env;
if (REDIS_URL !== undefined) {
  const url = new URL(REDIS_URL);
  if (url.pathname === "" || url.pathname === "/") url.pathname = `/${String(16 - Number(VITEST_POOL_ID))}`;
  process.env["REDIS_URL"] = url.href;
}

beforeAll(() => {
  if (process.env["AMQP_URL"] === undefined || REDIS_URL === undefined) {
    throw new Error("the tests need a real RabbitMQ and a real Redis: run them with `npm test`, which finds or starts both");
  }
});
