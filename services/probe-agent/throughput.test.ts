import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openBudget } from "./budget.ts";
import { runFlood } from "./flood.ts";
import { probeKeys } from "./keys.ts";
import { openSink, type Sink, type Slot } from "./sink.ts";
import { CHALLENGE_BYTES, type Caps } from "./transfer.ts";

const ADDRESS = "127.0.42.1";
const FROM = "127.0.42.2";
const MB = 1_000_000;
const keys = probeKeys("an-agents-token-of-32-characters");
const never = new AbortController().signal;

const sinks: Sink[] = [];
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.close();
});

async function sinkWith({
  budgetBytes = 1_000 * MB,
  slot = { isTaken: false },
  caps = { ms: 5_000, bytes: 100 * MB },
}: { budgetBytes?: number; slot?: Slot; caps?: Caps } = {}) {
  const budget = openBudget(budgetBytes);
  const isAllowed = (address: string): boolean => address === FROM;
  const sink = await openSink({ address: ADDRESS, port: 0, hmac: keys.throughput, slot, budget, isAllowed, caps });
  sinks.push(sink);
  const flood = (caps: Caps, hmac = keys.throughput, from = FROM) =>
    runFlood({ from, to: { address: ADDRESS, port: sink.port }, hmac, caps, signal: never });
  return { sink, budget, slot, flood };
}

describe("a throughput test", () => {
  it("ends at its cap of bytes, and gives back what it did not need", async () => {
    const { flood, budget } = await sinkWith();
    const { throughput, bytes } = await flood({ ms: 5_000, bytes: 8 * MB });
    expect(throughput).toMatchObject({ ok: true });
    expect(bytes).toBeGreaterThanOrEqual(8 * MB);
    expect(bytes).toBeLessThan(9 * MB);
    expect(budget.spent()).toBeLessThan(9 * MB);
    expect((await flood({ ms: 5_000, bytes: 1 * MB })).bytes).toBeGreaterThan(0);
  });

  it("ends at the sink's own cap, whatever the flooder asks for", async () => {
    const { flood } = await sinkWith({ caps: { ms: 5_000, bytes: 2 * MB } });
    const { bytes } = await flood({ ms: 5_000, bytes: 90 * MB });
    expect(bytes).toBeGreaterThanOrEqual(2 * MB);
    expect(bytes).toBeLessThan(4 * MB);
  });

  it("ends at its cap of time, however much it could still send", async () => {
    const { flood } = await sinkWith({ caps: { ms: 100, bytes: 1e12 }, budgetBytes: 1e12 });
    const { bytes } = await flood({ ms: 60_000, bytes: 1e12 - 1 });
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(1e11);
  });

  it("is not taken by a sink that is in another one, which goes on undisturbed", async () => {
    const { flood } = await sinkWith({ caps: { ms: 1_000, bytes: 1e12 }, budgetBytes: 1e13 });
    const both = await Promise.all([flood({ ms: 1_000, bytes: 4e11 }), flood({ ms: 1_000, bytes: 4e11 })]);
    expect(both.map(({ throughput }) => (throughput.ok ? "measured" : throughput.code)).toSorted()).toEqual(["PROBE_BUSY", "measured"]);
  });

  it("is not taken by a node that floods another one itself", async () => {
    const { flood } = await sinkWith({ slot: { isTaken: true } });
    expect((await flood({ ms: 100, bytes: MB })).throughput).toMatchObject({ ok: false, code: "PROBE_BUSY" });
  });

  it("is not taken beyond the hour's budget, and is no zero then", async () => {
    const { flood } = await sinkWith({ budgetBytes: 3 * MB });
    expect((await flood({ ms: 5_000, bytes: 2 * MB })).throughput.ok).toBe(true);
    expect(await flood({ ms: 5_000, bytes: 2 * MB })).toMatchObject({ throughput: { ok: false, code: "PROBE_BUDGET_SPENT" }, bytes: 0 });
  });

  it("is not taken from who has another token, nor from an address that is not known", async () => {
    const { flood, slot } = await sinkWith();
    const wrong = await flood({ ms: 100, bytes: MB }, probeKeys("another-token-of-thirty-two-chars").throughput);
    expect(wrong).toMatchObject({ throughput: { ok: false, code: "PROBE_TOKEN_WRONG" }, bytes: 0 });
    expect((await flood({ ms: 100, bytes: MB }, keys.throughput, "127.0.42.3")).throughput).toMatchObject({
      code: "PROBE_SINK_UNREACHABLE",
    });
    expect(slot.isTaken).toBe(false);
  });

  it("is not taken twice by one answer: every challenge is another one", async () => {
    const { sink } = await sinkWith();
    const challenge = async (): Promise<string> => {
      const socket = connect({ host: ADDRESS, port: sink.port, localAddress: FROM });
      const [bytes] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      expect(bytes).toHaveLength(CHALLENGE_BYTES);
      return bytes.toString("hex");
    };
    expect(await challenge()).not.toBe(await challenge());
  });

  it("with nobody at the other end says so", async () => {
    const { sink, flood } = await sinkWith();
    await sink.close();
    sinks.splice(0);
    expect((await flood({ ms: 100, bytes: MB })).throughput).toMatchObject({
      ok: false,
      code: "PROBE_SINK_UNREACHABLE",
      reason: expect.stringContaining("ECONNREFUSED"),
    });
  });
});
