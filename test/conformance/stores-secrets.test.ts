import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { memorySecrets, redisSecrets, type SecretStore } from "../../state/secrets.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const kinds = ["memory", "redis"] as const;
const sealKey = Buffer.alloc(32, 7);
const canary = "canary-aoeu-1234";

describe.each(kinds)("%s secrets", (kind) => {
  let store: SecretStore;
  beforeEach(() => {
    store = kind === "memory" ? memorySecrets(sealKey) : redisSecrets(redis, sealKey);
  });

  it("opens what was put, whatever is in it", async () => {
    for (const secret of [canary, "ä\u0000\n€", "x", "y".repeat(4096)]) expect(await store.open(await store.put("i", secret))).toBe(secret);
  });

  it("names the same secret of the same intent the same, and before it is put", async () => {
    const ref = store.refOf("i", canary);
    expect(await store.open(ref)).toBeUndefined();
    expect([await store.put("i", canary), await store.put("i", canary)]).toEqual([ref, ref]);
    expect(ref).toMatch(/^secretRef:[A-Za-z0-9_-]{16,64}$/);
    expect(ref).not.toContain(canary);
  });

  it("names other secrets, and those of other intents, otherwise", async () => {
    const refs = [await store.put("i", canary), await store.put("i", `${canary}5`), await store.put("j", canary)];
    expect(new Set(refs).size).toBe(3);
    // Not even the ends are the same: nobody sees that two intents share a token.
    expect(new Set(refs.map((ref) => ref.slice(-22))).size).toBe(3);
    const elsewhere = memorySecrets(Buffer.alloc(32, 8));
    expect(elsewhere.refOf("i", canary)).not.toBe(refs[0]);
  });

  it("opens nothing that it does not know", async () => {
    await store.put("i", canary);
    for (const ref of ["", "secretRef:", "secretRef:0123456789abcdef", "__proto__", `${store.refOf("i", canary)}x`])
      expect(await store.open(ref)).toBeUndefined();
  });

  it("forgets all of an intent, and nothing of another", async () => {
    const ours = [await store.put("i", "one"), await store.put("i", "two")];
    const other = await store.put("j", "one");
    await store.forget("i");
    expect(await Promise.all(ours.map((ref) => store.open(ref)))).toEqual([undefined, undefined]);
    expect(await store.open(other)).toBe("one");
    await store.forget("never seen");
  });
});

describe("redis secrets", () => {
  const everything = async (): Promise<string> => {
    const keys = await redis.keys("*");
    const hashes = await Promise.all(keys.map((k) => redis.hgetall(k)));
    return JSON.stringify([keys, hashes]);
  };

  it("has no secret in clear in Redis, nor its base64, and seals it anew every time", async () => {
    const store = redisSecrets(redis, sealKey);
    await store.put("i", canary);
    const before = await everything();
    await store.put("i", canary);
    const after = await everything();
    expect(after).not.toBe(before);
    for (const text of [before, after]) {
      expect(text).toContain("secretRef:");
      expect(text).not.toContain(canary);
      expect(text).not.toContain(Buffer.from(canary).toString("base64").slice(0, 12));
      expect(text).not.toContain(Buffer.from(canary).toString("hex"));
    }
  });

  it("does not open a ciphertext that was put under another reference", async () => {
    const store = redisSecrets(redis, sealKey);
    const [one, two] = [await store.put("i", "one"), await store.put("i", "two")];
    const [hash] = await redis.keys("*");
    const sealed = await redis.hget(String(hash), one);
    await redis.hset(String(hash), two, String(sealed));
    expect([await store.open(one), await store.open(two)]).toEqual(["one", undefined]);
  });

  it("does not open what another key sealed, nor what was altered or cut short", async () => {
    const store = redisSecrets(redis, sealKey);
    const ref = await store.put("i", canary);
    const [hash] = await redis.keys("*");
    const bytes = Buffer.from(String(await redis.hget(String(hash), ref)), "base64");
    const other = redisSecrets(redis, Buffer.alloc(32, 9));
    await redis.hset(String(hash), other.refOf("i", canary), bytes.toString("base64"));
    expect(await other.open(other.refOf("i", canary))).toBeUndefined();
    expect(await other.open(ref)).toBeUndefined();
    for (const i of [0, 12, bytes.length - 1]) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8((altered.readUInt8(i) + 1) % 256, i);
      await redis.hset(String(hash), ref, altered.toString("base64"));
      expect(await store.open(ref)).toBeUndefined();
    }
    for (const length of [0, 3, 12, 20, bytes.length - 1]) {
      await redis.hset(String(hash), ref, bytes.subarray(0, length).toString("base64"));
      expect(await store.open(ref)).toBeUndefined();
    }
  });
});
