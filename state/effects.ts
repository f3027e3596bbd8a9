import type { Redis } from "ioredis";
import { Order } from "../domain/intent/order.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";
import { claim, commit, release, renew } from "./lua/scripts.ts";

/** One order of one submission, on its way to be carried out. */
export interface Claim {
  readonly executioner: string;
  readonly resource: string;
  readonly intentId: string;
  readonly submission: number;
  /** Of action and order: the same submission with another digest is a conflict. */
  readonly digest: string;
}

export type Claimed =
  | { readonly kind: "claimed"; readonly fence: number; readonly standing: Order | undefined; readonly isResidue?: true }
  | { readonly kind: "complete"; readonly result: string }
  | { readonly kind: "busy"; readonly retryAfterMs: number }
  /** A newer submission of the same intent was here: this order is history. */
  | { readonly kind: "superseded" }
  | { readonly kind: "conflict" }
  /** The resource stands for another intent. */
  | { readonly kind: "owned"; readonly by: string };

export interface Result {
  /** JSON of the events that tell of it: the outbox entry. */
  readonly result: string;
  /** The order whose effect now stands, if one does. */
  readonly standing: Order | undefined;
  /** It does not stand whole: it is what a failed apply could not take back. */
  readonly isResidue?: boolean;
}

/** Who carries out what, what came of it, and which of that is not published yet. Leases by the store's clock, never the worker's. */
export interface EffectStore {
  claim(claim: Claim, leaseMs: number): Promise<Claimed>;
  renew(claim: Claim, fence: number, leaseMs: number): Promise<boolean>;
  /** Gives a claim back unfinished. */
  release(claim: Claim, fence: number): Promise<void>;
  commit(claim: Claim, fence: number, result: Result): Promise<"committed" | "stale">;
  /** Whose effect stands there, or is being brought about; undefined where nothing of anybody's is known. */
  ownerOf(executioner: string, resource: string): Promise<string | undefined>;
  /** The events of this effect are confirmed by the broker. */
  published(claim: Pick<Claim, "executioner" | "resource">): Promise<void>;
  /** Results that were committed longer ago than `olderThanMs` and are not known to be published. */
  unpublished(
    executioner: string,
    olderThanMs: number,
    limit: number,
  ): Promise<readonly { readonly resource: string; readonly result: string }[]>;
}

const RETENTION_MS = 86_400_000;

type Standing = Pick<Extract<Claimed, { kind: "claimed" }>, "standing" | "isResidue">;

function standingFrom(text: string): Standing {
  if (text === "") return { standing: undefined };
  const kept: unknown = JSON.parse(text);
  const isResidue = typeof kept === "object" && kept !== null && "residue" in kept;
  return isResidue ? { standing: Order.parse(kept.residue), isResidue } : { standing: Order.parse(kept) };
}

const standingText = ({ standing, isResidue = false }: Omit<Result, "result">): string =>
  standing === undefined ? "" : JSON.stringify(isResidue ? { residue: standing } : standing);

type Scripted = Redis & {
  claimEffect(
    effect: string,
    intent: string,
    submission: number,
    digest: string,
    leaseMs: number,
  ): Promise<[string, string | number, string?]>;
  renewEffect(effect: string, fence: number, leaseMs: number): Promise<number>;
  releaseEffect(effect: string, fence: number): Promise<number>;
  commitEffect(
    effect: string,
    outbox: string,
    fence: number,
    result: string,
    standing: string,
    resource: string,
    retentionMs: number,
  ): Promise<number>;
};

export function redisEffects(redis: Redis): EffectStore {
  redis.defineCommand("claimEffect", { lua: claim, numberOfKeys: 1 });
  redis.defineCommand("renewEffect", { lua: renew, numberOfKeys: 1 });
  redis.defineCommand("releaseEffect", { lua: release, numberOfKeys: 1 });
  redis.defineCommand("commitEffect", { lua: commit, numberOfKeys: 2 });
  const scripted = redis as Scripted;
  const at = (c: Pick<Claim, "executioner" | "resource">) => key.effect(c.executioner, c.resource);
  return {
    async claim(c, leaseMs) {
      const [kind, value, standing] = await scripted.claimEffect(at(c), c.intentId, c.submission, c.digest, leaseMs);
      switch (kind) {
        case "claimed":
          return { kind, fence: Number(value), ...standingFrom(standing ?? "") };
        case "complete":
          return { kind, result: String(value) };
        case "busy":
          return { kind, retryAfterMs: Number(value) };
        case "owned":
          return { kind, by: String(value) };
        case "superseded":
        case "conflict":
          return { kind };
        default:
          throw new Error(`claim.lua answered ${kind}, which its header does not list`);
      }
    },
    renew: async (c, fence, leaseMs) => (await scripted.renewEffect(at(c), fence, leaseMs)) === 1,
    release: async (c, fence) => {
      await scripted.releaseEffect(at(c), fence);
    },
    commit: async (c, fence, { result, ...standing }) => {
      const outbox = key.outbox(c.executioner);
      const answer = await scripted.commitEffect(at(c), outbox, fence, result, standingText(standing), c.resource, RETENTION_MS);
      return answer === 1 ? "committed" : "stale";
    },
    ownerOf: async (executioner, resource) => {
      const [intent, state, standing] = await redis.hmget(key.effect(executioner, resource), "intent", "state", "standing");
      return intent && (state === "INPROGRESS" || (standing ?? "") !== "") ? intent : undefined;
    },
    published: async (c) => {
      await redis.zrem(key.outbox(c.executioner), c.resource);
    },
    async unpublished(executioner, olderThanMs, limit) {
      const [seconds, micros] = await redis.time();
      const before = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - olderThanMs;
      const resources = await redis.zrangebyscore(key.outbox(executioner), 0, before, "LIMIT", 0, limit);
      const results = await Promise.all(resources.map((resource) => redis.hget(key.effect(executioner, resource), "result")));
      // A record that has expired has nothing left to tell.
      const forgotten = resources.filter((_, i) => results[i] === null);
      if (forgotten.length > 0) await redis.zrem(key.outbox(executioner), ...forgotten);
      return resources.flatMap((resource, i) => (results[i] ? [{ resource, result: results[i] }] : []));
    },
  };
}

