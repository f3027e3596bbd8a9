import type { Redis } from "ioredis";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { leaseNodes, returnNodes } from "./lua/scripts.ts";

export type Leased =
  | { readonly kind: "leased" }
  /** One of the nodes is in another measurement. */
  | { readonly kind: "busy"; readonly node: string };

/** Which nodes are being measured, so that no two measurements share a network card, and when each link was last handed out. */
export interface ProbeLeases {
  /** Takes all of the nodes or none. Who holds them already holds them for `leaseMs` from now: a redelivery goes on. */
  take(nodes: readonly string[], holder: string, leaseMs: number): Promise<Leased>;
  /** Frees those of the nodes that `holder` has. */
  giveBack(nodes: readonly string[], holder: string): Promise<void>;
  /** When each pair was last handed out, in ms since 1970, in the order of `pairs`. */
  handedOut(pairs: readonly string[]): Promise<readonly (number | undefined)[]>;
  /** Remembers for `keepMs` that they are handed out at a time. */
  handOut(pairs: readonly string[], atMs: number, keepMs: number): Promise<void>;
}

type Scripted = Redis & {
  leaseNodes(count: number, ...keysAndArguments: (string | number)[]): Promise<number>;
  returnNodes(count: number, ...keysAndArguments: string[]): Promise<number>;
};

export function redisProbeLeases(redis: Redis): ProbeLeases {
  redis.defineCommand("leaseNodes", { lua: leaseNodes });
  redis.defineCommand("returnNodes", { lua: returnNodes });
  const scripted = redis as Scripted;
  return {
    async take(nodes, holder, leaseMs) {
      const taken = await scripted.leaseNodes(nodes.length, ...nodes.map(key.probeLease), holder, leaseMs);
      return taken === 0 ? { kind: "leased" } : { kind: "busy", node: nodes[taken - 1] ?? "" };
    },
    async giveBack(nodes, holder) {
      await scripted.returnNodes(nodes.length, ...nodes.map(key.probeLease), holder);
    },
    async handedOut(pairs) {
      if (pairs.length === 0) return [];
      const times = await redis.mget(pairs.map(key.probeHandedOut));
      return times.map((time) => (time === null ? undefined : Number(time)));
    },
    async handOut(pairs, atMs, keepMs) {
      await Promise.all(pairs.map((pair) => redis.set(key.probeHandedOut(pair), atMs, "PX", keepMs)));
    },
  };
}

/** The same answers as lease-nodes.lua and its neighbour, for one process. */
export function memoryProbeLeases(now: () => number = () => performance.now()): ProbeLeases {
  const leases = new Map<string, { readonly holder: string; readonly until: number }>();
  const times = new Map<string, { readonly atMs: number; readonly until: number }>();
  const timeOf = (pair: string): number | undefined => {
    const time = times.get(pair);
    return time !== undefined && time.until > now() ? time.atMs : undefined;
  };
  return {
    take(nodes, holder, leaseMs) {
      const busy = nodes.find((node) => {
        const lease = leases.get(node);
        return lease !== undefined && lease.holder !== holder && lease.until > now();
      });
      if (busy !== undefined) return Promise.resolve({ kind: "busy", node: busy });
      for (const node of nodes) leases.set(node, { holder, until: now() + leaseMs });
      return Promise.resolve({ kind: "leased" });
    },
    giveBack(nodes, holder) {
      for (const node of nodes) if (leases.get(node)?.holder === holder) leases.delete(node);
      return Promise.resolve();
    },
    handedOut: (pairs) => Promise.resolve(pairs.map(timeOf)),
    handOut(pairs, atMs, keepMs) {
      for (const [pair, { until }] of times) if (until <= now()) times.delete(pair);
      for (const pair of pairs) times.set(pair, { atMs, until: now() + keepMs });
      return Promise.resolve();
    },
  };
}

export const openProbeLeases = sharedOn(({ redis }): ProbeLeases => (redis === undefined ? memoryProbeLeases() : redisProbeLeases(redis)));
