import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../scripts/services/child.ts";
import { findRedis, type RedisServer, startRedis } from "../scripts/services/redis.ts";
import { TransientError } from "./errors.ts";
import { openStore } from "./store.ts";

describe("a connection to the store", () => {
  let server: RedisServer;
  let redis: Redis;
  let dir: string;
  beforeAll(async () => {
    const program = findRedis();
    if (program === undefined) throw new Error("no redis-server: these tests stop it, so they start one of their own");
    dir = await mkdtemp(join(tmpdir(), "underlay-store-"));
    server = await startRedis(program, { port: await freePort(), dir });
    redis = openStore(server.url, { enableAutoPipelining: true, maxRetriesPerRequest: 1, retryStrategy: () => 20 });
    redis.on("error", () => undefined);
    redis.defineCommand("answer", { lua: "return ARGV[1]", numberOfKeys: 0 });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const answer = (text: string) => (redis as Redis & { answer(text: string): Promise<string> }).answer(text);
  const faultOf = (asked: Promise<unknown>): Promise<unknown> => asked.then(() => undefined).catch((error: unknown) => error);

  it("says what a command got wrong in Redis's own words", async () => {
    await redis.set("text", "a");
    const fault = await faultOf(redis.incr("text"));
    expect(fault).not.toBeInstanceOf(TransientError);
    expect(fault).toHaveProperty("message", expect.stringContaining("not an integer"));
    expect(await answer("yes")).toBe("yes");
  });

  it("says STORE_UNAVAILABLE for what passes by itself", async () => {
    await redis.config("SET", "maxmemory", "1");
    expect(await faultOf(redis.set("more", "x".repeat(100)))).toMatchObject({ name: "TransientError", code: "STORE_UNAVAILABLE" });
    await redis.config("SET", "maxmemory", "0");
    expect(await redis.set("more", "x")).toBe("OK");
  });

  it("says STORE_UNAVAILABLE for plain, piped and scripted commands while Redis is down, and works again after", async () => {
    await server.stop();
    const faults = await Promise.all([redis.get("a"), redis.mget("a", "b"), answer("no"), redis.time()].map(faultOf));
    for (const fault of faults)
      expect(fault).toMatchObject({ name: "TransientError", code: "STORE_UNAVAILABLE", message: "the store does not answer" });
    server = await startRedis(String(findRedis()), { port: Number(new URL(server.url).port), dir });
    await expect.poll(() => faultOf(answer("again")), { timeout: 10_000 }).toBeUndefined();
  });
});
