import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { TsnDomain } from "../../domain/tsn/domain.ts";
import { readNetworkDocument } from "../../domain/tsn/formats/network.ts";
import { memoryTsn, redisTsn, type TsnStore } from "../../state/tsn.ts";
import { networkText, small } from "../support/tsn.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const { input, schedule } = small();
const read = readNetworkDocument(networkText());
if (!read.ok) throw new Error(JSON.stringify(read.faults));
const network = read.value;
const at = (revision: number, id = "plant"): TsnDomain => ({ id, revision, input, schedule, touchedLinks: ["sw>db"] });

describe.each(["memory", "redis"] as const)("%s TSN domains", (kind) => {
  let store: TsnStore;
  beforeEach(() => {
    store = kind === "memory" ? memoryTsn() : redisTsn(redis);
  });

  it("give back the network that was put last, and none where none was", async () => {
    expect(await store.network("plant")).toBeUndefined();
    await store.putNetwork("plant", network);
    expect(await store.network("plant")).toEqual(network);
    const other = { ...network, guardBand: "none" as const };
    await store.putNetwork("plant", other);
    expect(await store.network("plant")).toEqual(other);
    expect(await store.network("other")).toBeUndefined();
  });

  it("give back a schedule as it was put", async () => {
    expect(await store.get("plant")).toBeUndefined();
    expect(await store.put({ ...at(1), request: "e1" }, 0)).toBe("stored");
    expect(await store.get("plant")).toEqual({ ...at(1), request: "e1" });
    expect(await store.get("other")).toBeUndefined();
  });

  it("take one of many that come at once on the same revision", async () => {
    const puts = await Promise.all(Array.from({ length: 20 }, () => store.put(at(1), 0)));
    expect(puts.filter((put) => put === "stored")).toHaveLength(1);
    expect(await store.put(at(2), 1)).toBe("stored");
    expect(await store.put(at(2), 1)).toBe("changed");
    expect((await store.get("plant"))?.revision).toBe(2);
  });

  it("compare revisions as numbers, and domains apart", async () => {
    await store.put(at(9), 0);
    expect(await store.put(at(10), 9)).toBe("stored");
    expect(await store.put(at(11), 1)).toBe("changed");
    expect(await store.put(at(1, "other"), 0)).toBe("stored");
  });
});
