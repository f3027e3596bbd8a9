import type { Redis } from "ioredis";
import { IntentRecord } from "../domain/intent/lifecycle.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { swapIntent } from "./lua/scripts.ts";

export interface Change {
  readonly before: IntentRecord | undefined;
  readonly after: IntentRecord | undefined;
}

/** What is known of every intent. */
export interface IntentStore {
  get(id: string): Promise<IntentRecord | undefined>;
  /** A page of records by id, those after `after`. */
  list(page: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly IntentRecord[]>;
  /** One atomic read-change-write: `change` is called again when somebody was faster. Returning what it was given writes nothing. */
  update(id: string, change: (known: IntentRecord | undefined) => IntentRecord | undefined): Promise<Change>;
}

/** More losers in a row than this is not contention but a fault. */
const MAX_TRIES = 50;

const parse = (text: string | null | undefined): IntentRecord | undefined =>
  text === null || text === undefined || text === "" ? undefined : IntentRecord.parse(JSON.parse(text));

type Scripted = Redis & { swapIntent(record: string, index: string, old: string, next: string, id: string): Promise<number> };

export function redisIntents(redis: Redis): IntentStore {
  redis.defineCommand("swapIntent", { lua: swapIntent, numberOfKeys: 2 });
  const scripted = redis as Scripted;
  return {
    get: async (id) => parse(await redis.get(key.intent(id))),
    async list({ after, limit }) {
      const ids = await redis.zrangebylex(key.intentIndex(), after === undefined ? "-" : `(${after}`, "+", "LIMIT", 0, limit);
      if (ids.length === 0) return [];
      const texts = await redis.mget(ids.map((id) => key.intent(id)));
      return texts.flatMap((text) => parse(text) ?? []);
    },
    async update(id, change) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const old = (await redis.get(key.intent(id))) ?? "";
        const before = parse(old);
        const after = change(before);
        if (after === undefined || after === before) return { before, after };
        if ((await scripted.swapIntent(key.intent(id), key.intentIndex(), old, JSON.stringify(after), id)) === 1) return { before, after };
      }
      throw new Error(`intent ${id} was changed by others ${String(MAX_TRIES)} times in a row`);
    },
  };
}

export function memoryIntents(): IntentStore {
  const records = new Map<string, IntentRecord>();
  return {
    get: (id) => Promise.resolve(records.get(id)),
    list: ({ after, limit }) => {
      const ids = [...records.keys()].filter((id) => after === undefined || id > after).toSorted();
      return Promise.resolve(ids.slice(0, limit).flatMap((id) => records.get(id) ?? []));
    },
    update: (id, change) => {
      const before = records.get(id);
      const after = change(before);
      if (after !== undefined && after !== before) records.set(id, after);
      return Promise.resolve({ before, after });
    },
  };
}

export const openIntents = sharedOn(({ redis }): IntentStore => (redis === undefined ? memoryIntents() : redisIntents(redis)));
