import type { Redis } from "ioredis";
import { Link } from "../domain/scaling/federation.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { closeRound, submitUpdate } from "./lua/scripts.ts";

/** The round in progress. Before the first one was closed there is no newest link: everybody stands at the model that ships. */
export interface Round {
  readonly round: number;
  /** When its first update came, from which its time runs; undefined before. */
  readonly openedAtMs: number | undefined;
  readonly link: Link | undefined;
  readonly linkSha256: string | undefined;
}

export type Submitted =
  | { readonly kind: "taken" | "same"; readonly updates: number }
  /** Another update of the same client is in the round. */
  | { readonly kind: "duplicate" }
  /** The round is not in progress. */
  | { readonly kind: "closed" };

export interface Closing {
  readonly cause: string;
  readonly round: number;
  readonly link: Link;
  readonly linkSha256: string;
  /** Absent where the model stays, or is one of before. */
  readonly model?: Uint8Array;
  readonly formerSha256: string;
  /** JSON of the events that tell of it. */
  readonly told: string;
}

export type Closed = { readonly kind: "closed" } | { readonly kind: "told"; readonly told: string } | { readonly kind: "conflict" };

/** The aggregator's side of the federation: rounds, their updates, and the chain of models that they led to. */
export interface RoundStore {
  current(): Promise<Round>;
  told(cause: string): Promise<string | undefined>;
  submit(update: { readonly round: number; readonly client: string; readonly json: string; readonly nowMs: number }): Promise<Submitted>;
  update(round: number, client: string): Promise<string | undefined>;
  /** By client. */
  updates(round: number): Promise<Readonly<Record<string, string>>>;
  model(sha256: string): Promise<Uint8Array | undefined>;
  /** The newest links, oldest first. */
  links(limit: number): Promise<readonly Link[]>;
  close(closing: Closing): Promise<Closed>;
}

const TOLD_MS = 86_400_000;
const FORMER_MODEL_MS = 30 * 86_400_000;

type Scripted = Redis & {
  submitUpdate(
    round: string,
    updates: string,
    of: number,
    client: string,
    json: string,
    nowMs: number,
    ttlMs: number,
  ): Promise<[Submitted["kind"], number?]>;
  closeRound(
    round: string,
    links: string,
    model: string,
    former: string,
    told: string,
    ...args: (string | number | Buffer)[]
  ): Promise<[Closed["kind"], string?]>;
};

export function redisRounds(redis: Redis): RoundStore {
  redis.defineCommand("submitUpdate", { lua: submitUpdate, numberOfKeys: 2 });
  redis.defineCommand("closeRound", { lua: closeRound, numberOfKeys: 5 });
  const scripted = redis as Scripted;
  return {
    async current() {
      const { round = "1", openedAt, link, linkSha256 } = await redis.hgetall(key.round());
      return {
        round: Number(round),
        openedAtMs: openedAt === undefined ? undefined : Number(openedAt),
        link: link === undefined ? undefined : Link.parse(JSON.parse(link)),
        linkSha256,
      };
    },
    told: async (cause) => (await redis.get(key.roundTold(cause))) ?? undefined,
    async submit({ round, client, json, nowMs }) {
      const [kind, updates = 0] = await scripted.submitUpdate(key.round(), key.roundUpdates(round), round, client, json, nowMs, TOLD_MS);
      return kind === "taken" || kind === "same" ? { kind, updates } : { kind };
    },
    update: async (round, client) => (await redis.hget(key.roundUpdates(round), client)) ?? undefined,
    updates: (round) => redis.hgetall(key.roundUpdates(round)),
    model: async (sha256) => (await redis.getBuffer(key.roundModel(sha256))) ?? undefined,
    links: async (limit) => (await redis.lrange(key.roundLinks(), -limit, -1)).map((text) => Link.parse(JSON.parse(text))),
    async close({ cause, round, link, linkSha256, model = Buffer.alloc(0), formerSha256, told }) {
      const [kind, events = ""] = await scripted.closeRound(
        key.round(),
        key.roundLinks(),
        key.roundModel(link.modelSha256),
        key.roundModel(formerSha256),
        key.roundTold(cause),
        round,
        round + 1,
        JSON.stringify(link),
        linkSha256,
        Buffer.from(model),
        FORMER_MODEL_MS,
        told,
        TOLD_MS,
      );
      return kind === "told" ? { kind, told: events } : { kind };
    },
  };
}

/** The same answers as submit-update.lua and close-round.lua, for one process. */
export function memoryRounds(): RoundStore {
  let current: Round = { round: 1, openedAtMs: undefined, link: undefined, linkSha256: undefined };
  const updates = new Map<number, Map<string, string>>();
  const models = new Map<string, Uint8Array>();
  const told = new Map<string, string>();
  const links: Link[] = [];
  return {
    current: () => Promise.resolve(current),
    told: (cause) => Promise.resolve(told.get(cause)),
    submit({ round, client, json, nowMs }) {
      const inRound = updates.get(round) ?? new Map<string, string>();
      const known = inRound.get(client);
      if (known === json) return Promise.resolve({ kind: "same", updates: inRound.size });
      if (known !== undefined) return Promise.resolve({ kind: "duplicate" });
      if (current.round !== round) return Promise.resolve({ kind: "closed" });
      updates.set(round, inRound.set(client, json));
      current = { ...current, openedAtMs: current.openedAtMs ?? nowMs };
      return Promise.resolve({ kind: "taken", updates: inRound.size });
    },
    update: (round, client) => Promise.resolve(updates.get(round)?.get(client)),
    updates: (round) => Promise.resolve(Object.fromEntries(updates.get(round) ?? [])),
    model: (sha256) => Promise.resolve(models.get(sha256)),
    links: (limit) => Promise.resolve(links.slice(-limit)),
    close({ cause, round, link, linkSha256, model, told: events }) {
      const before = told.get(cause);
      if (before !== undefined) return Promise.resolve({ kind: "told", told: before });
      if (current.round !== round) return Promise.resolve({ kind: "conflict" });
      current = { round: round + 1, openedAtMs: undefined, link, linkSha256 };
      links.push(link);
      if (model !== undefined) models.set(link.modelSha256, Uint8Array.from(model));
      told.set(cause, events);
      updates.delete(round - 1);
      return Promise.resolve({ kind: "closed" });
    },
  };
}

export const openRounds = sharedOn(({ redis }): RoundStore => (redis === undefined ? memoryRounds() : redisRounds(redis)));
