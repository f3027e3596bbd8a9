import { createServer } from "node:http";
import { Gauge } from "prom-client";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { readConfig } from "../../runtime/config.ts";
import { openLog } from "../../runtime/log.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { openStore } from "../../runtime/store.ts";
import { redisWatchPositions } from "../../state/watch-positions.ts";
import { defaultConfig, openKubernetes } from "../kubernetes/api.ts";
import { startPodWatch } from "./watch.ts";

const must = <T>(value: T | undefined, name: string): T => {
  if (value === undefined) throw new Error(`${name} is not set: a watch in a process of its own needs it`);
  return value;
};

/** A watch that hears nothing asks after 150 s, and is answered. */
const SILENT_AFTER_MS = 600_000;

/** One process a cluster: watches its pods and nodes, and tells of them on RabbitMQ. The position is kept in Redis. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const [cluster, amqpUrl, redisUrl] = [
    must(config.CLUSTER, "CLUSTER"),
    must(config.AMQP_URL, "AMQP_URL"),
    must(config.REDIS_URL, "REDIS_URL"),
  ];
  const log = openLog(config.LOG_LEVEL);
  const api = openKubernetes(defaultConfig(config.KUBECONFIG));
  const redis = openStore(redisUrl);
  redis.on("error", (error: Error) => log.warn({ reason: error.message }, "store connection failed"));
  const broker = await openAmqp({ url: amqpUrl, log });
  const metrics = openMetrics({ ofProcess: true });
  const watch = startPodWatch({
    cluster,
    api,
    log,
    only: config.WATCH === "nodes" ? "nodes" : undefined,
    positions: redisWatchPositions(redis),
    publish: async (events) => {
      await broker.publish(events.map(encodeAmqp));
      metrics.published(events.map(({ type }) => type));
    },
  });

  new Gauge({
    name: "pod_watch_silence_seconds",
    help: "Since the API server last said anything of pods or of nodes.",
    registers: [metrics.registry],
    collect() {
      this.set(watch.silenceMs() / 1000);
    },
  });

  const server = createServer((request, response) => {
    const isReady = watch.isUpToDate() && watch.silenceMs() < SILENT_AFTER_MS && broker.isConnected();
    const answer = (status: number, type: string, body: string): unknown => response.writeHead(status, { "content-type": type }).end(body);
    if (request.url === "/metrics") {
      metrics.registry.metrics().then(
        (text) => answer(200, metrics.registry.contentType, text),
        () => answer(500, "text/plain", ""),
      );
    } else if (request.url === "/_/ready")
      answer(isReady ? 200 : 503, "application/json", JSON.stringify({ status: isReady ? "ready" : "not ready" }));
    else if (request.url === "/_/health") answer(200, "application/json", '{"status":"ok"}');
    else answer(404, "text/plain", "");
  });
  server.listen(config.PORT, config.HOST);
  log.info({ cluster, port: config.PORT }, "watching");

  const stop = (): void => void watch.stop();
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  try {
    await watch.ended;
  } finally {
    server.close();
    server.closeAllConnections();
    await broker.close();
    redis.disconnect();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
