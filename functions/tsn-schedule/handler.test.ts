import { describe, expect, it } from "vitest";
import { NetworkDocument } from "../../domain/tsn/formats/network.ts";
import type { Event } from "../../events/define.ts";
import { TsnInfeasible, TsnRefused, TsnRequested, TsnScheduled } from "../../events/tsn.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { exhausted, type HostScope, invoke } from "../../runtime/invoke.ts";
import { memoryEffects } from "../../state/effects.ts";
import { memoryTsn, type TsnStore } from "../../state/tsn.ts";
import fn from "./handler.ts";

const link = (from: string, to: string) => ({ id: `${from}>${to}`, from, to, rateMbps: 1000 });
/** A star: every station talks to the first one. */
const network = (stations: number, streams: number) => {
  const names = Array.from({ length: stations }, (_, i) => `e${String(i)}`);
  return NetworkDocument.parse({
    nodes: [{ id: "sw", kind: "bridge" }, ...names.map((id) => ({ id, kind: "end-station" }))],
    links: names.flatMap((id) => [link(id, "sw"), link("sw", id)]),
    streams: Array.from({ length: streams }, (_, i) => ({
      id: `s${String(i)}`,
      talker: `e${String(1 + (i % (stations - 1)))}`,
      listeners: ["e0"],
      intervalNs: 4_000_000,
      frameBytes: 64,
      maxLatencyNs: 4_000_000,
    })),
  });
};
const stream = { id: "x", talker: "e1", listeners: ["e0"], intervalNs: 1_000_000, frameBytes: 100, maxLatencyNs: 500_000 };

const asked = (id: string, request: object): Event =>
  TsnRequested.make({ source: "/test", subject: "d", id, data: TsnRequested.data.parse({ domain: "d", ...request }) });
const hosted = (schedules: TsnStore) => {
  const scope: HostScope = {
    resources: { schedules, effects: memoryEffects() },
    now: () => new Date(0),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    lastAttempt: false,
    reached: () => undefined,
  };
  return async (event: Event): Promise<Event> => {
    const reply = await invoke(fn, event, scope);
    if (reply.kind !== "done" || reply.events[0] === undefined) throw new Error(JSON.stringify(reply));
    return reply.events[0];
  };
};

describe("tsn-schedule", () => {
  it("plans a network that comes with the event, and remembers both", async () => {
    const schedules = memoryTsn();
    const told = await hosted(schedules)(asked("1", { operation: "plan", network: network(3, 4) }));
    expect(told).toMatchObject({ type: TsnScheduled.type, subject: "d", data: { operation: "plan", revision: 1, streamCount: 4 } });
    expect((await schedules.network("d"))?.nodes).toHaveLength(4);
    expect((await schedules.get("d"))?.schedule.streams).toHaveLength(4);
  });

  it("tells a request that is delivered again what it brought about, and does it once", async () => {
    const schedules = memoryTsn();
    const tell = hosted(schedules);
    await tell(asked("1", { operation: "plan", network: network(3, 4) }));
    const admission = asked("2", { operation: "admit", streams: [stream] });
    const first = await tell(admission);
    const again = await tell(admission);
    expect(again).toMatchObject({ id: first.id, type: TsnScheduled.type, data: first.data as object });
    expect((await schedules.get("d"))?.revision).toBe(2);
  });

  it("starts again when somebody else was faster", async () => {
    const schedules: TsnStore = { ...memoryTsn(), put: () => Promise.resolve("changed") };
    const reply = await invoke(fn, asked("1", { operation: "plan", network: network(3, 4) }), {
      resources: { schedules, effects: memoryEffects() },
      now: () => new Date(0),
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      lastAttempt: false,
      reached: () => undefined,
    });
    expect(reply).toMatchObject({ kind: "retry", code: "TSN_SCHEDULE_CHANGED" });
  });

  it("says no to a domain that it does not know, and shows the proof where there is no schedule", async () => {
    const tell = hosted(memoryTsn());
    expect(await tell(asked("1", { operation: "plan" }))).toMatchObject({ type: TsnRefused.type, data: { code: "TSN_DOMAIN_UNKNOWN" } });
    await tell(asked("2", { operation: "plan", network: network(3, 1) }));
    expect(await tell(asked("3", { operation: "admit", streams: [{ ...stream, maxLatencyNs: 10 }] }))).toMatchObject({
      type: TsnInfeasible.type,
      data: { operation: "admit", certificate: { kind: "latency", stream: "x" } },
    });
  });

  it("says so when it is given up, so that nobody waits", () => {
    const reply = exhausted(fn, asked("1", { operation: "plan" }), { code: "STORE_UNAVAILABLE", reason: "away" });
    expect(reply).toMatchObject({ kind: "done", events: [{ type: TsnRefused.type, data: { code: "STORE_UNAVAILABLE" } }] });
  });

  it("keeps an event within what travels, however many streams there are", async () => {
    const schedules = memoryTsn();
    await schedules.putNetwork("d", network(40, 900));
    const told = await hosted(schedules)(asked("1", { operation: "plan" }));
    const { streamCount, streams, ports } = TsnScheduled.data.parse(told.data);
    expect([streamCount, streams.length, ports]).toEqual([900, 200, undefined]);
    expect(encodeAmqp(told).body.length).toBeLessThan(65_536);
  });
});
