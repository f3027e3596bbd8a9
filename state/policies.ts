import type { Redis } from "ioredis";
import { Link } from "../domain/scaling/federation.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { adoptModel, commitTraining } from "./lua/scripts.ts";

/** Where a client stands in the chain of global models. */
export interface Head {
  readonly link: Link;
  readonly linkSha256: string;
}

export interface Adoption extends Head {
  /** Of the head that was read; absent where there was none. */
  readonly before: Head | undefined;
  /** Absent where the model stays the same, or is known already. */
  readonly model?: Uint8Array;
}

/** The copy of the model that a client trains: opaque here. */
export interface Training {
  readonly version: number;
  readonly learner: Uint8Array | undefined;
}

export type Trained = { readonly kind: "committed" } | { readonly kind: "told"; readonly told: string } | { readonly kind: "conflict" };

/** One client's side of the federation: the model that it acts with, and the copy that it trains. */
export interface PolicyStore {
  head(client: string): Promise<Head | undefined>;
  model(client: string, sha256: string): Promise<Uint8Array | undefined>;
  adopt(client: string, adoption: Adoption): Promise<boolean>;
  training(client: string): Promise<Training>;
  /** What a cause led to already: JSON of its events. */
  told(client: string, cause: string): Promise<string | undefined>;
  train(client: string, commit: { cause: string; version: number; learner: Uint8Array; told: string }): Promise<Trained>;
}

const TOLD_MS = 86_400_000;
const FORMER_MODEL_MS = 30 * 86_400_000;

type Scripted = Redis & {
  adoptModel(
    head: string,
    model: string,
    former: string,
    expected: string,
    link: string,
    linkSha256: string,
    bytes: Buffer,
    retentionMs: number,
  ): Promise<number>;
  commitTraining(
    training: string,
    told: string,
    version: number,
    learner: Buffer,
    events: string,
    ttlMs: number,
  ): Promise<[Trained["kind"], string?]>;
};

export function redisPolicies(redis: Redis): PolicyStore {
  redis.defineCommand("adoptModel", { lua: adoptModel, numberOfKeys: 3 });
  redis.defineCommand("commitTraining", { lua: commitTraining, numberOfKeys: 2 });
  const scripted = redis as Scripted;
  return {
    async head(client) {
      const [link, linkSha256] = await redis.hmget(key.policyHead(client), "link", "linkSha256");
      if (typeof link !== "string" || typeof linkSha256 !== "string") return undefined;
      return { link: Link.parse(JSON.parse(link)), linkSha256 };
    },
    model: async (client, sha256) => (await redis.getBuffer(key.policyModel(client, sha256))) ?? undefined,
    async adopt(client, { before, link, linkSha256, model = Buffer.alloc(0) }) {
      const answer = await scripted.adoptModel(
        key.policyHead(client),
        key.policyModel(client, link.modelSha256),
        key.policyModel(client, before?.link.modelSha256 ?? ""),
        before?.linkSha256 ?? "",
        JSON.stringify(link),
        linkSha256,
        Buffer.from(model),
        FORMER_MODEL_MS,
      );
      return answer === 1;
    },
    async training(client) {
      const [version, learner] = await redis.hmgetBuffer(key.policyTraining(client), "version", "learner");
      return { version: Number(version?.toString() ?? 0), learner: learner ?? undefined };
    },
    told: async (client, cause) => (await redis.get(key.policyTold(client, cause))) ?? undefined,
    async train(client, { cause, version, learner, told }) {
      const at = [key.policyTraining(client), key.policyTold(client, cause)] as const;
      const [kind, events = ""] = await scripted.commitTraining(...at, version, Buffer.from(learner), told, TOLD_MS);
      return kind === "told" ? { kind, told: events } : { kind };
    },
  };
}

/** The same answers as adopt-model.lua and commit-training.lua, for one process. */
export function memoryPolicies(): PolicyStore {
  const heads = new Map<string, Head>();
  const models = new Map<string, Uint8Array>();
  const trainings = new Map<string, Training>();
  const told = new Map<string, string>();
  return {
    head: (client) => Promise.resolve(heads.get(client)),
    model: (client, sha256) => Promise.resolve(models.get(key.policyModel(client, sha256))),
    adopt(client, { before, link, linkSha256, model }) {
      if (heads.get(client)?.linkSha256 !== before?.linkSha256) return Promise.resolve(false);
      if (model !== undefined) models.set(key.policyModel(client, link.modelSha256), Uint8Array.from(model));
      heads.set(client, { link, linkSha256 });
      return Promise.resolve(true);
    },
    training: (client) => Promise.resolve(trainings.get(client) ?? { version: 0, learner: undefined }),
    told: (client, cause) => Promise.resolve(told.get(key.policyTold(client, cause))),
    train(client, { cause, version, learner, told: events }) {
      const before = told.get(key.policyTold(client, cause));
      if (before !== undefined) return Promise.resolve({ kind: "told", told: before });
      if ((trainings.get(client)?.version ?? 0) !== version) return Promise.resolve({ kind: "conflict" });
      trainings.set(client, { version: version + 1, learner: Uint8Array.from(learner) });
      told.set(key.policyTold(client, cause), events);
      return Promise.resolve({ kind: "committed" });
    },
  };
}

export const openPolicies = sharedOn(({ redis }): PolicyStore => (redis === undefined ? memoryPolicies() : redisPolicies(redis)));
