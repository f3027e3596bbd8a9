import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { build, type Histogram } from "hdr-histogram-js";
import { Redis } from "ioredis";
import pino from "pino";
import { messagesOf } from "../cli/sse.ts";
import type { Controller } from "../domain/controllers.ts";
import type { Event } from "../events/define.ts";
import { PodChanged } from "../events/pod.ts";
import { TwinStatusChanged } from "../events/twin.ts";
import { openFaults } from "../lab/faults.ts";
import { generator } from "../domain/random.ts";
import { type KubernetesSimulator, startKubernetes } from "../lab/kubernetes/server.ts";
import { podName } from "../lab/kubernetes/world.ts";
import { openLedger } from "../lab/ledger.ts";
import { openAmqp } from "../runtime/broker/amqp.ts";
import { decodeLog } from "../runtime/codec/log.ts";
import { startServices } from "../scripts/services.ts";
import { key } from "../state/keyspace.ts";

const USAGE = `node load/twins.ts [--pods 1000] [--rate 50] [--seconds 60] [-o json]
  From a pod's change in the cluster to its event on RabbitMQ, to its twin's event there, and to a client of the stream of twins; and what a twin
  costs in Redis. The whole system is one process with a real RabbitMQ and Redis; the cluster, who follows the log and the client are another.`;

