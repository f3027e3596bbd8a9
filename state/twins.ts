import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Redis } from "ioredis";
import type { Twin } from "../domain/twin/model.ts";
import { TwinRecord } from "../domain/twin/record.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { swapTwin } from "./lua/scripts.ts";
import { type Served, together } from "./together.ts";

/** Whose twins, and of which workload. `unmapped`: those that nobody has mapped to one. */
export interface TwinFilter {
  readonly userId?: string;
  readonly workloadId?: string;
}

type Change = (known: TwinRecord | undefined) => TwinRecord | undefined;

export interface TwinChange {
  readonly before: TwinRecord | undefined;
  readonly after: TwinRecord | undefined;
}

/** The twins as they are now, with their last changes, and what their fusion has to remember. */
export interface TwinStore {
  get(twinId: string): Promise<Twin | undefined>;
  /** A page of twins by id, those after `after`. */
  list(page: TwinFilter & { readonly after?: string | undefined; readonly limit: number }): Promise<readonly Twin[]>;
  /** One atomic read-change-write: `change` is called again when somebody was faster. Returning what it was given writes nothing. */
  update(twinId: string, change: Change): Promise<TwinChange>;
  /** False when somebody changed it meanwhile, and it stays. */
  forget(twin: Twin): Promise<boolean>;
}

export const UNMAPPED = "unmapped";

/** More losers in a row than this is not contention but a fault. */
const MAX_TRIES = 50;

/** The lists that a twin is in: everybody's, its user's, its workload's, and its user's for its workload. */
function listsOf({ userId, workloadId }: Pick<Twin, "userId" | "workloadId">): readonly string[] {
  const workload = workloadId ?? UNMAPPED;
  return [
    key.twinList({}),
    key.twinList({ workloadId: workload }),
    ...(userId === null ? [] : [key.twinList({ userId }), key.twinList({ userId, workloadId: workload })]),
  ];
}

/** A tenth of the JSON: twenty changes repeat themselves, and so do names of series. */
const pack = (record: TwinRecord): Buffer => deflateRawSync(JSON.stringify(record), { level: 4 });
const unpack = (body: Buffer): TwinRecord => TwinRecord.parse(JSON.parse(inflateRawSync(body).toString("utf8")));

type Scripted = Redis & { swapTwin(keys: number, ...args: readonly (string | number | Buffer)[]): Promise<number> };

export function redisTwins(redis: Redis): TwinStore {
  redis.defineCommand("swapTwin", { lua: swapTwin });
  const scripted = redis as Scripted;
  const read = async (twinId: string): Promise<{ readonly version: number; readonly record: TwinRecord | undefined }> => {
    const [version, body] = await redis.hmgetBuffer(key.twin(twinId), "version", "body");
    return { version: Number(version ?? 0), record: body ? unpack(body) : undefined };
  };
  const swap = (twinId: string, version: number, body: Buffer | "", leave: readonly string[], join: readonly string[]): Promise<number> =>
    scripted.swapTwin(1 + leave.length + join.length, key.twin(twinId), ...leave, ...join, version, body, twinId, leave.length);
  const update = together(async (twinId: string, changes: readonly Change[]) => {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const { version, record: first } = await read(twinId);
      let known = first;
      const served = changes.map((change): Served<TwinChange> => {
        const before = known;
        try {
          const after = change(before);
          known = after ?? known;
          return { ok: true, value: { before, after } };
        } catch (error) {
          return { ok: false, error };
        }
      });
      if (known === undefined || known === first) return served;
      const [left, joined] = [first === undefined ? [] : listsOf(first.twin), listsOf(known.twin)];
      const leave = left.filter((list) => !joined.includes(list));
      const join = joined.filter((list) => !left.includes(list));
      if ((await swap(twinId, version, pack(known), leave, join)) === 1) return served;
    }
    throw new Error(`twin ${twinId} was changed by others ${String(MAX_TRIES)} times in a row`);
  });
  return {
    get: async (twinId) => (await read(twinId)).record?.twin,
    async list({ after, limit, ...filter }) {
      const ids = await redis.zrangebylex(key.twinList(filter), after === undefined ? "-" : `(${after}`, "+", "LIMIT", 0, limit);
      const bodies = await Promise.all(ids.map((id) => redis.hgetBuffer(key.twin(id), "body")));
      return bodies.flatMap((body) => (body === null ? [] : [unpack(body).twin]));
    },
    update,
    async forget(twin) {
      const { version, record } = await read(twin.twinId);
      return record?.twin.seq === twin.seq && (await swap(twin.twinId, version, "", listsOf(record.twin), [])) === 1;
    },
  };
}

export function memoryTwins(): TwinStore {
  const records = new Map<string, TwinRecord>();
  return {
    get: (twinId) => Promise.resolve(records.get(twinId)?.twin),
    list: ({ after, limit, userId, workloadId }) => {
      const isIn = ({ twin }: TwinRecord): boolean =>
        (userId === undefined || twin.userId === userId) && (workloadId === undefined || (twin.workloadId ?? UNMAPPED) === workloadId);
      const ids = [...records.keys()].filter((id) => after === undefined || id > after).toSorted();
      const found = ids.flatMap((id) => records.get(id) ?? []).filter(isIn);
      return Promise.resolve(found.slice(0, limit).map(({ twin }) => twin));
    },
    update: (twinId, change) => {
      const before = records.get(twinId);
      const after = change(before);
      if (after !== undefined && after !== before) records.set(twinId, after);
      return Promise.resolve({ before, after });
    },
    forget: ({ twinId, seq }) => Promise.resolve(records.get(twinId)?.twin.seq === seq && records.delete(twinId)),
  };
}

export const openTwins = sharedOn(({ redis }): TwinStore => (redis === undefined ? memoryTwins() : redisTwins(redis)));
