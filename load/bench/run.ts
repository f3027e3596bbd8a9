import { Pool } from "undici";
import { functions } from "../../functions/index.ts";
import { queueName } from "../../runtime/host/queue.ts";
import { type ArrangementName, arrangements, endOf } from "./arrangement.ts";
import { chainMessage, intentDocument, type MakeMessage, relayMessage } from "./events.ts";
import type { Loader } from "./loader.ts";
import { type Latency, latencyOf, openHistogram, openLoop, record } from "./open-loop.ts";
import { countCpu, type CpuUse, type Roles } from "./processes.ts";
import { forkSubject, type Subject } from "./subject.ts";
import type { Bench } from "./surroundings.ts";

/** Sent is received, once each, or the run says nothing. */
export interface Tally {
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
}

export interface Throughput extends Tally {
  readonly perSecond: number;
  /** Microseconds an intent. */
  readonly cpuUs: Readonly<Record<string, number>>;
  readonly others: number;
}

export interface Paced extends Tally {
  readonly latency: Latency;
  readonly others: number;
}

/** A CPU profile, and what the process did meanwhile. */
export interface Profiled {
  readonly file: string;
  readonly intents: number;
  readonly cpuUs: number;
}

/** Runs arrangements one after the other on the same broker, store and lab; each has a process of its own, which keeps warm in between. */
export interface Track {
  saturate(
    name: ArrangementName,
    timing: { readonly warmMs: number; readonly runMs: number; readonly window: number },
  ): Promise<Throughput>;
  pace(name: ArrangementName, timing: { readonly warmMs: number; readonly runMs: number; readonly rate: number }): Promise<Paced>;
  /** As many as asked for, as a burst or in a window, without a clock. */
  count(name: ArrangementName, total: number, window: number): Promise<Tally>;
  profile(name: ArrangementName, timing: { readonly warmMs: number; readonly runMs: number; readonly window: number }): Promise<Profiled>;
  /** While `use` runs, the arrangement is up; with its address where it has one. */
  within<T>(name: ArrangementName, use: (address: string) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

const DRAIN_MS = 30_000;
const CONNECTIONS = 64;

interface Traffic {
  start(dueAt?: number): void;
  inFlight(): number;
  /** Called for each that is through. */
  onDone: (dueAt: number) => void;
  /** Waits for what is under way. */
  drain(): Promise<Tally>;
}

export function openTrack(bench: Bench, loader: Loader, messageSize: number): Track {
  const subjects = new Map<ArrangementName, Subject>();
  let run = 0;
  let current: ((id: string, type: string) => void) | undefined;
  let fault: Error | undefined;

  loader.onSeen(({ id, type, isFault, why }) => {
    if (isFault) fault ??= new Error(`an intent ended otherwise than wanted: ${why.slice(0, 500)}`);
    current?.(id, type);
  });

  function subjectOf(name: ArrangementName): Subject {
    const subject = subjects.get(name) ?? forkSubject(bench.surroundings);
    subjects.set(name, subject);
    return subject;
  }

  const rolesOf = (subject: Subject): Roles => ({
    subject: subject.pid,
    broker: bench.broker.pid,
    store: bench.store.pid,
    lab: bench.lab.pid,
    loader: process.pid,
  });

  async function within<T>(name: ArrangementName, use: (address: string) => Promise<T>): Promise<T> {
    const subject = subjectOf(name);
    const arrangement = arrangements[name];
    const address = await subject.start(arrangement);
    let result: T;
    try {
      result = await use(address ?? "");
    } finally {
      await subject.stop();
      const queues = arrangement.kind === "relay" ? [...new Set(arrangement.queues)] : functions.map(queueName);
      const dead = await loader.removeQueues(queues);
      if (dead > 0) fault ??= new Error(`${name} left ${String(dead)} dead letters`);
      await bench.reset();
    }
    if (fault !== undefined) throw fault;
    return result;
  }

  function traffic(name: ArrangementName, address: string): Traffic {
    run += 1;
    const label = `bench-${String(run)}`;
    const arrangement = arrangements[name];
    const end = endOf(arrangement);
    const make: MakeMessage = arrangement.kind === "relay" ? relayMessage(messageSize, arrangement.headers) : chainMessage;
    const pool = arrangement.kind === "system" ? new Pool(address, { connections: CONNECTIONS }) : undefined;
    const waiting = new Map<string, number>();
    let sent = 0;
    let received = 0;
    let duplicates = 0;
    let onEmpty: (() => void) | undefined;
    const own: Traffic = {
      start(dueAt = performance.now()) {
        const id = `${label}-${String(sent).padStart(6, "0")}`;
        sent += 1;
        waiting.set(id, dueAt);
        if (pool === undefined) loader.send(make(id));
        else void post(pool, id).catch((error: unknown) => (fault ??= error instanceof Error ? error : new Error("not posted")));
      },
      inFlight: () => waiting.size,
      onDone: () => undefined,
      async drain() {
        if (waiting.size > 0) {
          const empty = new Promise<void>((resolve) => (onEmpty = resolve));
          const timer = setTimeout(() => onEmpty?.(), DRAIN_MS);
          await empty;
          clearTimeout(timer);
        }
        current = undefined;
        await pool?.close();
        if (waiting.size > 0) throw fault ?? new Error(`${name}: ${String(waiting.size)} of ${String(sent)} never came out`);
        if (duplicates > 0) throw new Error(`${name}: ${String(duplicates)} came out twice`);
        return { sent, received, duplicates };
      },
    };
    current = (id, type) => {
      if (type !== end || !id.startsWith(`${label}-`)) return;
      const dueAt = waiting.get(id);
      if (dueAt === undefined) duplicates += 1;
      else {
        waiting.delete(id);
        received += 1;
        own.onDone(dueAt);
      }
      if (waiting.size === 0) onEmpty?.();
    };
    return own;
  }

  /** Keeps `window` of them in flight, for as long as it is told to; every one that ends starts the next. */
  async function closedLoop<T>(flow: Traffic, window: number, during: () => Promise<T>): Promise<T> {
    let going = true;
    let done = 0;
    flow.onDone = () => {
      done += 1;
      if (going) flow.start();
    };
    for (let i = 0; i < window; i += 1) flow.start();
    const result = await during();
    going = false;
    return done === 0 ? Promise.reject(new Error("nothing came out")) : result;
  }

  return {
    within,

    saturate: (name, { warmMs, runMs, window }) =>
      within(name, async (address) => {
        const flow = traffic(name, address);
        const measured = await closedLoop(flow, window, async () => {
          await pause(warmMs);
          const started = { at: performance.now(), done: 0, cpu: countCpu(rolesOf(subjectOf(name))) };
          const onDone = flow.onDone;
          flow.onDone = (dueAt) => {
            started.done += 1;
            onDone(dueAt);
          };
          await pause(runMs);
          const seconds = (performance.now() - started.at) / 1000;
          return { done: started.done, seconds, cpu: started.cpu() };
        });
        const tally = await flow.drain();
        return { ...tally, perSecond: measured.done / measured.seconds, ...each(measured.cpu, measured.done) };
      }),

    pace: (name, { warmMs, runMs, rate }) =>
      within(name, async (address) => {
        const histogram = openHistogram();
        const warmUp = traffic(name, address);
        await openLoop(rate, warmMs, warmUp.start);
        await warmUp.drain();
        const flow = traffic(name, address);
        flow.onDone = (dueAt) => record(histogram, performance.now() - dueAt);
        const cpu = countCpu(rolesOf(subjectOf(name)));
        await openLoop(rate, runMs, flow.start);
        const tally = await flow.drain();
        return { ...tally, latency: latencyOf(histogram), others: cpu().others };
      }),

    count: (name, total, window) =>
      within(name, async (address) => {
        const flow = traffic(name, address);
        let started = Math.min(window, total);
        flow.onDone = () => {
          if (started >= total) return;
          started += 1;
          flow.start();
        };
        for (let i = 0; i < Math.min(window, total); i += 1) flow.start();
        return flow.drain();
      }),

    profile: (name, { warmMs, runMs, window }) =>
      within(name, async (address) => {
        const flow = traffic(name, address);
        const profiled = await closedLoop(flow, window, async () => {
          await pause(warmMs);
          const counted = { intents: 0, cpuUs: 0 };
          const onDone = flow.onDone;
          const file = await subjectOf(name).profile(async () => {
            const cpu = countCpu(rolesOf(subjectOf(name)));
            flow.onDone = (dueAt) => {
              counted.intents += 1;
              onDone(dueAt);
            };
            await pause(runMs);
            flow.onDone = onDone;
            counted.cpuUs = cpu().byRole["subject"] ?? 0;
          });
          return { file, ...counted };
        });
        await flow.drain();
        return profiled;
      }),

    async end() {
      await Promise.all([...subjects.values()].map((subject) => subject.end()));
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const each = ({ byRole, others }: CpuUse, count: number): Pick<Throughput, "cpuUs" | "others"> => ({
  cpuUs: Object.fromEntries(Object.entries(byRole).map(([role, us]) => [role, us / count])),
  others,
});

async function post(pool: Pool, id: string): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: "/v1/intents",
    headers: { "content-type": "application/yaml" },
    body: intentDocument(id),
  });
  const text = await body.text();
  if (statusCode !== 202) throw new Error(`POST /v1/intents answered ${String(statusCode)}: ${text.slice(0, 300)}`);
}
