import type { Redis } from "ioredis";
import { z } from "zod";
import { Held } from "../domain/intent/conflict/claim.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { swapHoldings } from "./lua/scripts.ts";

/** All that one intent is to hold from now on. */
export interface Holding {
  readonly intentId: string;
  readonly held: readonly Held[];
  /** ISO 8601: when it was asked for. */
  readonly at: string;
}

/** Which intent holds what of the things that several may want: what conflicts are found by. */
export interface HoldingStore {
  /** What all intents hold of these things (`claim.on`). */
  of(things: readonly string[]): Promise<readonly Held[]>;
  /** When an intent last was given what it holds; undefined when it holds nothing. */
  since(intentId: string): Promise<string | undefined>;
  /**
   * Has these intents hold exactly this, in one step, unless `object` finds something against it in what others hold of the same things;
   * it is called again when somebody was faster. Answers what it found: nothing has changed then, if it is not empty.
   */
  hold<C>(holdings: readonly Holding[], object: (others: readonly Held[]) => readonly C[]): Promise<readonly C[]>;
}

/** One process does not compete with itself, so losing this often is a fault. */
const MAX_TRIES = 100;

const Bucket = z.array(Held);
const List = z.object({ at: z.iso.datetime(), things: z.array(z.string()) });
const bucketOf = (text: string): readonly Held[] => (text === "" ? [] : Bucket.parse(JSON.parse(text)));
const listOf = (text: string) => (text === "" ? undefined : List.parse(JSON.parse(text)));
const textOf = (list: readonly unknown[]): string => (list.length === 0 ? "" : JSON.stringify(list));
const thingsIn = (held: readonly Held[]): readonly string[] => [...new Set(held.map((h) => h.claim.on))];

/** Texts by key; `swap` writes all or, when one is not what was read, nothing. */
interface Texts {
  read(keys: readonly string[]): Promise<readonly string[]>;
  swap(changes: readonly { readonly key: string; readonly old: string; readonly next: string }[]): Promise<boolean>;
}

function holdingsOn({ read, swap }: Texts): HoldingStore {
  let turn: Promise<unknown> = Promise.resolve();

  async function hold<C>(holdings: readonly Holding[], object: (others: readonly Held[]) => readonly C[]): Promise<readonly C[]> {
    const ids = holdings.map(({ intentId }) => intentId);
    const wanted = holdings.flatMap(({ held }) => held);
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const lists = await read(ids.map((id) => key.heldBy(id)));
      const things = [...new Set([...lists.flatMap((text) => listOf(text)?.things ?? []), ...thingsIn(wanted)])];
      const buckets = await read(things.map((thing) => key.holders(thing)));
      const others = buckets.map((text) => bucketOf(text).filter(({ intentId }) => !ids.includes(intentId)));
      const found = object(others.flat());
      if (found.length > 0) return found;
      const changes = [
        ...holdings.map(({ intentId, held, at }, i) => ({
          key: key.heldBy(intentId),
          old: lists[i] ?? "",
          next: held.length === 0 ? "" : JSON.stringify({ at, things: thingsIn(held) }),
        })),
        ...things.map((thing, i) => ({
          key: key.holders(thing),
          old: buckets[i] ?? "",
          next: textOf([...(others[i] ?? []), ...wanted.filter((h) => h.claim.on === thing)]),
        })),
      ];
      if (await swap(changes)) return [];
    }
    throw new Error(`what ${ids.join(", ")} is to hold was changed by others ${String(MAX_TRIES)} times in a row`);
  }

  return {
    of: async (things) => (await read([...new Set(things)].map((thing) => key.holders(thing)))).flatMap(bucketOf),
    since: async (intentId) => listOf((await read([key.heldBy(intentId)]))[0] ?? "")?.at,
    hold(holdings, object) {
      if (holdings.length === 0) return Promise.resolve([]);
      const next = turn.then(() => hold(holdings, object));
      turn = next.catch(() => undefined);
      return next;
    },
  };
}

type Scripted = Redis & { swapHoldings(keys: number, ...keysAndTexts: readonly string[]): Promise<number> };

export function redisHoldings(redis: Redis): HoldingStore {
  redis.defineCommand("swapHoldings", { lua: swapHoldings });
  const scripted = redis as Scripted;
  return holdingsOn({
    read: async (keys) => (keys.length === 0 ? [] : (await redis.mget([...keys])).map((text) => text ?? "")),
    swap: async (changes) =>
      (await scripted.swapHoldings(changes.length, ...changes.map((c) => c.key), ...changes.flatMap((c) => [c.old, c.next]))) === 1,
  });
}

export function memoryHoldings(): HoldingStore {
  const texts = new Map<string, string>();
  return holdingsOn({
    read: (keys) => Promise.resolve(keys.map((k) => texts.get(k) ?? "")),
    swap: (changes) => {
      if (changes.some((c) => (texts.get(c.key) ?? "") !== c.old)) return Promise.resolve(false);
      for (const c of changes)
        if (c.next === "") texts.delete(c.key);
        else texts.set(c.key, c.next);
      return Promise.resolve(true);
    },
  });
}

export const openHoldings = sharedOn(({ redis }): HoldingStore => (redis === undefined ? memoryHoldings() : redisHoldings(redis)));
