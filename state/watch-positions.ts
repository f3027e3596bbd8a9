import type { Redis } from "ioredis";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";

/** How far the watch of one resource of one cluster got with telling. */
export interface WatchPosition {
  /** Everything up to here was told. Absent: nothing yet. */
  readonly resourceVersion?: string;
  /** The highest number given to a change. */
  readonly seq: number;
  /** What was told of every object last, as JSON by uid. */
  readonly objects: ReadonlyMap<string, string>;
}

export interface WatchStep {
  /** Absent in the middle of a list. */
  readonly resourceVersion?: string | undefined;
  readonly seq: number;
  readonly told: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

/** Where a watch goes on after a restart, and what it has to compare a new list with. */
export interface WatchPositions {
  load(cluster: string, resource: string): Promise<WatchPosition>;
  /** All of the step or nothing. */
  save(cluster: string, resource: string, step: WatchStep): Promise<void>;
}

/** No uid has an @ in it. */
const [VERSION, SEQ] = ["@resourceVersion", "@seq"];

function positionFrom(fields: ReadonlyMap<string, string>): WatchPosition {
  const objects = new Map(fields);
  const resourceVersion = objects.get(VERSION);
  const seq = Number(objects.get(SEQ) ?? 0);
  objects.delete(VERSION);
  objects.delete(SEQ);
  return { seq, objects, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}

const fieldsOf = ({ resourceVersion, seq, told }: WatchStep): readonly (readonly [string, string])[] => [
  ...told,
  [SEQ, String(seq)],
  ...(resourceVersion === undefined ? [] : [[VERSION, resourceVersion] as const]),
];

export function redisWatchPositions(redis: Redis): WatchPositions {
  return {
    load: async (cluster, resource) => positionFrom(new Map(Object.entries(await redis.hgetall(key.watchPosition(cluster, resource))))),
    async save(cluster, resource, step) {
      const at = key.watchPosition(cluster, resource);
      const transaction = redis.multi().hset(at, ...fieldsOf(step).flat());
      if (step.removed.length > 0) transaction.hdel(at, ...step.removed);
      for (const [error] of (await transaction.exec()) ?? []) if (error !== null) throw error;
    },
  };
}

export function memoryWatchPositions(): WatchPositions {
  const hashes = new Map<string, Map<string, string>>();
  return {
    load: (cluster, resource) => Promise.resolve(positionFrom(hashes.get(key.watchPosition(cluster, resource)) ?? new Map())),
    save(cluster, resource, step) {
      const at = key.watchPosition(cluster, resource);
      const hash = hashes.get(at) ?? new Map<string, string>();
      hashes.set(at, hash);
      for (const [field, value] of fieldsOf(step)) hash.set(field, value);
      for (const uid of step.removed) hash.delete(uid);
      return Promise.resolve();
    },
  };
}

export const openWatchPositions = sharedOn(({ redis }): WatchPositions =>
  redis === undefined ? memoryWatchPositions() : redisWatchPositions(redis),
);
