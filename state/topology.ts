import type { Redis } from "ioredis";
import { FORGOTTEN_AFTER_PERIODS } from "../domain/topology/cost-map.ts";
import { linkOf, NODES, type Piece, type Pieces, takeIn, topologyOf } from "../domain/topology/merge.ts";
import type { LinkState, Topology } from "../domain/topology/model.ts";
import { sharedOn } from "./backing.ts";
import { costMapPeriod } from "./cost-map.ts";
import { key } from "./keyspace.ts";
import { takeIn as takeInScript } from "./lua/scripts.ts";

/** What is known of the clusters, kept as pieces of which each replaces only an older one: any order of news gives the same topology. */
export interface TopologyStore {
  clusters(): Promise<readonly string[]>;
  /** True where something was news. `place` is NODES or a link's `pairId`. */
  takeIn(cluster: string, place: string, pieces: readonly Piece[]): Promise<boolean>;
  /** A cluster with everything that is known of it. */
  topology(cluster: string): Promise<Topology>;
  /** A cluster as if it had no links, which is enough to tell who is who. */
  nodes(cluster: string): Promise<Topology>;
  link(cluster: string, place: string): Promise<LinkState | undefined>;
}

type Scripted = Redis & { takeIn(pieces: string, places: string, ...rest: (string | number)[]): Promise<number> };

const pieceOf = (name: string, value: string): Piece => {
  const feed = value.indexOf("\n");
  return { key: name, rank: value.slice(0, feed), body: value.slice(feed + 1) };
};
const piecesOf = (hash: Readonly<Record<string, string>>): Map<string, Piece> =>
  new Map(Object.entries(hash).map(([name, value]) => [name, pieceOf(name, value)]));

/** A link that nobody measured for `retentionMs` is forgotten; a node never is. */
export function redisTopology(redis: Redis, retentionMs: number): TopologyStore {
  redis.defineCommand("takeIn", { lua: takeInScript, numberOfKeys: 2 });
  const scripted = redis as Scripted;
  const pieces = async (cluster: string, place: string): Promise<Map<string, Piece>> =>
    piecesOf(await redis.hgetall(key.topologyPieces(cluster, place)));
  return {
    clusters: async () => (await redis.smembers(key.topologyClusters())).toSorted(),
    async takeIn(cluster, place, news) {
      await redis.sadd(key.topologyClusters(), cluster);
      const args = news.flatMap((piece) => [piece.key, piece.rank, piece.body]);
      const at = [key.topologyPieces(cluster, place), key.topologyPlaces(cluster)] as const;
      return (await scripted.takeIn(...at, place, place === NODES ? 0 : retentionMs, ...args)) === 1;
    },
    async topology(cluster) {
      const places = await redis.smembers(key.topologyPlaces(cluster));
      const found = await Promise.all(places.map(async (place) => [place, await pieces(cluster, place)] as const));
      const expired = found.flatMap(([place, { size }]) => (size === 0 ? [place] : []));
      if (expired.length > 0) await redis.srem(key.topologyPlaces(cluster), ...expired);
      return topologyOf(cluster, new Map(found));
    },
    nodes: async (cluster) => topologyOf(cluster, new Map([[NODES, await pieces(cluster, NODES)]])),
    link: async (cluster, place) => linkOf([...(await pieces(cluster, place)).values()].map(({ key: name, body }) => [name, body])),
  };
}

export function memoryTopology(retentionMs: number = Number.POSITIVE_INFINITY, now: () => number = Date.now): TopologyStore {
  const clusters = new Map<string, Pieces>();
  const usedAt = new Map<string, number>();
  const at = (cluster: string, place: string): string => JSON.stringify([cluster, place]);
  /** Without the links that were forgotten meanwhile. */
  const kept = (cluster: string): Pieces => {
    const places = clusters.get(cluster) ?? new Map<string, Map<string, Piece>>();
    for (const place of places.keys())
      if (place !== NODES && (usedAt.get(at(cluster, place)) ?? 0) <= now() - retentionMs) {
        places.delete(place);
        usedAt.delete(at(cluster, place));
      }
    return places;
  };
  return {
    clusters: () => Promise.resolve([...clusters.keys()].toSorted()),
    takeIn: (cluster, place, news) => {
      const places = kept(cluster);
      clusters.set(cluster, places);
      usedAt.set(at(cluster, place), now());
      return Promise.resolve(takeIn(places, place, news));
    },
    topology: (cluster) => Promise.resolve(topologyOf(cluster, kept(cluster))),
    nodes: (cluster) => Promise.resolve(topologyOf(cluster, new Map([[NODES, kept(cluster).get(NODES) ?? new Map<string, Piece>()]]))),
    link: (cluster, place) =>
      Promise.resolve(linkOf([...(kept(cluster).get(place) ?? new Map<string, Piece>()).values()].map((piece) => [piece.key, piece.body]))),
  };
}

export const openTopology = sharedOn((backing): TopologyStore => {
  const retentionMs = FORGOTTEN_AFTER_PERIODS * costMapPeriod(backing).everyMs;
  return backing.redis === undefined ? memoryTopology(retentionMs) : redisTopology(backing.redis, retentionMs);
});
