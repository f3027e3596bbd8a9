import { readConfig } from "../../runtime/config.ts";
import { crashAt } from "../../runtime/crash.ts";
import type { LearningSettings } from "../../domain/scaling/settings.ts";
import type { HostedFunction } from "../../runtime/function.ts";
import { funcHandler } from "../../runtime/host/func.ts";
import { type HttpHosting, openHandling } from "../../runtime/host/handling.ts";
import { hostOverHttp } from "../../runtime/host/http.ts";
import { openfaasHandler } from "../../runtime/host/openfaas.ts";
import { openSink } from "../../runtime/host/sink.ts";
import { openLog } from "../../runtime/log.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { openStore } from "../../runtime/store.ts";
import { clockEvents } from "../../services/clock.ts";
import { reachable, readControllersFile } from "../../services/controllers.ts";
import { probingOf } from "../../services/probing.ts";
import { learningTicks } from "../../services/learning/clock.ts";
import { readLearning } from "../../services/learning/settings.ts";
import { readSealKey } from "../../services/seal-key.ts";
import type { Backing } from "../../state/backing.ts";

// What a bundle is made of besides the function: runtime/ knows no store, and no function knows its host.

const config = readConfig(process.env);
let learning: LearningSettings | undefined;

function hosting(fn: HostedFunction<Backing>): HttpHosting<Backing> {
  const { REDIS_URL, COST_MAP_EVERY_MS, CONTROLLERS_FILE, SEAL_KEY_FILE, LEARNING_FILE, LOG_LEVEL, CRASH_AT, K_SINK } = config;
  const probing = probingOf(config);
  const clock = clockEvents(() => new Date());
  const backing: Backing = {
    ...(REDIS_URL === undefined ? {} : { redis: openStore(REDIS_URL) }),
    costMapEveryMs: COST_MAP_EVERY_MS,
    ...(probing === undefined ? {} : { probing }),
    controllers: reachable(CONTROLLERS_FILE === undefined ? [] : readControllersFile(CONTROLLERS_FILE)),
    // Most functions read no secret, and where they run there is no key.
    get sealKey() {
      return readSealKey(SEAL_KEY_FILE);
    },
    // The same goes for the settings of scaling.
    get learning() {
      return (learning ??= readLearning(LEARNING_FILE, () => readSealKey(SEAL_KEY_FILE)));
    },
  };
  return {
    fn,
    backing,
    log: openLog(LOG_LEVEL),
    metrics: openMetrics({ ofProcess: true }),
    crash: crashAt(CRASH_AT),
    sink: K_SINK === undefined ? undefined : openSink(K_SINK),
    options: { clockEvents: (name) => [...clock(name), ...learningTicks(name, new Date(), () => backing.learning?.client ?? "")] },
  };
}

/** The image's program: listens, and lets what is in work finish when it is told to end. */
export async function serve(fn: HostedFunction<Backing>): Promise<void> {
  const parts = hosting(fn);
  const host = await hostOverHttp(parts, { host: config.HOST, port: config.PORT });
  parts.log.info({ fn: fn.name, port: host.port }, "function listening");
  process.once("SIGTERM", () => {
    void host.close().then(() => parts.backing.redis?.quit());
  });
}

/** What Knative's func runtime for Node asks for. */
export const forFunc = (fn: HostedFunction<Backing>): ReturnType<typeof funcHandler> => funcHandler(openHandling(hosting(fn)));

/** What the official OpenFaaS node templates ask for. */
export const forTemplate = (fn: HostedFunction<Backing>): ReturnType<typeof openfaasHandler> => openfaasHandler(openHandling(hosting(fn)));
