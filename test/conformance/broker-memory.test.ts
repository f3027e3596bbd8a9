import { describe, expect, it } from "vitest";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import { ids, outgoing } from "./broker-fixture.ts";

describe("memory broker with a short log", () => {
  const read = async (
    after: string,
    count: number,
  ): Promise<{ offsets: string[]; sent: ReturnType<typeof outgoing>[]; seen: (string | undefined)[] }> => {
    const broker = openMemoryBroker({ logMaxEvents: 4 });
    const sent = Array.from({ length: 10 }, () => outgoing("a.b"));
    await broker.publish(sent);
    const offsets: string[] = [];
    const seen: (string | undefined)[] = [];
    for await (const { offset, message } of broker.follow(after, AbortSignal.timeout(5_000))) {
      offsets.push(offset);
      seen.push(...ids([message]));
      if (offsets.length === count) break;
    }
    await broker.close();
    return { offsets, sent, seen };
  };

  it("forgets its oldest events", async () => {
    const { offsets, sent, seen } = await read("first", 4);
    expect(offsets).toEqual(["6", "7", "8", "9"]);
    expect(seen).toEqual(ids(sent.slice(6)));
  });

  it("goes on with the oldest event kept where those after an offset are forgotten", async () => {
    expect((await read("2", 4)).offsets).toEqual(["6", "7", "8", "9"]);
  });

  it("shows everything to a reader whose offset is from before a restart", async () => {
    expect((await read("5000", 4)).offsets).toEqual(["6", "7", "8", "9"]);
  });

  it("lets a slow reader skip what was forgotten meanwhile", async () => {
    const broker = openMemoryBroker({ logMaxEvents: 4 });
    const reader = broker.follow("first", AbortSignal.timeout(5_000))[Symbol.asyncIterator]();
    await broker.publish([outgoing("a.b")]);
    expect((await reader.next()).value).toMatchObject({ offset: "0" });
    await broker.publish(Array.from({ length: 10 }, () => outgoing("a.b")));
    expect((await reader.next()).value).toMatchObject({ offset: "7" });
    await broker.close();
  });
});
