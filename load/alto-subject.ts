import { fastify } from "fastify";
import type { CostLink, CostNode } from "../domain/topology/model.ts";
import { CostMapPublished } from "../events/cost-map.ts";
import { openMaps } from "../services/api/alto/maps.ts";
import { altoRoutes } from "../services/api/alto/routes.ts";
import type { Published } from "../state/cost-map.ts";
import type { TailedEvent } from "../services/api/tail.ts";

/** How many nodes, and how many others each of them measures. */
interface Order {
  readonly nodes: number;
  readonly peers: number;
}

const at = "2026-01-01T00:00:00.000Z";
const stamp = { n: 100, method: "stamp", floor: 0.05, error: null, direction: "round-trip" } as const;
const name = (i: number): string => `node-${String(i).padStart(4, "0")}`;
const address = (i: number): string => `10.0.${String(i >> 8)}.${String(i & 255)}`;
const nodeOf = (i: number): CostNode => ({
  name: name(i),
  address: address(i),
  addresses: [address(i)],
  ready: true,
  seenBy: ["kubernetes", "probe"],
});

/** Three metrics a link, as a look without throughput gives them; values that differ, so that nothing is shorter than it would be. */
const linkOf = (from: number, to: number, seed: number): CostLink => ({
  source: name(from),
  destination: name(to),
  costs: [
    {
      at,
      measurement: {
        ...stamp,
        metric: "delay-rt",
        unit: "ms",
        statistic: "p50",
        value: 0.1 + ((from * 7919 + to * 104_729 + seed) % 99_991) / 1000,
      },
    },
    { at, measurement: { ...stamp, metric: "delay-rt", unit: "ms", statistic: "min", value: 0.05 } },
    { at, measurement: { ...stamp, metric: "lossrate", unit: "%", statistic: "total", value: (from + to) % 3 } },
  ],
});

async function serve({ nodes: count, peers }: Order): Promise<void> {
  const nodes = Array.from({ length: count }, (_, i) => nodeOf(i));
  let tell: (tailed: TailedEvent) => void = () => undefined;
  let seq = 1;
  /** Made when it is read, and not kept: in the system it is in Redis. */
  function published(): Published {
    const links = nodes.flatMap((_, from) => Array.from({ length: peers }, (__, k) => linkOf(from, (from + 1 + k) % count, 0)));
    const seen = Object.fromEntries(links.map((link) => [`${link.source}->${link.destination}`, { link, errors: [] }]));
    return { head: { seq, tag: "t1", publishedAt: at, cause: "", nodes, nodeErrors: [] }, nodes, nodeErrors: [], seen };
  }
  const maps = openMaps({
    topology: { clusters: () => Promise.resolve(["bench"]) },
    costMaps: { published: () => Promise.resolve(published()) },
    tail: {
      listen: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
    log: { warn: console.error },
  });
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  altoRoutes(app, maps);
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });

  process.on("message", (order) => {
    if (order === "cpu") {
      const { user, system } = process.cpuUsage();
      process.send?.((user + system) / 1000);
      return;
    }
    // One link has left its dead-band: the next version.
    seq += 1;
    const data = {
      cluster: "bench",
      seq,
      tag: `t${String(seq)}`,
      previousTag: `t${String(seq - 1)}`,
      publishedAt: at,
      reason: "change" as const,
      carries: "change" as const,
      links: [linkOf(seq % count, (seq + 1) % count, seq)],
      removed: [],
      errors: [],
    };
    tell({ offset: String(seq), event: CostMapPublished.make({ source: "/bench", subject: "bench", id: String(seq), data }) });
    void maps.of("bench").then(() => process.send?.("changed"));
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ origin, links: count * peers });
}

await serve(JSON.parse(process.argv[2] ?? "{}") as Order);
