import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";

/** Keeps the secrets of intents sealed, and gives references to travel in their place. */
export interface SecretStore {
  /** The reference that `put` gives: the same secret of the same intent always has the same one, so that applying again is no change. */
  refOf(intentId: string, secret: string): string;
  /** Whether a reference is one of this intent's. */
  isOf(intentId: string, ref: string): boolean;
  put(intentId: string, secret: string): Promise<string>;
  /** The secret behind a reference; undefined when it is unknown, or was sealed with another key. */
  open(ref: string): Promise<string | undefined>;
  /** Forgets every secret of an intent. */
  forget(intentId: string): Promise<void>;
}

interface Vault {
  set(tag: string, ref: string, sealed: string): Promise<void>;
  get(tag: string, ref: string): Promise<string | undefined>;
  drop(tag: string): Promise<void>;
}

const PREFIX = "secretRef:";
const TAG_LENGTH = 12;
const subkey = (sealKey: Buffer, use: string): Buffer => Buffer.from(hkdfSync("sha256", sealKey, "", `underlay ${use}`, 32));
const tagOf = (intentId: string): string => createHash("sha256").update(intentId).digest("base64url").slice(0, TAG_LENGTH);
const tagIn = (ref: string): string => ref.slice(PREFIX.length, PREFIX.length + TAG_LENGTH);

/** AES-256-GCM with a fresh nonce a secret; the reference is authenticated with it, so that ciphertexts cannot be swapped. */
function secretsOn(vault: Vault, sealKey: Buffer): SecretStore {
  const encryption = subkey(sealKey, "encryption");
  const naming = subkey(sealKey, "naming");
  const refOf = (intentId: string, secret: string): string => {
    const mac = createHmac("sha256", naming)
      .update(JSON.stringify([intentId, secret]))
      .digest("base64url")
      .slice(0, 22);
    return `${PREFIX}${tagOf(intentId)}${mac}`;
  };
  return {
    refOf,
    isOf: (intentId, ref) => tagIn(ref) === tagOf(intentId),
    async put(intentId, secret) {
      const ref = refOf(intentId, secret);
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", encryption, nonce).setAAD(Buffer.from(ref));
      const sealed = Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
      await vault.set(tagOf(intentId), ref, sealed.toString("base64"));
      return ref;
    },
    async open(ref) {
      const text = await vault.get(tagIn(ref), ref);
      if (text === undefined) return undefined;
      const sealed = Buffer.from(text, "base64");
      try {
        const decipher = createDecipheriv("aes-256-gcm", encryption, sealed.subarray(0, 12), { authTagLength: 16 }).setAAD(
          Buffer.from(ref),
        );
        decipher.setAuthTag(sealed.subarray(-16));
        return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString("utf8");
      } catch {
        // GCM says no: another key, or not what was sealed. To the caller that is a secret nobody has.
        return undefined;
      }
    },
    forget: (intentId) => vault.drop(tagOf(intentId)),
  };
}

export const redisSecrets = (redis: Redis, sealKey: Buffer): SecretStore =>
  secretsOn(
    {
      set: async (tag, ref, sealed) => {
        await redis.hset(key.secrets(tag), ref, sealed);
      },
      get: async (tag, ref) => (await redis.hget(key.secrets(tag), ref)) ?? undefined,
      drop: async (tag) => {
        await redis.del(key.secrets(tag));
      },
    },
    sealKey,
  );

export function memorySecrets(sealKey: Buffer): SecretStore {
  const tags = new Map<string, Map<string, string>>();
  return secretsOn(
    {
      set: (tag, ref, sealed) => {
        tags.set(tag, (tags.get(tag) ?? new Map<string, string>()).set(ref, sealed));
        return Promise.resolve();
      },
      get: (tag, ref) => Promise.resolve(tags.get(tag)?.get(ref)),
      drop: (tag) => {
        tags.delete(tag);
        return Promise.resolve();
      },
    },
    sealKey,
  );
}

export const openSecrets = sharedOn(({ redis, sealKey }): SecretStore =>
  redis === undefined ? memorySecrets(sealKey) : redisSecrets(redis, sealKey),
);
