import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { decodeAmqp, encodeAmqp } from "../../runtime/codec/amqp.ts";
import { queueName, queueOf } from "../../runtime/host/queue.ts";
import { openLog } from "../../runtime/log.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { freePort } from "../../scripts/services/child.ts";
import { openBridge } from "../../services/bridge/bridge.ts";
import { amqpUrl, deleteQueues, depthOf } from "../support/rabbitmq.ts";
import { until } from "../support/system.ts";
import { Answered, Asked, brittle, Failed, PREFETCH } from "./brittle/function.ts";

const program = join(import.meta.dirname, "brittle/process.ts");
const silent = openLog("error", { write: () => undefined });
const queue = queueName(brittle);
const queues = [queue, `${queue}.quarantine`, `${queue}.dlq`, "brittle-test"];

/** As a platform keeps a process: started again whenever it ends. */
function keepRunning(...args: readonly string[]) {
  let child: ChildProcess;
  let ends = 0;
  let stopped = false;
  const start = (): void => {
    child = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, AMQP_URL: amqpUrl },
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("exit", () => {
      if (stopped) return;
      ends += 1;
      start();
    });
  };
  start();
  return {
    ends: () => ends,
    stop: async () => {
      stopped = true;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

let broker: Broker;
beforeEach(async () => {
  await deleteQueues(queues);
  broker = await openAmqp({ url: amqpUrl, log: silent });
});
afterEach(async () => {
  await broker.close();
  await deleteQueues(queues);
});

interface Host {
  /** How often the process of the function has ended. */
  ends(): number;
  stop(): Promise<void>;
}

async function behindBridge(): Promise<Host> {
  const port = await freePort();
  const kept = keepRunning("http", String(port));
  const bridge = await openBridge({
    functions: [brittle],
    broker,
    urlOf: () => new URL(`http://127.0.0.1:${String(port)}/`),
    log: silent,
    metrics: openMetrics(),
    listening: { host: "127.0.0.1", port: 0 },
  });
  return {
    ends: kept.ends,
    stop: async () => {
      await bridge.stop();
      await kept.stop();
    },
  };
}

const hosts: Readonly<Record<string, () => Promise<Host>>> = {
  "on RabbitMQ": () => Promise.resolve(keepRunning("broker")),
  "behind the bridge": behindBridge,
};

describe.each(Object.entries(hosts))("an event that ends the process that takes it, %s", (_, open) => {
  it(`is one dead letter, and the ${String(PREFETCH - 1)} that were in work with it are answered`, { timeout: 60_000 }, async () => {
    const answered = new Set<string>();
    const failed: unknown[] = [];
    const bindings = [Answered, Failed].map(({ type }) => ({ exchange: "nemo.events", exchangeType: "topic" as const, key: `${type}.#` }));
    const consumer = await broker.consume({ name: "brittle-test", bindings, prefetch: 100, deliveryLimit: 20 }, (message) => {
      const event = decodeAmqp(message);
      if (event.type === Answered.type) answered.add(String(event["causationid"]));
      else failed.push(event.data);
      return Promise.resolve("ack");
    });
    // Declares the queue, so that all forty wait there when the process comes.
    await (await broker.consume(queueOf(brittle), () => Promise.resolve("requeue"))).stop();
    const events = Array.from({ length: PREFETCH }, (__, n) =>
      Asked.make({ source: "/test", subject: "s", id: `asked-${String(n)}`, data: { ends: n === 17 } }),
    );
    await broker.publish(events.map(encodeAmqp));

    const host = await open();
    try {
      await until(async () => ((await depthOf(`${queue}.dlq`)) ?? 0) > 0 || undefined, 40_000, "a dead letter");
      await until(() => answered.size === PREFETCH - 1 || undefined, 20_000, "every other answer");
      await until(async () => (await depthOf(`${queue}.quarantine`)) === 0 || undefined, 10_000, "an empty quarantine");
      expect(host.ends()).toBeGreaterThan(2);
      expect(host.ends()).toBeLessThan(10);
    } finally {
      await host.stop();
    }
    expect(answered).toEqual(new Set(events.map(({ id }) => id).filter((id) => id !== "asked-17")));
    expect(failed).toMatchObject([{ code: "FUNCTION_CRASHED" }]);
    const dead: string[] = [];
    const graves = await broker.consume({ name: `${queue}.dlq`, bindings: [], prefetch: 100, deliveryLimit: 20 }, (message) => {
      dead.push(decodeAmqp(message).id);
      return Promise.resolve("ack");
    });
    await until(async () => (await depthOf(`${queue}.dlq`)) === 0 || undefined, 10_000, "the dead letters");
    await graves.stop();
    await consumer.stop();
    expect(dead).toEqual(["asked-17"]);
    expect(await depthOf(queue)).toBe(0);
  });
});
