import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { derivedId, type Event } from "../../events/define.ts";
import { EventRejected } from "../../events/rejected.ts";
import type { Outgoing } from "../../runtime/broker/broker.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { encodeBinary } from "../../runtime/codec/http.ts";
import { hostLocally } from "../../runtime/host/local.ts";
import { doors, type HttpDoor, httpDoors, onBrokers, removeQueues, until, watch } from "./hosts-doors.ts";
import { Answered, Asked, chain, Done, Failed, Placed } from "./hosts-functions.ts";
import { asked, describeDoor, describeHttpDoor, types } from "./hosts-table.ts";

afterAll(removeQueues);

for (const [name, open] of Object.entries(doors)) describeDoor(name, open);
for (const [name, open] of Object.entries(httpDoors)) describeHttpDoor(name, open);

it("tells whoever is too many to come back", async () => {
  const door = await (httpDoors["HTTP"] as () => Promise<HttpDoor>)();
  await door.close();
  const narrow = await (httpDoors["HTTP"] as (maxInFlight: number) => Promise<HttpDoor>)(0);
  const { headers, body } = encodeBinary(asked());
  const response = await fetch(narrow.url, { method: "POST", headers, body: new Uint8Array(body) });
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "1"]);
  await narrow.close();
});

it("answers a request that no client library sends", async () => {
  const door = await (httpDoors["HTTP"] as () => Promise<HttpDoor>)();
  const socket = connect(Number(new URL(door.url).port), "127.0.0.1");
  socket.write("POST //[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  const [chunk] = (await once(socket, "data")) as [Buffer];
  expect(chunk.toString()).toMatch(/^HTTP\/1\.1 400 /);
  socket.destroy();
  await door.close();
});

describe.each(onBrokers)("functions on the broker: $name", ({ openBroker, openHost, fuses }) => {
  const all = chain.map(({ name }) => name);

  /** What came of one event; a queue may still hold what other tests left behind. */
  async function run(event: Event, fuse: readonly string[], isOver: (seen: Seen) => boolean, host = openHost): Promise<Seen> {
    const broker = await openBroker();
    const watched = await watch(broker, chain, { openHost: host, fuse: new Set(fuse), attempts: 3 });
    const answered = derivedId(event, Answered.type, 0);
    const seen = (): Seen => ({
      story: watched.logged.filter((one) => one["correlationid"] === event.id),
      lines: watched.notes.lines.filter((line) => line.endsWith(event.id) || line.endsWith(answered)),
      kept: watched.kept.filter(({ id }) => id === event.id || id === answered),
      tries: [event.id, answered].map((id) => watched.notes.tries.get(id) ?? 0),
    });
    await broker.publish([encodeAmqp(event)]);
    await until(() => isOver(seen()), `the end of ${event.id}`);
    await new Promise((resolve) => setTimeout(resolve, 50)); // what should not come would come now
    await watched.close();
    return seen();
  }
  const untimed = (events: readonly Event[]) => events.map(({ time: _time, ...rest }) => rest).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const isDone = ({ story, lines }: Seen) => story.filter(({ type }) => type === Done.type).length === 3 && lines.length === 2;
  const isKept = ({ kept }: Seen) => kept.length > 0;

  it("leave the same events in the log, fused, partly fused, behind a bridge and with a hop each", async () => {
    const event = asked();
    const hops = await run(event, [], isDone, hostLocally);
    const fused = await run(event, fuses ? all : [], isDone);
    const partly = await run(event, fuses ? ["hosttest-place", "hosttest-left"] : [], isDone);
    expect(types(hops.story).toSorted()).toEqual([Answered, Asked, Done, Done, Done, Placed, Placed, Placed].map(({ type }) => type));
    expect(untimed(fused.story)).toEqual(untimed(hops.story));
    expect(untimed(partly.story)).toEqual(untimed(hops.story));
    expect(fused.lines.toSorted()).toEqual(hops.lines.toSorted());
    expect([hops.kept, fused.kept, partly.kept]).toEqual([[], [], []]);
  });

  const ways: readonly (readonly [string, readonly string[]])[] = [["with a hop each", []], ...(fuses ? ([["fused", all]] as const) : [])];
  describe.each(ways)("%s", (__, fuse) => {
    it("try one step again and leave the others alone", async () => {
      const { tries, story } = await run(asked("answer", "late"), fuse, isDone);
      expect(tries).toEqual([1, 2]);
      expect(story).toHaveLength(8);
    });

    it("tell what was given up, and keep it under the function that gave up", async () => {
      const event = asked("answer", "down");
      const { kept, story, tries, lines } = await run(event, fuse, isKept);
      expect(kept).toEqual([{ queue: "hosttest-place", id: derivedId(event, Answered.type, 0) }]);
      expect(types(story)).toEqual([Asked.type, Answered.type, Failed.type]);
      expect(story[2]?.data).toEqual({ code: "PEER_DOWN", reason: "the peer is down" });
      expect(tries).toEqual([1, 3]);
      expect(lines).toEqual([`settled answer ${event.id}`]);
    });

    it("reject and keep what a step will never do", async () => {
      const event = asked("answer", "poison");
      const { kept, story } = await run(event, fuse, isKept);
      expect(kept).toEqual([{ queue: "hosttest-place", id: derivedId(event, Answered.type, 0) }]);
      expect(story[2]).toMatchObject({ type: EventRejected.type, data: { function: "hosttest-place", code: "N_IMPOSSIBLE" } });
    });
  });

  it("wait as long as a fault says, without counting", async () => {
    const { tries, story } = await run(asked("pending"), [], isDone);
    expect(tries[0]).toBe(4);
    expect(story).toHaveLength(8);
  });

  it("say when it is the last time, and then give up", async () => {
    const event = asked("busy");
    const { lines, tries, story } = await run(event, [], isKept);
    expect(lines).toEqual([`last ${event.id}`]);
    expect(tries[0]).toBeGreaterThan(5);
    expect(story).toMatchObject([{}, { type: Failed.type, data: { code: "EFFECT_BUSY" } }]);
  });

  it("reject and keep what is no event at all", async () => {
    const broker = await openBroker();
    const seen = await watch(broker, chain, { openHost });
    const messageId = asked().id;
    const message: Outgoing = { ...encodeAmqp(asked()), headers: {}, body: Buffer.from(`hunter2 ${messageId}`), messageId };
    await broker.publish([message]);
    const isRejected = ({ type, data }: Event) => type === EventRejected.type && (data as { code: string }).code === "NOT_A_CLOUDEVENT";
    await until(() => seen.kept.some(({ id }) => id === messageId) && seen.logged.some(isRejected), "a dead letter");
    await seen.close();
    const rejected = seen.logged.filter(isRejected);
    expect(rejected).toMatchObject([{ data: { function: "hosttest-answer", code: "NOT_A_CLOUDEVENT" } }]);
    expect(JSON.stringify(rejected)).not.toContain("hunter2");
  });
});

interface Seen {
  readonly story: readonly Event[];
  readonly lines: readonly string[];
  readonly kept: readonly { readonly queue: string; readonly id: string | undefined }[];
  /** Of the first event, and of its answer. */
  readonly tries: readonly number[];
}
