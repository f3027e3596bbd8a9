import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Pool } from "undici";

const USAGE = `node load/alto.ts [--requests N] [--clients N]   how long the ALTO server takes for maps of 1,000 nodes, over loopback, from a process of its own
  --requests (200) of each kind, after a tenth of it to warm up; --clients (1) at once`;
const GOAL_P99_MS = 50;

const option = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    requests: { ...option, default: "200" },
    clients: { ...option, default: "1" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const [requests, clients] = [Number(values.requests), Number(values.clients)];

interface Asking {
  readonly what: string;
  readonly path: string;
  readonly body?: { readonly type: string; readonly json: object };
  readonly headers?: Readonly<Record<string, string>>;
  /** Before every request one link changes, so that none is answered from a body that was made before. */
  readonly changing?: boolean;
}

const numerical = (metric: string) => ({ "cost-mode": "numerical", "cost-metric": metric });
const endpoints = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `ipv4:10.0.${String((from + i) >> 8)}.${String((from + i) & 255)}`);
const pids = (count: number): string[] => Array.from({ length: count }, (_, i) => `node-${String(i).padStart(4, "0")}`);

const askings: readonly Asking[] = [
  { what: "network map", path: "/alto/networkmap/bench" },
  { what: "cost map", path: "/alto/costmap/bench/delay-rt" },
  { what: "cost map, gzip", path: "/alto/costmap/bench/delay-rt", headers: { "accept-encoding": "gzip" } },
  { what: "cost map, just changed", path: "/alto/costmap/bench/delay-rt", changing: true },
  {
    what: "filtered, 3 costs, 10 sources",
    path: "/alto/costmap/bench/filtered",
    body: {
      type: "application/alto-costmapfilter+json",
      json: {
        "multi-cost-types": ["delay-rt", "delay-rt:min", "lossrate:mean"].map(numerical),
        pids: { srcs: pids(10), dsts: [] },
      },
    },
  },
  {
    what: "endpoint cost, 1 to 100",
    path: "/alto/endpointcost/bench",
    body: {
      type: "application/alto-endpointcostparams+json",
      json: { "cost-type": numerical("delay-rt"), endpoints: { srcs: endpoints(0, 1), dsts: endpoints(1, 100) } },
    },
  },
];

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;

async function run(nodes: number, peers: number): Promise<boolean> {
  const child = fork(join(import.meta.dirname, "alto-subject.ts"), [JSON.stringify({ nodes, peers })], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [{ origin, links }] = (await once(child, "message")) as [{ origin: string; links: number }];
  const pool = new Pool(origin, { connections: clients });

  async function ask({ path, body, headers = {}, changing = false }: Asking): Promise<{ ms: number; bytes: number }> {
    if (changing) {
      child.send("change");
      await once(child, "message");
    }
    const began = performance.now();
    const response = await pool.request({
      path,
      method: body === undefined ? "GET" : "POST",
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": body.type }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body.json) }),
    });
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) bytes += chunk.length;
    if (response.statusCode !== 200) throw new Error(`${path} answered ${String(response.statusCode)}`);
    return { ms: performance.now() - began, bytes };
  }

  /** CPU time of the server so far, in ms: what other work on the machine does not change. */
  async function cpuMs(): Promise<number> {
    child.send("cpu");
    const [ms] = (await once(child, "message")) as [number];
    return ms;
  }

  const rows = [];
  for (const asking of askings) {
    const first = await ask(asking);
    for (let i = 0; i < requests / 10; i += 1) await ask(asking);
    const times: number[] = [];
    const client = async (): Promise<void> => {
      while (times.length < requests) times.push((await ask(asking)).ms);
    };
    const cpuBefore = await cpuMs();
    // A change is waited for by one client at a time.
    await Promise.all(Array.from({ length: asking.changing === true ? 1 : clients }, client));
    const serverMs = ((await cpuMs()) - cpuBefore) / times.length;
    const sorted = times.toSorted((a, b) => a - b);
    const p99 = percentile(sorted, 0.99);
    rows.push({
      "asked for": asking.what,
      kB: Math.round(first.bytes / 1000),
      "first, ms": Number(first.ms.toFixed(1)),
      "p50, ms": Number(percentile(sorted, 0.5).toFixed(2)),
      "p99, ms": Number(p99.toFixed(2)),
      "max, ms": Number((sorted.at(-1) ?? Number.NaN).toFixed(2)),
      "server CPU, ms": Number(serverMs.toFixed(2)),
      "p99 < 50 ms": p99 < GOAL_P99_MS ? "yes" : "NO",
    });
  }
  console.log(`\n${String(nodes)} nodes, ${String(links)} links, ${String(requests)} requests of each kind, ${String(clients)} at once`);
  console.table(rows);
  await pool.close();
  const ended = once(child, "exit");
  child.disconnect();
  await ended;
  return rows.every((row) => row["p99 < 50 ms"] === "yes");
}

if (values.help) console.log(USAGE);
else {
  console.log(`Node ${process.version}, ${String(availableParallelism())} cores; client and server are two processes on them`);
  // As a sampled strategy measures, and the most there can be.
  const met = [await run(1_000, 10), await run(1_000, 999)];
  process.exitCode = met.every(Boolean) ? 0 : 1;
}