const option = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    pods: { ...option, default: "1000" },
    rate: { ...option, default: "50" },
    seconds: { ...option, default: "60" },
    output: { ...option, short: "o", default: "text" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const number = (name: "pods" | "rate" | "seconds"): number => {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} takes a number\n\n${USAGE}`);
  return value;
};

const CLUSTER = "bench";
const REPLICAS = 20;
/** Of D2.3's issue of near real time: 100 ms on the broker, 250 ms at the client, 8 KiB a twin. */
const GOALS = { podOnAmqp: 100, twinOnAmqp: 100, client: 250, twinBytes: 8 * 1024 } as const;

interface Measured {
  readonly podOnAmqp: Histogram;
  readonly twinOnAmqp: Histogram;
  readonly client: Histogram;
  readonly changes: number;
  readonly untold: number;
}

/** In tenths of a millisecond. */
const histogram = (): Histogram => build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000, numberOfSignificantValueDigits: 3 });

async function startSystem(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../services/start.ts")], {
    env: { PATH: process.env["PATH"] ?? "", PORT: "0", LAB: "off", LOG_LEVEL: "warn", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const address = /API\s+(http:\S+?)openapi\.json/.exec(said)?.[1];
    if (address !== undefined) {
      child.stdout.resume();
      return { address: new URL(address), stop: () => (child.kill("SIGTERM"), once(child, "exit")) };
    }
  }
  throw new Error(`the system did not start:\n${said}`);
}

/** Open loop: a change is due when it is due, however late the one before was. */
async function changes(
  cluster: KubernetesSimulator,
  due: { rate: number; seconds: number },
  changed: (version: string, at: number) => void,
) {
  const chance = generator(1);
  const began = performance.now();
  const total = Math.round(due.rate * due.seconds);
  for (let i = 0; i < total; i += 1) {
    const at = began + (1000 * i) / due.rate;
    if (performance.now() < at) await sleep(at - performance.now());
    const pods = cluster.world.pods();
    const pod = pods[Math.floor(chance() * pods.length)];
    if (pod === undefined) continue;
    const name = podName(pod);
    const conditions = (pod["status"] as { conditions?: { type: string; status: string }[] }).conditions ?? [];
    if (conditions.some(({ type, status }) => type === "Ready" && status === "True")) cluster.world.restart(name);
    else cluster.world.run(name);
    const written = cluster.world.pods().find(({ metadata }) => metadata.uid === pod.metadata.uid);
    changed(written?.metadata.resourceVersion ?? "", at);
  }
}

async function measure(amqpUrl: string, cluster: KubernetesSimulator, system: URL): Promise<Measured> {
  const log = pino({ level: "silent" });
  const broker = await openAmqp({ url: amqpUrl, log });
  const over = new AbortController();
  const result = { podOnAmqp: histogram(), twinOnAmqp: histogram(), client: histogram() };
  const dueAt = new Map<string, number>(); // by the pod's resourceVersion
  const causedAt = new Map<string, number>(); // by the id of its event
  const told = new Set<string>();
  const seen: (readonly [cause: string, at: number])[] = [];
  const record = (into: Histogram, due: number | undefined, at = performance.now()): void => {
    if (due !== undefined) into.recordValue(Math.max(1, Math.round(10 * (at - due))));
  };

  const following = (async () => {
    for await (const { message } of broker.follow("next", over.signal))
      for (const event of decodeLog(message)) {
        if (event.type === PodChanged.type) {
          const { pod } = event.data as { pod: { resourceVersion: string } };
          const at = dueAt.get(pod.resourceVersion);
          if (at === undefined || told.has(pod.resourceVersion)) continue;
          told.add(pod.resourceVersion);
          causedAt.set(event.id, at);
          record(result.podOnAmqp, at);
        } else if (event.type === TwinStatusChanged.type) record(result.twinOnAmqp, causedAt.get(String(event["causationid"])));
      }
  })();
  const response = await fetch(new URL("/v1/twins/events?type=status", system), {
    headers: { accept: "text/event-stream" },
    signal: over.signal,
  });
  const reading = (async () => {
    for await (const { data } of messagesOf(response.body ?? new ReadableStream<Uint8Array>())) {
      const at = performance.now();
      const cause = String((JSON.parse(data) as Event)["causationid"]);
      // The log and the stream race to here; which change it was, the log says.
      seen.push([cause, at]);
    }
  })().catch(() => undefined);

  await sleep(3_000, undefined, { ref: true }); // the first list has been told
  let count = 0;
  await changes(cluster, { rate: number("rate"), seconds: number("seconds") }, (version, at) => {
    count += 1;
    dueAt.set(version, at);
  });
  const deadline = performance.now() + 15_000;
  while (told.size < count && performance.now() < deadline) await sleep(50);
  await sleep(1_000);
  over.abort();
  await Promise.all([following, reading]);
  await broker.close();
  for (const [cause, at] of seen) record(result.client, causedAt.get(cause), at);
  return { ...result, changes: count, untold: count - told.size };
}

async function redisBytes(redisUrl: string) {
  const redis = new Redis(redisUrl);
  const prefix = key.twin("");
  const keys = await redis.keys(`${prefix}*`);
  const sizes = (await Promise.all(keys.map((k) => redis.memory("USAGE", k)))).map(Number).toSorted((a, b) => a - b);
  const position = Number(await redis.memory("USAGE", key.watchPosition(CLUSTER, "pods"), "SAMPLES", 0));
  redis.disconnect();
  return { twins: sizes.length, median: sizes[sizes.length >> 1] ?? 0, most: sizes.at(-1) ?? 0, position };
}

async function main(): Promise<void> {
  const services = await startServices({ ...process.env, UNDERLAY_SERVICES: "own" });
  const dir = await mkdtemp(join(tmpdir(), "underlay-twins-"));
  const cluster = await startKubernetes(openLedger(), openFaults(), { name: CLUSTER });
  cluster.world.addNode("node-1", "172.18.0.11");
  for (let i = 0; i < Math.ceil(number("pods") / REPLICAS); i += 1) {
    const labels = { "nemo.eu/workload": `workload-${String(i)}`, "nemo.eu/user": `user-${String(i % 10)}` };
    for (const pod of cluster.world.deploy({ namespace: "bench", name: `app-${String(i)}`, replicas: REPLICAS, labels }))
      cluster.world.run(podName(pod));
  }
  const controllers: readonly Controller[] = [
    { executioner: "kubernetes", origin: "https://bench:6443", connect: cluster.address.origin, cluster: CLUSTER },
  ];
  await writeFile(join(dir, "controllers.json"), JSON.stringify(controllers));
  const env = { AMQP_URL: services.amqpUrl, REDIS_URL: services.redisUrl, CONTROLLERS_FILE: join(dir, "controllers.json") };
  const system = await startSystem(env);
  try {
    const measured = await measure(services.amqpUrl, cluster, system.address);
    print(measured, await redisBytes(services.redisUrl), services.how);
  } finally {
    await system.stop();
    await cluster.close();
    await services.stop();
    await rm(dir, { recursive: true });
  }
}

function print({ changes: count, untold, ...of }: Measured, redis: Awaited<ReturnType<typeof redisBytes>>, how: string): void {
  const ms = (h: Histogram, percentile: number): number => h.getValueAtPercentile(percentile) / 10;
  const figures = (["podOnAmqp", "twinOnAmqp", "client"] as const).map((name) => ({
    name: {
      podOnAmqp: "pod.changed on RabbitMQ",
      twinOnAmqp: "twin.status.changed on RabbitMQ",
      client: "twin.status.changed at the client",
    }[name],
    count: of[name].totalCount,
    p50Ms: ms(of[name], 50),
    p95Ms: ms(of[name], 95),
    p99Ms: ms(of[name], 99),
    maxMs: of[name].maxValue / 10,
    goalP95Ms: GOALS[name],
    isMet: of[name].totalCount > 0 && ms(of[name], 95) <= GOALS[name],
  }));
  if (values.output === "json") return console.log(JSON.stringify({ changes: count, untold, figures, redis }, undefined, 2));
  console.log(
    `${how}\n${String(number("pods"))} pods, ${String(number("rate"))} changes/s for ${String(number("seconds"))} s: ${String(count)} changes, ${String(untold)} not told`,
  );
  for (const { name, count: n, p50Ms, p95Ms, p99Ms, maxMs, goalP95Ms, isMet } of figures)
    console.log(
      `${name.padEnd(36)} p50 ${p50Ms.toFixed(1)} ms  p95 ${p95Ms.toFixed(1)} ms (goal ${String(goalP95Ms)}: ${isMet ? "met" : "missed"})  p99 ${p99Ms.toFixed(1)}  max ${maxMs.toFixed(1)}  of ${String(n)}`,
    );
  console.log(
    `a twin of ${String(REPLICAS)} pods in Redis: median ${String(redis.median)} bytes, most ${String(redis.most)} (goal ${String(GOALS.twinBytes)}: ${redis.most < GOALS.twinBytes ? "met" : "missed"}), of ${String(redis.twins)}; the watch's position ${String(redis.position)}`,
  );
}

if (values.help) console.log(USAGE);
else await main();
