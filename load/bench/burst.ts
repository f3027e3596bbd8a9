import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import type { Event } from "../../events/define.ts";
import { OrderExecuted } from "../../events/order.ts";
import { functions } from "../../functions/index.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { queueName } from "../../runtime/host/queue.ts";
import { openIngress } from "../../services/ingress/ingress.ts";
import { reachable } from "../../services/controllers.ts";
import { openHoldings } from "../../state/holdings.ts";
import { openIntents } from "../../state/intents.ts";
import { openSecrets } from "../../state/secrets.ts";
import { type ArrangementName, arrangements, type Surroundings } from "./arrangement.ts";
import type { Loader } from "./loader.ts";
import { countCpu, type Roles } from "./processes.ts";
import { forkSubject } from "./subject.ts";
import { type Bench, startLab } from "./surroundings.ts";

interface Makespan {
  readonly ms: number;
  /** CPU milliseconds of the whole burst, by role. */
  readonly cpuMs: Readonly<Record<string, number>>;
  readonly others: number;
}

export interface Burst {
  readonly networks: number;
  readonly delayMs: number;
  /** From the first publish to the last order executed: the first burst of a process, one a process. */
  readonly cold: readonly Makespan[];
  /** Later bursts of the same processes. */
  readonly warm: readonly Makespan[];
}

interface Asked {
  readonly networks: number;
  readonly delayMs: number;
  readonly processes: number;
  /** Between the first and those that count as warm. */
  readonly warmUps: number;
  readonly repeats: number;
}

const ANNEX_9_2 = "test/golden/annex-9.2-l2sm.yaml";
const WITHIN_MS = 60_000;

export const canBurst = (): boolean => functions.some(({ name }) => name === "exec-l2sm");

/** D2.3's KPI 3.1: so many L2 networks asked for at once, on a controller that takes its time for each. */
export async function burst(bench: Bench, loader: Loader, name: ArrangementName, asked: Asked): Promise<Burst> {
  const lab = await startLab(asked.delayMs);
  const surroundings: Surroundings = { ...bench.surroundings, controllers: lab.controllers };
  const redis = new Redis(surroundings.redisUrl);
  const cold: Makespan[] = [];
  const warm: Makespan[] = [];
  let seen: (id: string, type: string, why: string) => void = () => undefined;
  loader.onSeen(({ id, type, isFault, why }) => seen(id, isFault ? "fault" : type, why));

  async function once(label: string, roles: Roles): Promise<Makespan> {
    const events = await submissions(surroundings, redis, label, asked.networks);
    const waiting = new Set(events.map(({ subject }) => subject ?? ""));
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => reject(new Error(`${String(waiting.size)} networks of ${label} never came out`)), WITHIN_MS);
    seen = (id, type, why) => {
      if (!waiting.has(id)) return;
      if (type === "fault") return reject(new Error(`a network of the burst failed: ${why.slice(0, 500)}`));
      if (type === OrderExecuted.type && waiting.delete(id) && waiting.size === 0) resolve(performance.now());
    };
    const messages = events.map(encodeAmqp);
    const cpu = countCpu(roles);
    const from = performance.now();
    for (const message of messages) loader.send(message);
    try {
      const ms = (await promise) - from;
      const { byRole, others } = cpu();
      return { ms, cpuMs: Object.fromEntries(Object.entries(byRole).map(([role, us]) => [role, us / 1000])), others };
    } finally {
      clearTimeout(timer);
    }
  }

  try {
    for (let p = 0; p < asked.processes; p += 1) {
      const subject = forkSubject(surroundings);
      const roles = { subject: subject.pid, broker: bench.broker.pid, store: bench.store.pid, lab: lab.pid, loader: process.pid };
      await subject.start(arrangements[name]);
      cold.push(await once(`cold-${String(p)}`, roles));
      for (let i = -asked.warmUps; i < asked.repeats; i += 1) {
        await lab.reset();
        await redis.flushall();
        const later = await once(`warm-${String(p)}-${String(i + asked.warmUps)}`, roles);
        if (i >= 0) warm.push(later);
      }
      await subject.stop();
      await subject.end();
      const dead = await loader.removeQueues(functions.map(queueName));
      if (dead > 0) throw new Error(`the burst left ${String(dead)} dead letters`);
      await lab.reset();
      await redis.flushall();
    }
  } finally {
    redis.disconnect();
    await lab.stop();
  }
  return { networks: asked.networks, delayMs: asked.delayMs, cold, warm };
}

/** Taken in by the ingress beforehand, secrets and records and all: the burst begins where the ingress publishes. */
async function submissions(surroundings: Surroundings, redis: Redis, label: string, count: number): Promise<readonly Event[]> {
  const annex = readFileSync(ANNEX_9_2, "utf8");
  const controllers = reachable(surroundings.controllers);
  const backing = { redis, controllers, sealKey: Buffer.from(surroundings.sealKey, "base64") };
  const published: Event[] = [];
  const ingress = openIngress({
    holdings: openHoldings(backing),
    catalogue,
    controllers,
    intents: openIntents(backing),
    secrets: openSecrets(backing),
    publish: (events) => {
      published.push(...events);
      return Promise.resolve();
    },
    now: () => new Date(),
  });
  for (let i = 0; i < count; i += 1) {
    const name = `net-${label}-${String(i)}`;
    const text = annex.replaceAll(/'spain[_-]network'/g, `'${name}'`).replace("'mncc_l2sm_1'", `'${label}-${String(i)}'`);
    const read = ingress.read(Buffer.from(text));
    if (!read.ok) throw new Error(`annex 9.2 is not taken: ${read.problems[0]?.reason ?? ""}`);
    const taken = await ingress.submit(read.candidates);
    if (!taken.ok) throw new Error(`annex 9.2 is not taken: ${taken.problems[0]?.reason ?? ""}`);
  }
  return published;
}
