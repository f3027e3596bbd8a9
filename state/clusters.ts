import type { Redis } from "ioredis";
import { z } from "zod";
import { ClusterFacts } from "../domain/cluster/facts.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";

/** What a workload's pods may use together. */
export const Claim = z.strictObject({ cpuCores: z.number(), ramBytes: z.number(), pods: z.number() });
export type Claim = z.infer<typeof Claim>;

export interface ClusterKnown {
  readonly facts: ClusterFacts;
  /** By workload. */
  readonly claims: Readonly<Record<string, Claim>>;
}

/** What the meta-orchestrator said of its clusters, and what the workloads that are scaled here take of them. */
export interface ClusterStore {
  /** Of clusters that are not in it, what was said before stays. */
  report(facts: readonly ClusterFacts[]): Promise<void>;
  get(cluster: string): Promise<ClusterKnown | undefined>;
  list(): Promise<readonly ClusterFacts[]>;
  claim(cluster: string, workload: string, claim: Claim): Promise<void>;
}

const claimsFrom = (fields: Readonly<Record<string, string>>): Readonly<Record<string, Claim>> =>
  Object.fromEntries(Object.entries(fields).map(([workload, text]) => [workload, Claim.parse(JSON.parse(text))]));

export function redisClusters(redis: Redis): ClusterStore {
  return {
    async report(facts) {
      if (facts.length > 0) await redis.hset(key.clusters(), Object.fromEntries(facts.map((one) => [one.name, JSON.stringify(one)])));
    },
    async get(cluster) {
      const [facts, claims] = await Promise.all([redis.hget(key.clusters(), cluster), redis.hgetall(key.clusterClaims(cluster))]);
      return facts === null ? undefined : { facts: ClusterFacts.parse(JSON.parse(facts)), claims: claimsFrom(claims) };
    },
    async list() {
      const all = Object.values(await redis.hgetall(key.clusters()));
      return all.map((text) => ClusterFacts.parse(JSON.parse(text))).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    async claim(cluster, workload, claim) {
      await redis.hset(key.clusterClaims(cluster), workload, JSON.stringify(claim));
    },
  };
}

export function memoryClusters(): ClusterStore {
  const clusters = new Map<string, ClusterFacts>();
  const claims = new Map<string, Record<string, Claim>>();
  return {
    report: (facts) => Promise.resolve(facts.forEach((one) => clusters.set(one.name, one))),
    get(cluster) {
      const facts = clusters.get(cluster);
      return Promise.resolve(facts && { facts, claims: { ...claims.get(cluster) } });
    },
    list: () => Promise.resolve([...clusters.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))),
    claim: (cluster, workload, claim) => Promise.resolve(void claims.set(cluster, { ...claims.get(cluster), [workload]: claim })),
  };
}

export const openClusters = sharedOn(({ redis }): ClusterStore => (redis === undefined ? memoryClusters() : redisClusters(redis)));
