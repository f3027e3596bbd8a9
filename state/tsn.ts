import type { Redis } from "ioredis";
import { TsnDomain } from "../domain/tsn/domain.ts";
import { NetworkDocument } from "../domain/tsn/formats/network.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { swapTsn } from "./lua/scripts.ts";

/** The network of each TSN domain, and what is scheduled on it. */
export interface TsnStore {
  network(domain: string): Promise<NetworkDocument | undefined>;
  putNetwork(domain: string, network: NetworkDocument): Promise<void>;
  get(domain: string): Promise<TsnDomain | undefined>;
  /** Stores a schedule in the place of the one at `expected`, which is 0 where there was none; `changed` when that is no more what stands. */
  put(next: TsnDomain, expected: number): Promise<"stored" | "changed">;
}

type Scripted = Redis & { swapTsn(schedule: string, expected: string, revision: string, body: string): Promise<number> };

export function redisTsn(redis: Redis): TsnStore {
  redis.defineCommand("swapTsn", { lua: swapTsn, numberOfKeys: 1 });
  const scripted = redis as Scripted;
  return {
    async network(domain) {
      const text = await redis.get(key.tsnNetwork(domain));
      return text === null ? undefined : NetworkDocument.parse(JSON.parse(text));
    },
    async putNetwork(domain, network) {
      await redis.set(key.tsnNetwork(domain), JSON.stringify(network));
    },
    async get(domain) {
      const text = await redis.hget(key.tsnSchedule(domain), "body");
      return text === null ? undefined : TsnDomain.parse(JSON.parse(text));
    },
    async put(next, expected) {
      const body = JSON.stringify(next);
      const answer = await scripted.swapTsn(key.tsnSchedule(next.id), String(expected), String(next.revision), body);
      return answer === 1 ? "stored" : "changed";
    },
  };
}

export function memoryTsn(): TsnStore {
  const networks = new Map<string, NetworkDocument>();
  const domains = new Map<string, TsnDomain>();
  return {
    network: (domain) => Promise.resolve(networks.get(domain)),
    putNetwork: (domain, network) => {
      networks.set(domain, network);
      return Promise.resolve();
    },
    get: (domain) => Promise.resolve(domains.get(domain)),
    put: (next, expected) => {
      if ((domains.get(next.id)?.revision ?? 0) !== expected) return Promise.resolve("changed");
      domains.set(next.id, next);
      return Promise.resolve("stored");
    },
  };
}

export const openTsn = sharedOn(({ redis }): TsnStore => (redis === undefined ? memoryTsn() : redisTsn(redis)));
