import type { ReachableController } from "../domain/controllers.ts";
import { catalogue } from "../domain/intent/catalogue/index.ts";
import type { Probing } from "../domain/probe/schedule.ts";
import { STALE_AFTER_PERIODS } from "../domain/topology/cost-map.ts";
import type { NetworkDocument } from "../domain/tsn/formats/network.ts";
import type { Event } from "../events/define.ts";
import { isExecutioner } from "../functions/executioner.ts";
import { functions } from "../functions/index.ts";
import { openAmqp } from "../runtime/broker/amqp.ts";
import type { Broker } from "../runtime/broker/broker.ts";
import { openMemoryBroker } from "../runtime/broker/memory.ts";
import { encodeAmqp } from "../runtime/codec/amqp.ts";
import type { Config } from "../runtime/config.ts";
import { crashAt } from "../runtime/crash.ts";
import { hostLocally } from "../runtime/host/local.ts";
import type { Logger } from "../runtime/log.ts";
import { openMetrics } from "../runtime/metrics.ts";
import { openResources } from "../runtime/resources.ts";
import { openStore } from "../runtime/store.ts";
import type { Backing } from "../state/backing.ts";
import { openEffects } from "../state/effects.ts";
import { openHoldings } from "../state/holdings.ts";
import { costMapPeriod, openCostMaps } from "../state/cost-map.ts";
import { openIntents } from "../state/intents.ts";
import { openSecrets } from "../state/secrets.ts";
import { openTwins } from "../state/twins.ts";
import { openWatchPositions } from "../state/watch-positions.ts";
import { openTopology } from "../state/topology.ts";
import { openTsn } from "../state/tsn.ts";
import { openApi } from "./api/server.ts";
import { openTail } from "./api/tail.ts";
import { openDriftCheck } from "./drift.ts";
import { hostedBy } from "./hosted.ts";
import type { Tenants } from "./api/tenancy.ts";
import { requestEvent } from "./api/tsn.ts";
import { openIngress } from "./ingress/ingress.ts";
import { consumeMetaOrchestrator } from "./ingress/meta-orchestrator.ts";
import { watchDrift } from "./keep/drift.ts";
import { storePromise } from "./keep/durability.ts";
import { sweepOutbox } from "./keep/outbox.ts";
import { sweepOverdue } from "./keep/overdue.ts";
import { sweepWindows } from "./keep/windows.ts";
import { openLooker } from "./look.ts";
import { destinationIn, forwardCostMaps } from "./nemex/forward.ts";
import { openLearning } from "./learning/learning.ts";
import { readLearning } from "./learning/settings.ts";
import { openPlanner } from "./plan.ts";
import { watchClusters } from "./pod-watch/clusters.ts";
import { ticks } from "./ticks.ts";
import { forwardTwins } from "./twins/compat.ts";
import { warmUp } from "./warm-up.ts";

interface SystemParts {
  readonly config: Config;
  readonly log: Logger;
  readonly controllers: readonly ReachableController[];
  readonly sealKey: Buffer;
  /** Whose tokens the API takes; absent: everybody may do everything. */
  readonly tenants?: Tenants;
  readonly labAddress?: URL;
  /** Which nodes are measured; nothing is without it. */
  readonly probing?: Probing;
  /** Networks of TSN domains that are there from the start, where none is kept of that name. */
  readonly networks?: Readonly<Record<string, NetworkDocument>>;
}

export interface System {
  readonly address: URL;
  readonly broker: Broker["kind"];
  /** What is kept of what was accepted, in words. */
  readonly storePromise: string;
  stop(): Promise<void>;
}

const SWEEP_EVERY_MS = 30_000;
/** How late an order may be for the start of its window. */
const TURN_EVERY_MS = 500;

/** A broker that cannot be reached at the start is a mistake in the settings, more often than not; lost later, it is waited for. */
const openBroker = (url: string, log: Logger): Promise<Broker> =>
  openAmqp({ url, log }).catch((cause: unknown) => {
    throw new Error(`no answer from RabbitMQ at ${new URL(url).host}: check that it runs, and AMQP_URL`, { cause });
  });

