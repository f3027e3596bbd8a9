import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { connect } from "amqplib";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { freePort } from "./services/child.ts";
import { greetRabbitMq, greetRedis } from "./services/greet.ts";
import { startServices } from "./services.ts";

it("takes the broker and the store that the environment names", async () => {
  const { AMQP_URL, REDIS_URL } = process.env;
  const services = await startServices({ AMQP_URL, REDIS_URL });
  expect([services.amqpUrl, services.redisUrl]).toEqual([AMQP_URL, REDIS_URL]);
  expect(services.how).toContain("named by AMQP_URL");
  await services.stop();
});

it("says which address does not answer instead of starting something else", async () => {
  const AMQP_URL = `amqp://127.0.0.1:${String(await freePort())}`;
  await expect(startServices({ AMQP_URL, REDIS_URL: process.env["REDIS_URL"] })).rejects.toThrow(/AMQP_URL names 127\.0\.0\.1:\d+/);
});

it("does not take an open port for a broker or a store", async () => {
  const mute = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
  await once(mute, "listening");
  const { port } = mute.address() as { port: number };
  await expect(greetRabbitMq(`amqp://guest:guest@127.0.0.1:${String(port)}`)).rejects.toThrow();
  await expect(greetRedis(`redis://127.0.0.1:${String(port)}`)).rejects.toThrow();
  mute.close();
});

it("starts a private broker and store, and leaves no process and no file behind", { timeout: 120_000 }, async () => {
  const services = await startServices({ UNDERLAY_SERVICES: "own" });
  const connection = await connect(services.amqpUrl);
  const channel = await connection.createChannel();
  await channel.assertQueue("quorum", { durable: true, arguments: { "x-queue-type": "quorum" } });
  await channel.assertQueue("log", { durable: true, arguments: { "x-queue-type": "stream" } });
  await connection.close();
  const redis = new Redis(services.redisUrl);
  const dir = String((await redis.config("GET", "dir"))[1]);
  await redis.quit();

  await services.stop();
  expect(existsSync(dir)).toBe(false);
  await expect(greetRabbitMq(services.amqpUrl)).rejects.toThrow();
  await expect(greetRedis(services.redisUrl)).rejects.toThrow();
});
