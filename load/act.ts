import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import type { ScalingRecord } from "../domain/scaling/record.ts";
import step from "../functions/cfdrl-step/handler.ts";
import type { Events } from "../runtime/function.ts";
import { freePort } from "../scripts/services/child.ts";
import { findRedis, startRedis } from "../scripts/services/redis.ts";
import type { Backing } from "../state/backing.ts";
import { federationOf, running } from "../test/support/federation.ts";
import { snapshotOf } from "../test/support/twin.ts";

const USAGE = `node load/act.ts [--decisions N (5000)] [--workloads N (50)] [-o json]

What one decision of cfdrl-step costs: snapshot in, proposal out, one atomic commit in a Redis of its own. Latency, and CPU of this process
(process.cpuUsage, user and system), which does not count Redis. The load of the machine stands beside it: p99 is its scheduler's.`;

const { values } = parseArgs({
  options: {
    decisions: { type: "string", default: "5000" },
    workloads: { type: "string", default: "50" },
    output: { type: "string", short: "o", default: "text" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const PERIOD_MS = 30_000;
const [decisions, workloads] = [Number(values.decisions), Number(values.workloads)];

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "underlay-act-"));
  const binary = findRedis();
  if (binary === undefined) throw new Error("there is no redis-server on this machine");
  const port = await freePort();
  const server = await startRedis(binary, { dir, port });
  const redis = new Redis(port, "127.0.0.1", { enableAutoPipelining: true });
  try {
    const figures = { memory: await measure(undefined), redis: await measure(redis), loadAverage: loadavg()[0] };
    if (values.output === "json") return console.log(JSON.stringify(figures, null, 2));
    console.log(`${decisions} decisions over ${workloads} workloads, load average ${figures.loadAverage?.toFixed(1)}`);
    for (const [store, { wallMs, cpuMs }] of Object.entries({ memory: figures.memory, redis: figures.redis })) {
      const say = ({ p50, p99, mean }: Quantiles): string => `p50 ${p50.toFixed(3)}  p99 ${p99.toFixed(3)}  mean ${mean.toFixed(3)} ms`;
      console.log(`  ${store.padEnd(7)} CPU ${say(cpuMs)}   wall ${say(wallMs)}`);
    }
  } finally {
    redis.disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** One decision after another, as a queue with one in work would give them; the first tenth warms up and is not counted. */
async function measure(redis: Redis | undefined): Promise<{ wallMs: Quantiles; cpuMs: Quantiles }> {
  const { settings } = federationOf(1, {}, { mode: "act" });
  const backing: Backing = { controllers: [], sealKey: Buffer.alloc(32), learning: settings, ...(redis === undefined ? {} : { redis }) };
  let nowMs = Date.parse("2026-01-01T00:00:00Z");
  const decide = running(step, backing, () => nowMs);
  const last = new Map<string, number>();
  const one = async (i: number): Promise<void> => {
    const name = `w${String(i % workloads)}`;
    if (i % workloads === 0) nowMs += PERIOD_MS;
    const demand = 2.5 + 1.5 * Math.sin(i / workloads / 40);
    const ready = last.get(name) ?? 3;
    const snapshot = snapshotOf({
      name,
      takenAt: new Date(nowMs).toISOString(),
      ready,
      cpuCores: Math.min(demand, ready),
      requestRate: 100 * demand,
    });
    last.set(name, replicasIn(await decide(snapshot)));
  };
  const warmUp = Math.ceil(decisions / 10);
  for (let i = 0; i < warmUp; i += 1) await one(i);
  const wallMs: number[] = [];
  const cpuMs: number[] = [];
  for (let i = warmUp; i < warmUp + decisions; i += 1) {
    const since = performance.now();
    const cpu = process.cpuUsage();
    await one(i);
    const { user, system } = process.cpuUsage(cpu);
    wallMs.push(performance.now() - since);
    cpuMs.push((user + system) / 1000);
  }
  return { wallMs: quantilesOf(wallMs), cpuMs: quantilesOf(cpuMs) };
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly mean: number;
}

function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), mean: values.reduce((sum, x) => sum + x, 0) / values.length };
}

function replicasIn([event]: Events): number {
  if (event === undefined) throw new Error("nothing was decided");
  return (event.data as ScalingRecord).replicas;
}

await main();
