import { setTimeout } from "node:timers/promises";
import { assemble } from "../../domain/topology/cost-map.ts";
import { nemoCostMap } from "../../domain/topology/nemo.ts";
import { CostMapPublished } from "../../events/cost-map.ts";
import type { Broker, Outgoing } from "../../runtime/broker/broker.ts";
import type { Config } from "../../runtime/config.ts";
import type { CostMapStore, Published } from "../../state/cost-map.ts";
import type { TopologyStore } from "../../state/topology.ts";
import type { Tail } from "../api/tail.ts";

/** Where D2.3's consumers expect cost maps. */
export interface Destination {
  readonly exchange: string;
  readonly key: string;
  readonly queue: string;
}

interface Parts {
  readonly broker: Pick<Broker, "publish" | "provide">;
  readonly topology: Pick<TopologyStore, "clusters">;
  readonly costMaps: CostMapStore;
  readonly tail: Pick<Tail, "listen">;
  readonly destination: Destination;
  readonly log: Record<"info" | "warn", (fields: object, phrase: string) => void>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

export const destinationIn = ({ NEMEX_EXCHANGE, NEMEX_KEY, NEMEX_QUEUE }: Config): Destination => ({
  exchange: NEMEX_EXCHANGE,
  // The default exchange routes by the queue's name and by nothing else: D2.3's empty exchange with the key `costs-map` reaches no `mncc_cmv`.
  key: NEMEX_EXCHANGE === "" ? NEMEX_QUEUE : NEMEX_KEY,
  queue: NEMEX_QUEUE,
});

export function nemoMessage(cluster: string, published: Published, { exchange, key }: Destination): Outgoing {
  const publishedAt = new Date(published.head.publishedAt);
  return {
    exchange,
    routingKey: key,
    body: Buffer.from(JSON.stringify(nemoCostMap(cluster, assemble(published), publishedAt))),
    contentType: "application/json",
    messageId: `${cluster}/${String(published.head.seq)}`,
    timestampMs: publishedAt.getTime(),
    headers: {},
  };
}

/**
 * Sends every cluster's newest map on to NEMO's queue as plain JSON, confirmed and mandatory. It goes by what the store says was forwarded, not
 * by the events, which only wake it: after a broker or a process was away the newest map goes out, once, and those between are history.
 */
export function forwardCostMaps({ broker, topology, costMaps, tail, destination, log }: Parts): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let news = Promise.withResolvers<void>();
  const quiet = tail.listen(({ event }) => {
    if (event.type === CostMapPublished.type) news.resolve();
  });
  const { exchange, key, queue } = destination;
  const bindings = exchange === "" ? [] : [{ exchange, exchangeType: "topic" as const, key }];

  async function forward(): Promise<void> {
    for (const cluster of await topology.clusters()) {
      const [head, done] = await Promise.all([costMaps.head(cluster), costMaps.forwarded(cluster)]);
      // A store that forgot begins to count anew: what was forwarded of another count is no reason to keep silent.
      if (head === undefined || head.seq === done) continue;
      const published = await costMaps.published(cluster);
      if (published === undefined) continue;
      await broker.provide({ name: queue, bindings });
      await broker.publish([nemoMessage(cluster, published, destination)]);
      await costMaps.markForwarded(cluster, published.head.seq);
      log.info({ cluster, seq: published.head.seq, queue }, "cost map forwarded");
    }
  }

  async function run(): Promise<void> {
    for (let failed = 0; !stopping.signal.aborted;) {
      const heard = news.promise;
      try {
        await forward();
        failed = 0;
        await heard;
      } catch (error) {
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failed);
        failed += 1;
        log.warn({ queue, reason: error instanceof Error ? error.message : "", pauseMs }, "cost map not forwarded");
        await setTimeout(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
      news = Promise.withResolvers();
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      quiet();
      news.resolve();
      await running;
    },
  };
}
