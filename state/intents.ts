import type { Redis } from "ioredis";
import { IntentRecord } from "../domain/intent/lifecycle.ts";
import { nextTurn } from "../domain/intent/window.ts";
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
  /** Ids of intents whose next turn (window.ts) has come by then, the earliest first. */
  turning(by: Date, limit: number): Promise<readonly string[]>;
  /** One atomic read-change-write: `change` is called again when somebody was faster. Returning what it was given writes nothing. */
  update(id: string, change: (known: IntentRecord | undefined) => IntentRecord | undefined): Promise<Change>;
}

/** More losers in a row than this is not contention but a fault. */
const MAX_TRIES = 50;

const parse = (text: string | null | undefined): IntentRecord | undefined =>
  text === null || text === undefined || text === "" ? undefined : IntentRecord.parse(JSON.parse(text));

type Scripted = Redis & {
  swapIntent(record: string, index: string, turns: string, old: string, next: string, id: string, turnMs: string): Promise<number>;
};

const turnMs = (record: IntentRecord): number | undefined => {
  const at = nextTurn(record);
  return at === undefined ? undefined : Date.parse(at);
};

export function redisIntents(redis: Redis): IntentStore {
  redis.defineCommand("swapIntent", { lua: swapIntent, numberOfKeys: 3 });
  const scripted = redis as Scripted;
  return {
    get: async (id) => parse(await redis.get(key.intent(id))),
    async list({ after, limit }) {
      const ids = await redis.zrangebylex(key.intentIndex(), after === undefined ? "-" : `(${after}`, "+", "LIMIT", 0, limit);
      if (ids.length === 0) return [];
      const texts = await redis.mget(ids.map((id) => key.intent(id)));
      return texts.flatMap((text) => parse(text) ?? []);
    },
    turning: (by, limit) => redis.zrangebyscore(key.intentTurns(), 0, by.getTime(), "LIMIT", 0, limit),
    async update(id, change) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const old = (await redis.get(key.intent(id))) ?? "";
        const before = parse(old);
        const after = change(before);
        if (after === undefined || after === before) return { before, after };
        const turn = String(turnMs(after) ?? "");
        if ((await scripted.swapIntent(key.intent(id), key.intentIndex(), key.intentTurns(), old, JSON.stringify(after), id, turn)) === 1)
          return { before, after };
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
    turning: (by, limit) => {
      const due = [...records].flatMap(([id, record]) => ({ id, turn: turnMs(record) ?? Number.POSITIVE_INFINITY }));
      const now = due.filter(({ turn }) => turn <= by.getTime()).toSorted((a, b) => a.turn - b.turn);
      return Promise.resolve(now.slice(0, limit).map(({ id }) => id));
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