interface Kept {
  intentId: string;
  submission: number;
  digest: string;
  leaseUntil: number;
  isComplete: boolean;
  fence: number;
  result: string;
  standing: string;
  unpublishedSince: number | undefined;
}

/** The same answers as claim.lua and its neighbours, for one process. */
export function memoryEffects(now: () => number = () => performance.now()): EffectStore {
  const effects = new Map<string, Kept>();
  const at = (c: Pick<Claim, "executioner" | "resource">) => key.effect(c.executioner, c.resource);
  const latest = (c: Claim, fence: number) => {
    const kept = effects.get(at(c));
    return kept?.fence === fence ? kept : undefined;
  };
  const decide = (c: Claim, kept: Kept | undefined): Exclude<Claimed, { kind: "claimed" }> | undefined => {
    if (kept === undefined) return undefined;
    const busyMs = kept.isComplete ? 0 : kept.leaseUntil - now();
    if (kept.intentId !== c.intentId) {
      if (kept.standing !== "") return { kind: "owned", by: kept.intentId };
    } else {
      if (c.submission < kept.submission) return { kind: "superseded" };
      if (c.submission === kept.submission && kept.digest !== c.digest) return { kind: "conflict" };
      if (c.submission === kept.submission && kept.isComplete) return { kind: "complete", result: kept.result };
    }
    return busyMs > 0 ? { kind: "busy", retryAfterMs: Math.ceil(busyMs) } : undefined;
  };
  return {
    claim: (c, leaseMs) => {
      const kept = effects.get(at(c));
      const no = decide(c, kept);
      if (no !== undefined) return Promise.resolve(no);
      const fence = (kept?.fence ?? 0) + 1;
      const { intentId, submission, digest } = c;
      const { standing = "", result = "", unpublishedSince } = kept ?? {};
      const taken: Kept = {
        intentId,
        submission,
        digest,
        leaseUntil: now() + leaseMs,
        isComplete: false,
        fence,
        result,
        standing,
        unpublishedSince,
      };
      effects.set(at(c), taken);
      return Promise.resolve({ kind: "claimed", fence, ...standingFrom(standing) });
    },
    renew: (c, fence, leaseMs) => {
      const kept = latest(c, fence);
      if (kept !== undefined) kept.leaseUntil = now() + leaseMs;
      return Promise.resolve(kept !== undefined);
    },
    release: (c, fence) => {
      const kept = latest(c, fence);
      if (kept !== undefined) kept.leaseUntil = 0;
      return Promise.resolve();
    },
    commit: (c, fence, { result, ...standing }) => {
      const kept = latest(c, fence);
      if (kept === undefined) return Promise.resolve("stale");
      Object.assign(kept, { isComplete: true, result, standing: standingText(standing), unpublishedSince: now() });
      return Promise.resolve("committed");
    },
    ownerOf: (executioner, resource) => {
      const kept = effects.get(key.effect(executioner, resource));
      return Promise.resolve(kept !== undefined && (!kept.isComplete || kept.standing !== "") ? kept.intentId : undefined);
    },
    published: (c) => {
      const kept = effects.get(at(c));
      if (kept !== undefined) kept.unpublishedSince = undefined;
      return Promise.resolve();
    },
    unpublished: (executioner, olderThanMs, limit) => {
      const prefix = key.effect(executioner, "");
      const late = [...effects].filter(
        ([k, e]) => k.startsWith(prefix) && e.unpublishedSince !== undefined && now() - e.unpublishedSince >= olderThanMs,
      );
      return Promise.resolve(late.slice(0, limit).map(([k, e]) => ({ resource: k.slice(prefix.length), result: e.result })));
    },
  };
}

export const openEffects = sharedOn(({ redis }): EffectStore => (redis === undefined ? memoryEffects() : redisEffects(redis)));
