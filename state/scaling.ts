import type { Redis } from "ioredis";
import { ScalingRecord } from "../domain/scaling/record.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { commitDecision } from "./lua/scripts.ts";

/** What a decision begins with. */
export interface Known {
  /** JSON of the events that this cause led to already. */
  readonly told: string | undefined;
  /** Grows with every decision; 0 before the first. */
  readonly version: number;
  /** JSON that the last decision left. */
  readonly kept: string | undefined;
}

export interface Commit {
  /** Names the event that led to the decision. */
  readonly cause: string;
  readonly version: number;
  readonly kept: string;
  /** JSON of the events that tell of it. */
  readonly told: string;
  readonly record: ScalingRecord;
  /** What the last decision came to, for the ring; of one length for all. */
  readonly transition?: Uint8Array;
}

export type Committed = { readonly kind: "committed" } | { readonly kind: "told"; readonly told: string } | { readonly kind: "conflict" };

/** Every workload's decisions: what is remembered between two of them, the log, and the transitions that training draws from. */
export interface ScalingStore {
  read(workload: string, cause: string): Promise<Known>;
  /** One atomic step: first of its cause, of the version that was read, or nothing. */
  commit(workload: string, commit: Commit): Promise<Committed>;
  /** All that was ever decided for, by name. */
  workloads(): Promise<readonly string[]>;
  /** The newest records, oldest first. */
  log(workload: string, limit: number): Promise<readonly ScalingRecord[]>;
  /** How many transitions of `bytes` can be drawn from. */
  ringSize(workload: string, bytes: number): Promise<number>;
  /** Transitions by place, each below the ring's size. */
  draw(workload: string, bytes: number, places: readonly number[]): Promise<readonly Uint8Array[]>;
}

/** Three and a half days of one decision in 30 s. */
export const LOG_LENGTH = 10_080;
const RING_PLACES = 20_000;
/** Longer than any broker redelivers. */
const TOLD_MS = 86_400_000;

type Scripted = Redis & {
  commitDecision(
    scaling: string,
    told: string,
    log: string,
    ring: string,
    version: number,
    kept: string,
    events: string,
    ttlMs: number,
    record: string,
    logLength: number,
    transition: Buffer,
    places: number,
  ): Promise<[Committed["kind"], string?]>;
};

export function redisScaling(redis: Redis): ScalingStore {
  redis.defineCommand("commitDecision", { lua: commitDecision, numberOfKeys: 4 });
  const scripted = redis as Scripted;
  return {
    async read(workload, cause) {
      const [told, [version, kept]] = await Promise.all([
        redis.get(key.scalingTold(workload, cause)),
        redis.hmget(key.scaling(workload), "version", "kept"),
      ]);
      return { told: told ?? undefined, version: Number(version ?? 0), kept: kept ?? undefined };
    },
    async commit(workload, { cause, version, kept, told, record, transition = Buffer.alloc(0) }) {
      // Another slot than the script's: before the first commit, so that no decision is in a log that nobody finds.
      if (version === 0) await redis.zadd(key.scalingIndex(), 0, workload);
      const [kind, events = ""] = await scripted.commitDecision(
        key.scaling(workload),
        key.scalingTold(workload, cause),
        key.scalingLog(workload),
        key.scalingRing(workload, transition.length),
        version,
        kept,
        told,
        TOLD_MS,
        JSON.stringify(record),
        LOG_LENGTH,
        Buffer.from(transition),
        RING_PLACES,
      );
      return kind === "told" ? { kind, told: events } : { kind };
    },
    workloads: () => redis.zrangebylex(key.scalingIndex(), "-", "+"),
    async log(workload, limit) {
      const entries = await redis.xrevrange(key.scalingLog(workload), "+", "-", "COUNT", limit);
      // Records of another version, which says other things of a decision, are left out.
      return entries.flatMap(([, [, text = ""]]) => ScalingRecord.safeParse(JSON.parse(text)).data ?? []).toReversed();
    },
    ringSize: async (workload, bytes) => Math.floor((await redis.strlen(key.scalingRing(workload, bytes))) / bytes),
    draw: (workload, bytes, places) =>
      Promise.all(places.map((place) => redis.getrangeBuffer(key.scalingRing(workload, bytes), place * bytes, (place + 1) * bytes - 1))),
  };
}

interface Workload {
  version: number;
  kept: string;
  transitions: number;
  readonly rings: Map<number, Uint8Array[]>;
  readonly log: ScalingRecord[];
  readonly told: Map<string, string>;
}

const newWorkload = (): Workload => ({ version: 0, kept: "", transitions: 0, rings: new Map(), log: [], told: new Map() });

/** The same answers as commit-decision.lua, for one process. */
export function memoryScaling(): ScalingStore {
  const workloads = new Map<string, Workload>();
  return {
    read(workload, cause) {
      const known = workloads.get(workload);
      return Promise.resolve({ told: known?.told.get(cause), version: known?.version ?? 0, kept: known?.kept });
    },
    commit(workload, { cause, version, kept, told, record, transition }) {
      const known: Workload = workloads.get(workload) ?? newWorkload();
      const before = known.told.get(cause);
      if (before !== undefined) return Promise.resolve({ kind: "told", told: before });
      if (known.version !== version) return Promise.resolve({ kind: "conflict" });
      workloads.set(workload, known);
      known.version += 1;
      known.kept = kept;
      if (transition !== undefined) {
        const ring = known.rings.get(transition.length) ?? [];
        ring[known.transitions % RING_PLACES] = Uint8Array.from(transition);
        known.rings.set(transition.length, ring);
        known.transitions += 1;
      }
      known.log.push(record);
      if (known.log.length > LOG_LENGTH) known.log.shift();
      known.told.set(cause, told);
      // The oldest: what a broker in memory redelivers is never that old.
      const [oldest] = known.told.keys();
      if (known.told.size > LOG_LENGTH && oldest !== undefined) known.told.delete(oldest);
      return Promise.resolve({ kind: "committed" });
    },
    workloads: () => Promise.resolve([...workloads.keys()].toSorted()),
    log: (workload, limit) => Promise.resolve(workloads.get(workload)?.log.slice(-limit) ?? []),
    ringSize: (workload, bytes) => Promise.resolve(workloads.get(workload)?.rings.get(bytes)?.length ?? 0),
    draw: (workload, bytes, places) => Promise.resolve(places.flatMap((place) => workloads.get(workload)?.rings.get(bytes)?.[place] ?? [])),
  };
}

export const openScaling = sharedOn(({ redis }): ScalingStore => (redis === undefined ? memoryScaling() : redisScaling(redis)));
