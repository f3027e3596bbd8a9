import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { valueOf } from "../../domain/probe/report.ts";
import { type Cable, type End, layCable, STAMP_PORT, whyNoNamespaces } from "../support/netns.ts";

const whyNot = await whyNoNamespaces();
if (whyNot !== undefined) console.warn(`SKIPPED: what a probe says of a network whose truth is known: ${whyNot}`);

/** Where a STAMP packet has the sender's number: in the payload, after UDP's 8 octets, at 0 of a test packet and at 24 of its reflection. */
const IS_MEASURED = { forward: "@th,64,32 < 100", backward: "@th,256,32 < 100" };

/** Drops packets at an end and counts them: nftables' counter is the truth. */
async function dropAt(end: End, packets: string, rule: string): Promise<() => Promise<number>> {
  const chain = "type filter hook input priority 0; policy accept;";
  const rules = `table inet truth {\n counter dropped {}\n chain input {\n ${chain}\n ${packets} ${rule} counter name dropped drop\n }\n}\n`;
  await end.feed(rules, "nft", "-f", "-");
  return async () => Number(/packets (\d+)/.exec(await end.run("nft", "list", "counter", "inet", "truth", "dropped"))?.[1]);
}
/** By address too: an agent's look at its own floor does not use the cable. */
const forwardAt = ({ ends: [a, b] }: Cable, rule: string) => dropAt(b, `ip saddr ${a.address} udp dport ${String(STAMP_PORT)}`, rule);
const backwardAt = ({ ends: [a, b] }: Cable, rule: string) => dropAt(a, `ip saddr ${b.address} udp sport ${String(STAMP_PORT)}`, rule);

describe.skipIf(whyNot !== undefined)("a probe on a cable between two namespaces", { timeout: 60_000 }, () => {
  let laid: Cable;
  beforeAll(async () => {
    laid = await layCable();
  });
  afterEach(async () => {
    for (const end of laid.ends) await end.run("nft", "flush", "ruleset");
  });
  afterAll(() => laid.close());

  it("counts no loss where there is none, and tells no packet that it does not understand as one", async () => {
    const { counts, link, cost } = await laid.measure(0);
    expect(counts).toMatchObject({ sent: 100, received: 100, lost: 0, lostForward: 0, lostBackward: 0, duplicates: 0, rejected: 0 });
    expect(valueOf(link, "lossrate", "total", "round-trip")).toBe(0);
    expect(cost).toMatchObject({ stampBytes: 14_400, throughputBytes: 0 });
  });

  it.each([
    ["numgen inc mod 10 == 0", undefined],
    ["numgen random mod 1000 < 150", undefined],
    [undefined, "numgen inc mod 7 == 3"],
    [undefined, "numgen random mod 1000 < 150"],
    ["numgen random mod 1000 < 200", "numgen random mod 1000 < 50"],
  ])("tells exactly what was dropped on the way there (%s) and on the way back (%s)", async (there, back) => {
    const forward = there === undefined ? () => Promise.resolve(0) : await forwardAt(laid, `${IS_MEASURED.forward} ${there}`);
    const backward = back === undefined ? () => Promise.resolve(0) : await backwardAt(laid, `${IS_MEASURED.backward} ${back}`);
    const { counts, link } = await laid.measure(0);
    const [lostForward, lostBackward] = [await forward(), await backward()];
    expect(lostForward + lostBackward).toBeGreaterThan(0);
    expect(counts).toMatchObject({ sent: 100, lost: lostForward + lostBackward, lostForward, lostBackward });
    expect(valueOf(link, "lossrate", "total", "round-trip")).toBe(lostForward + lostBackward);
  });

  it("accounts for every packet that was dropped, those that ask for the reflector's count among them", async () => {
    const forward = await forwardAt(laid, "numgen random mod 100 < 30");
    const backward = await backwardAt(laid, "numgen random mod 100 < 30");
    const { counts } = await laid.measure(0);
    expect(counts.lost + counts.closing.lost).toBe((await forward()) + (await backward()));
  });

  it("says that nothing came back, and no delay, where everything is dropped", async () => {
    await forwardAt(laid, "numgen inc mod 1 == 0");
    const { counts, link } = await laid.measure(0, { throughput: false });
    expect(counts).toMatchObject({ sent: 100, received: 0, lost: 100 });
    expect(valueOf(link, "lossrate", "total", "round-trip")).toBe(100);
    expect(valueOf(link, "delay-rt", "p50", "round-trip")).toBeUndefined();
    expect(link.measurements.filter((m) => m.metric === "delay-rt").map((m) => m.error?.code)).toEqual(
      Array.from({ length: 3 }, () => "PROBE_NO_REPLY"),
    );
  });

  it("counts the flaps of the cable, each once, from the first look on", async () => {
    const failuresIn = async (): Promise<number | undefined> => valueOf((await laid.measure(1)).link, "link-failures", "total");
    const [a, b] = laid.ends;
    const flap = async ({ run, device }: End): Promise<void> => {
      await run("ip", "link", "set", device, "down");
      await run("ip", "link", "set", device, "up");
    };
    expect(await failuresIn(), "there is nothing to compare the first look to").toBeUndefined();
    expect(await failuresIn()).toBe(0);
    for (const end of [a, b, a]) await flap(end);
    expect(await failuresIn()).toBe(3);
    expect(await failuresIn()).toBe(0);
  });
});

describe.skipIf(whyNot !== undefined)("a probe that is told to take packets with an HMAC only", { timeout: 60_000 }, () => {
  it("measures and reflects with them, and is as exact", async () => {
    const sealed = await layCable({ env: { PROBE_STAMP: "authenticated" } });
    try {
      // A reflection with an HMAC has the sender's number at 48.
      const backward = await backwardAt(sealed, "@th,448,32 < 100 numgen inc mod 9 == 0");
      const { counts, cost } = await sealed.measure(0);
      expect(counts).toMatchObject({ lostForward: 0, lostBackward: await backward(), rejected: 0 });
      expect(counts.lost).toBeGreaterThan(0);
      expect(cost.stampBytes % 140).toBe(0);
    } finally {
      await sealed.close();
    }
  });
});

it("has looked at a network, or says why not", (context) => {
  if (whyNot !== undefined) context.skip(whyNot);
  expect(whyNot).toBeUndefined();
});
