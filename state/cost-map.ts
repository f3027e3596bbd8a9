import type { Redis } from "ioredis";
import type { Seen, View } from "../domain/topology/cost-map.ts";
import { type Backing, sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { publishMap } from "./lua/scripts.ts";

/** The last publication of a cluster's map, without its links. */
export interface Head extends Pick<View, "nodes" | "nodeErrors"> {
  /** Grows by one with every publication. */
  readonly seq: number;
  readonly tag: string;
  readonly publishedAt: string;
  /** The event that led to it: when it comes again, what was said is said again. */
  readonly cause: string;
}

export interface Publication {
  readonly head: Head;
  /** JSON of the event's data. */
  readonly said: string;
  readonly seen: Readonly<Record<string, Seen>>;
  readonly removed: readonly string[];
}

export interface Published extends View {
  readonly head: Head;
}

/** What was last published of each cluster, link by link, and what of it has been forwarded to NEMO's queue. */
export interface CostMapStore {
  head(cluster: string): Promise<Head | undefined>;
  /** JSON of the data of the last event. */
  said(cluster: string): Promise<string | undefined>;
  /** What was last published of one link. */
  seen(cluster: string, link: string): Promise<Seen | undefined>;
  /** All of it, as of one moment. */
  published(cluster: string): Promise<Published | undefined>;
  /** False where somebody published since: look again. `publication.head.seq` has to be the one that was looked at, and one. */
  publish(cluster: string, publication: Publication): Promise<boolean>;
  forwarded(cluster: string): Promise<number>;
  markForwarded(cluster: string, seq: number): Promise<void>;
}

type Scripted = Redis & { publishMap(head: string, seen: string, ...rest: (string | number)[]): Promise<number> };

const parse = <T>(text: string | null | undefined): T | undefined =>
  text === null || text === undefined ? undefined : (JSON.parse(text) as T);

const whole = (head: Head, seen: readonly (readonly [link: string, seen: Seen])[]): Published => ({
  head,
  nodes: head.nodes,
  nodeErrors: head.nodeErrors,
  seen: Object.fromEntries(seen.toSorted(([a], [b]) => (a < b ? -1 : 1))),
});

export function redisCostMaps(redis: Redis): CostMapStore {
  redis.defineCommand("publishMap", { lua: publishMap, numberOfKeys: 2 });
  const scripted = redis as Scripted;
  return {
    head: async (cluster) => parse<Head>(await redis.hget(key.costMapHead(cluster), "body")),
    said: async (cluster) => (await redis.hget(key.costMapHead(cluster), "said")) ?? undefined,
    seen: async (cluster, link) => parse<Seen>(await redis.hget(key.costMapSeen(cluster), link)),
    async published(cluster) {
      const answers = (await redis.multi().hget(key.costMapHead(cluster), "body").hgetall(key.costMapSeen(cluster)).exec()) ?? [];
      const [head, seen] = answers.map(([error, answer]) => {
        if (error !== null) throw error;
        return answer;
      }) as [string | null, Record<string, string>];
      const known = parse<Head>(head);
      return (
        known &&
        whole(
          known,
          Object.entries(seen).map(([link, text]) => [link, JSON.parse(text) as Seen]),
        )
      );
    },
    async publish(cluster, { head, said, seen, removed }) {
      const news = Object.entries(seen).flatMap(([link, one]) => [link, JSON.stringify(one)]);
      const keys = [key.costMapHead(cluster), key.costMapSeen(cluster)] as const;
      const args = [head.seq - 1, head.seq, JSON.stringify(head), said, removed.length, ...removed, ...news];
      return (await scripted.publishMap(...keys, ...args)) === 1;
    },
    forwarded: async (cluster) => Number((await redis.get(key.costMapForwarded(cluster))) ?? 0),
    markForwarded: async (cluster, seq) => {
      await redis.set(key.costMapForwarded(cluster), seq);
    },
  };
}

export function memoryCostMaps(): CostMapStore {
  const heads = new Map<string, Head>();
  const words = new Map<string, string>();
  const links = new Map<string, Map<string, Seen>>();
  const forwarded = new Map<string, number>();
  return {
    head: (cluster) => Promise.resolve(heads.get(cluster)),
    said: (cluster) => Promise.resolve(words.get(cluster)),
    seen: (cluster, link) => Promise.resolve(links.get(cluster)?.get(link)),
    published: (cluster) => {
      const head = heads.get(cluster);
      return Promise.resolve(head && whole(head, [...(links.get(cluster) ?? [])]));
    },
    publish: (cluster, { head, said, seen, removed }) => {
      if ((heads.get(cluster)?.seq ?? 0) !== head.seq - 1) return Promise.resolve(false);
      const known = links.get(cluster) ?? new Map<string, Seen>();
      for (const link of removed) known.delete(link);
      for (const [link, one] of Object.entries(seen)) known.set(link, one);
      links.set(cluster, known);
      heads.set(cluster, head);
      words.set(cluster, said);
      return Promise.resolve(true);
    },
    forwarded: (cluster) => Promise.resolve(forwarded.get(cluster) ?? 0),
    markForwarded: (cluster, seq) => {
      forwarded.set(cluster, seq);
      return Promise.resolve();
    },
  };
}

export const openCostMaps = sharedOn(({ redis }): CostMapStore => (redis === undefined ? memoryCostMaps() : redisCostMaps(redis)));

/** How often a map is published at the latest; what the process was told, else D2.3's hour. */
export const costMapPeriod = ({ costMapEveryMs = 3_600_000 }: Backing): { readonly everyMs: number } => ({ everyMs: costMapEveryMs });