/** Everything in one process: functions on a broker, the API, the ways in, and the sweeps that let nothing wait for ever. */
export async function startSystem(parts: SystemParts): Promise<System> {
  const { config, log, controllers, sealKey, tenants, labAddress, probing, networks = {} } = parts;
  const redis = config.REDIS_URL === undefined ? undefined : openStore(config.REDIS_URL, { enableAutoPipelining: true });
  redis?.on("error", (error: Error) => log.warn({ reason: error.message }, "store connection failed"));
  const learning = readLearning(config.LEARNING_FILE, () => sealKey);
  const backing: Backing = {
    controllers,
    sealKey,
    learning,
    costMapEveryMs: config.COST_MAP_EVERY_MS,
    ...(redis === undefined ? {} : { redis }),
    ...(probing === undefined ? {} : { probing }),
  };
  await redis?.ping().catch((cause: unknown) => {
    redis.disconnect();
    throw new Error(`no answer from Redis at ${new URL(config.REDIS_URL ?? "").host}: check that it runs, and REDIS_URL`, { cause });
  });
  const promise = await storePromise(redis);
  const broker = config.AMQP_URL === undefined ? openMemoryBroker({ log }) : await openBroker(config.AMQP_URL, log);
  const metrics = openMetrics({ ofProcess: true });
  const now = () => new Date();
  const publish = async (events: readonly Event[]): Promise<void> => {
    await broker.publish(events.map(encodeAmqp));
    metrics.published(events.map(({ type }) => type));
  };

  const intents = openIntents(backing);
  const secrets = openSecrets(backing);
  const [topology, costMaps] = [openTopology(backing), openCostMaps(backing)];
  // One rule for what is stale: what is in the cost map counts, what has left it does not.
  const measurements = { topology, staleAfterMs: STALE_AFTER_PERIODS * costMapPeriod(backing).everyMs };
  const ingress = openIngress({ catalogue, controllers, intents, secrets, holdings: openHoldings(backing), publish, now, measurements });
  const resources = openResources(functions, backing);
  const executioners = functions.filter(isExecutioner);
  const looker = openLooker({
    executioners: executioners.map((executioner) => ({ executioner, resources: resources.get(executioner.name) ?? {} })),
    secrets,
    log,
  });
  const planner = openPlanner({ looker, intents });
  const drift = openDriftCheck({ looker, intents });

  await warmUp(functions);
  const tail = openTail(broker);
  const clock = ticks({ now, probing, client: () => learning.client });
  const hosted = hostedBy(config, functions);
  const hosting = await hostLocally({
    functions: hosted,
    broker,
    backing,
    log,
    metrics,
    crash: crashAt(config.CRASH_AT),
    options: {
      fuse: new Set(config.FUSE),
      elsewhere: functions.filter((fn) => !hosted.includes(fn)),
      attempts: config.ATTEMPTS,
      patienceMs: config.PATIENCE_MS,
      graceMs: config.STOP_GRACE_MS,
      ...(config.CLOCK === "on" ? { clockEvents: clock } : {}),
    },
  });
  const orchestrator = await consumeMetaOrchestrator({ broker, ingress, publish, log });
  const compat =
    config.CMDT_QUEUE === undefined ? undefined : await forwardTwins({ broker, twins: openTwins(backing), queue: config.CMDT_QUEUE, log });

  // What is due is not left to wait for the first full minute.
  await publish(clock("probe-measure"));

  // Nobody can consume from the broker in memory, so nothing is heaped up there.
  const forwarding =
    broker.kind === "memory" ? undefined : forwardCostMaps({ broker, topology, costMaps, tail, destination: destinationIn(config), log });

  const schedules = openTsn(backing);
  for (const [domain, network] of Object.entries(networks)) {
    if ((await schedules.network(domain)) !== undefined) continue;
    await schedules.putNetwork(domain, network);
    await publish([requestEvent({ operation: "plan", domain }, "start")]);
  }
  const scaling = await openLearning({ backing, settings: learning, broker, publish, now, log });

  const effects = openEffects(backing);
  const sweep = async (): Promise<void> => {
    for (const { executioner } of executioners) await sweepOutbox(executioner, effects, publish);
    await publish(await sweepOverdue(intents, now(), 2 * config.PATIENCE_MS));
  };
  const sweeping = setInterval(() => {
    sweep().catch((error: unknown) => log.warn({ reason: error instanceof Error ? error.message : "" }, "sweep cut short"));
  }, SWEEP_EVERY_MS);
  const turning = setInterval(() => {
    sweepWindows(intents, now(), publish).catch((error: unknown) =>
      log.warn({ reason: error instanceof Error ? error.message : "" }, "windows not looked at"),
    );
  }, TURN_EVERY_MS);
  const driftWatch = watchDrift(config, { check: drift, intents, ingress, publish, now, log });

  const { registry } = metrics;
  const api = openApi({
    ingress,
    planner,
    drift,
    intents,
    notifications: { effects, sealKey, publish, now },
    twins: openTwins(backing),
    broker,
    tail,
    topology,
    costMaps,
    tsn: { schedules, publish },
    learning: scaling.parts,
    metrics: { contentType: registry.contentType, text: () => registry.metrics() },
    log,
    ...(tenants === undefined ? {} : { tenants }),
    publish,
    probing,
    ...(labAddress === undefined ? {} : { labAddress }),
  });
  const address = await api.listen({ port: config.PORT, host: config.HOST }).then(
    (listening) => new URL(listening),
    (cause: unknown) => {
      const isTaken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
      throw isTaken ? new Error(`port ${String(config.PORT)} is taken: PORT=… names another`, { cause }) : cause;
    },
  );

  const watches = watchClusters({ controllers, publish, positions: openWatchPositions(backing), log });

  return {
    address,
    broker: broker.kind,
    storePromise: promise.says,
    async stop() {
      clearInterval(sweeping);
      clearInterval(turning);
      driftWatch.stop();
      await watches.stop();
      await api.close();
      await forwarding?.stop();
      await orchestrator.stop();
      await compat?.stop();
      await scaling.stop();
      await hosting.stop();
      await tail.stop();
      await broker.close();
      redis?.disconnect();
    },
  };
}
