import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { request } from "undici";
import { z } from "zod";
import { Controller } from "../../domain/controllers.ts";
import { type Child, freePort, startChild, untilReady } from "../../scripts/services/child.ts";
import { findRabbitMq, startRabbitMq } from "../../scripts/services/rabbitmq.ts";
import { findRedis, startRedis } from "../../scripts/services/redis.ts";
import type { Surroundings } from "./arrangement.ts";

const LAB = join(import.meta.dirname, "../../lab/main.ts");

/** The simulated controllers, in a process of their own. */
export interface LabProcess {
  readonly pid: number;
  readonly controllers: readonly Controller[];
  /** Forgets everything but the delay that it was started with. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** A private broker, a private store and a lab, on loopback, until stopped. */
export interface Bench {
  readonly surroundings: Surroundings;
  readonly broker: { readonly pid: number; readonly version: string };
  readonly store: { readonly pid: number; readonly version: string };
  readonly lab: LabProcess;
  /** Store and lab as after their start. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

const LabLine = z.object({ control: z.url(), controllers: z.array(Controller) });

export async function startLab(delayMs: number): Promise<LabProcess> {
  const child: Child = startChild(process.execPath, [LAB, "--delay-ms", String(delayMs)]);
  let read: z.infer<typeof LabLine> | undefined;
  await untilReady("the lab", child, () => {
    read = LabLine.parse(JSON.parse(child.tail()));
    return Promise.resolve("");
  });
  if (read === undefined) throw new Error("the lab said nothing");
  const { control, controllers } = read;
  return {
    pid: child.pid,
    controllers,
    async reset() {
      const { body } = await request(new URL("/ledger", control), { method: "DELETE" });
      await body.dump();
    },
    stop: () => child.stop(),
  };
}

/**
 * Appends to disk once a second, as an operator would set it; the tests' store writes every change to disk before it answers.
 * Never an instance that runs already: a bench that shares its broker measures the others.
 */
export async function startBench({ logLevel }: { readonly logLevel: string }): Promise<Bench> {
  const [rabbitMq, redisServer] = [findRabbitMq(), findRedis()];
  if (rabbitMq === undefined || redisServer === undefined)
    throw new Error("the load bench starts its own servers and needs their programs: sudo apt-get install -y rabbitmq-server redis-server");
  const dir = await mkdtemp(join(tmpdir(), "underlay-load-"));
  const broker = await startRabbitMq(rabbitMq, { port: await freePort(), dir: join(dir, "rabbitmq") });
  const store = await startRedis(redisServer, { port: await freePort(), dir: join(dir, "redis") });
  const redis = new Redis(store.url);
  await redis.config("SET", "appendfsync", "everysec");
  const lab = await startLab(0);
  return {
    surroundings: {
      amqpUrl: broker.url,
      redisUrl: store.url,
      controllers: lab.controllers,
      sealKey: randomBytes(32).toString("base64"),
      logLevel,
    },
    broker,
    store,
    lab,
    async reset() {
      await redis.flushall();
      await lab.reset();
    },
    async stop() {
      redis.disconnect();
      await lab.stop();
      await store.stop();
      await broker.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
