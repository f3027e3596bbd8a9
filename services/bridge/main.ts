import { functions } from "../../functions/index.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import { type Config, readConfig } from "../../runtime/config.ts";
import { openLog } from "../../runtime/log.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { hostedBy } from "../hosted.ts";
import { readLearning } from "../learning/settings.ts";
import { probingOf } from "../probing.ts";
import { readSealKey } from "../seal-key.ts";
import { ticks } from "../ticks.ts";
import { openBridge } from "./bridge.ts";

/** `http://gateway.openfaas:8080/function/{function}`, with a name in place of what is in braces. */
const addressIn =
  (template: string) =>
  (fn: string): URL =>
    new URL(template.replaceAll("{function}", fn));

function settingsOf({ AMQP_URL, FUNCTIONS_URL }: Config) {
  if (AMQP_URL === undefined) throw new Error("AMQP_URL is not set: the bridge takes its messages from RabbitMQ");
  if (FUNCTIONS_URL === undefined) throw new Error("FUNCTIONS_URL is not set: as http://gateway.openfaas:8080/function/{function}");
  return { amqpUrl: AMQP_URL, template: FUNCTIONS_URL };
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { amqpUrl, template } = settingsOf(config);
  const carried = hostedBy(
    config,
    functions.filter(({ isDebugAid }) => isDebugAid !== true), // no platform deploys these
  );
  // Read when it is asked for: a bridge that does not tick needs no key.
  const client = (): string => readLearning(config.LEARNING_FILE, () => readSealKey(config.SEAL_KEY_FILE)).client;
  const log = openLog(config.LOG_LEVEL);
  const broker = await openAmqp({ url: amqpUrl, log });
  const bridge = await openBridge({
    functions: carried,
    broker,
    urlOf: addressIn(template),
    log,
    metrics: openMetrics({ ofProcess: true }),
    listening: { host: config.HOST, port: config.PORT },
    options: {
      attempts: config.ATTEMPTS,
      patienceMs: config.PATIENCE_MS,
      graceMs: config.STOP_GRACE_MS,
      ...(config.CLOCK === "on" ? { clockEvents: ticks({ now: () => new Date(), probing: probingOf(config), client }) } : {}),
    },
  });
  log.info({ port: bridge.port, functions: carried.length }, "events are carried");
  process.once("SIGTERM", () => {
    void bridge.stop().then(() => broker.close());
  });
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
