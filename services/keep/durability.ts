import type { Redis } from "ioredis";

/** What the store's settings let us promise, in words for whoever starts the system. Measured: Debian's default forgets everything at a crash. */
export async function storePromise(redis: Redis | undefined): Promise<{ readonly isDurable: boolean; readonly says: string }> {
  if (redis === undefined) return { isDurable: false, says: "in memory: everything is forgotten when this process ends" };
  const [appendonly, appendfsync, policy] = await Promise.all(
    ["appendonly", "appendfsync", "maxmemory-policy"].map((name) => setting(redis, name)),
  );
  if (appendonly === undefined)
    return { isDurable: false, says: "Redis does not show its settings, so nothing is promised about a crash of it" };
  const found = `appendonly ${appendonly}, appendfsync ${String(appendfsync)}, maxmemory-policy ${String(policy)}`;
  if (policy !== "noeviction")
    return { isDurable: false, says: `Redis may evict keys (${found}): effects are observed again, records may go missing` };
  if (appendonly !== "yes")
    return { isDurable: false, says: `Redis forgets everything when it crashes (${found}): effects are observed again` };
  if (appendfsync !== "always") return { isDurable: false, says: `Redis forgets up to a second when the machine loses power (${found})` };
  return { isDurable: true, says: `Redis keeps every write (${found})` };
}

async function setting(redis: Redis, name: string): Promise<string | undefined> {
  try {
    const answer = (await redis.config("GET", name)) as readonly string[];
    return answer[1];
  } catch {
    return undefined;
  }
}
