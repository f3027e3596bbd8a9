import { Redis } from "ioredis";
import { functions } from "../functions/index.ts";
import { openAmqp } from "../runtime/broker/amqp.ts";
import { readConfig } from "../runtime/config.ts";
import type { HostedFunction } from "../runtime/function.ts";
import { hostOverHttp } from "../runtime/host/http.ts";
import { hostLocally } from "../runtime/host/local.ts";
import { openLog } from "../runtime/log.ts";
import { openMetrics } from "../runtime/metrics.ts";
import { reachable } from "../services/controllers.ts";
import { startSystem } from "../services/system.ts";
import { warmUp } from "../services/warm-up.ts";
import type { Backing } from "../state/backing.ts";
import type { Answer, Arrangement, Order, Surroundings } from "./bench/arrangement.ts";
import { executionerFromMemory } from "./bench/executioner-from-memory.ts";
import { openProfiler } from "./bench/profiler.ts";
import { startRelay } from "./bench/relay.ts";

// The process under test: does what its parent orders, and ends with it.

interface Running {
  readonly address?: string;
  stop(): Promise<void>;
}

const surroundings = JSON.parse(process.argv[2] ?? "{}") as Surroundings;
const log = openLog(surroundings.logLevel);
const profiler = openProfiler();
const say = (answer: Answer): unknown => process.send?.(answer);

function openBacking(): Backing & { readonly redis: Redis } {
  const redis = new Redis(surroundings.redisUrl, { enableAutoPipelining: true, maxRetriesPerRequest: 3 });
  return { redis, controllers: reachable(surroundings.controllers), sealKey: Buffer.from(surroundings.sealKey, "base64") };
}

function named(name: string): HostedFunction<Backing> {
  const fn = functions.find((f) => f.name === name);
  if (fn === undefined) throw new Error(`there is no function ${name}`);
  return fn;
}

async function startChain({ functions: names, fuse, controller }: Extract<Arrangement, { kind: "chain" }>): Promise<Running> {
  const backing = openBacking();
  const broker = await openAmqp({ url: surroundings.amqpUrl, log });
  await warmUp(functions);
  const hosted = names.map((name) => (controller === "none" && name.startsWith("exec-") ? executionerFromMemory(name) : named(name)));
  const hosting = await hostLocally({
    functions: hosted,
    broker,
    backing,
    log,
    metrics: openMetrics(),
    options: { fuse: new Set(fuse) },
  });
  return {
    async stop() {
      await hosting.stop();
      await broker.close();
      backing.redis.disconnect();
    },
  };
}

async function startAll(): Promise<Running> {
  const { amqpUrl, redisUrl, sealKey, logLevel, controllers } = surroundings;
  const config = readConfig({ AMQP_URL: amqpUrl, REDIS_URL: redisUrl, PORT: "0", LOG_LEVEL: logLevel });
  const system = await startSystem({ config, log, controllers: reachable(controllers), sealKey: Buffer.from(sealKey, "base64") });
  return { address: system.address.origin, stop: () => system.stop() };
}

async function startHttp(name: string): Promise<Running> {
  const backing = openBacking();
  const host = await hostOverHttp({ fn: named(name), backing, log, metrics: openMetrics() }, { host: "127.0.0.1", port: 0 });
  return {
    address: `http://127.0.0.1:${String(host.port)}`,
    async stop() {
      await host.close();
      backing.redis.disconnect();
    },
  };
}

function start(arrangement: Arrangement): Promise<Running> {
  switch (arrangement.kind) {
    case "relay":
      return startRelay(surroundings.amqpUrl, arrangement);
    case "chain":
      return startChain(arrangement);
    case "system":
      return startAll();
    case "http":
      return startHttp(arrangement.fn);
    default:
      return arrangement satisfies never;
  }
}

let running: Running | undefined;

async function obey(order: Order): Promise<Answer> {
  switch (order.do) {
    case "start":
      running = await start(order.arrangement);
      return { is: "started", ...(running.address === undefined ? {} : { address: running.address }) };
    case "stop":
      await running?.stop();
      running = undefined;
      return { is: "done" };
    case "profile":
      await profiler.start();
      return { is: "done" };
    case "profiled":
      return { is: "profile", file: await profiler.stop() };
    default:
      return order satisfies never;
  }
}

process.on("message", (order: Order) => {
  obey(order).then(say, (error: unknown) => say({ is: "failed", reason: error instanceof Error ? (error.stack ?? error.message) : "" }));
});
process.on("disconnect", () => process.exit(0));
