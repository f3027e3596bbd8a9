import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumeMessage } from "amqplib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partPath } from "../../../scripts/real/part.ts";
import { derivedId, type Event } from "../../../events/define.ts";
import { EventRejected } from "../../../events/rejected.ts";
import { decodeAmqp, encodeAmqp } from "../../../runtime/codec/amqp.ts";
import { decodeHttp, encodeBatch, encodeBinary, encodeStructured } from "../../../runtime/codec/http.ts";
import { traceIdOf } from "../../../runtime/trace.ts";
import { until } from "../../conformance/hosts-doors.ts";
import { Answered, Asked, chain, Done, type Notes, openNotes, Placed } from "../../conformance/hosts-functions.ts";
import { type Asked as Call, type Hosted, hostEach, openListener, subscriptions } from "../hosting.ts";
import { type KnativeBroker, startKnative } from "./broker.ts";

const ingress = await partPath("knative-ingress");
const dispatcher = await partPath("knative-dispatcher");

let count = 0;
type How = (typeof Asked)["data"]["_output"]["how"];
const asked = (how: How = "answer"): Event => {
  const id = `knative-${String((count += 1))}`;
  return Asked.make({ source: "/test", subject: "s", id, data: { n: 21, how, below: "answer" } });
};
const read = ({ content, properties, fields }: ConsumeMessage): Event =>
  decodeAmqp({
    body: content,
    contentType: properties.contentType as string | undefined,
    headers: properties.headers ?? {},
    messageId: properties.messageId as string | undefined,
    routingKey: fields.routingKey,
  } as Parameters<typeof decodeAmqp>[0]);
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const bytes = (body: Buffer) => new Uint8Array(body);

describe.skipIf(ingress === undefined || dispatcher === undefined)("behind Knative's RabbitMQ broker", () => {
  let broker: KnativeBroker;
  let notes: Notes;
  let hosted: Hosted;

  beforeAll(async () => {
    broker = await startKnative(process.env["AMQP_URL"] ?? "", { ingress: ingress ?? "", dispatcher: dispatcher ?? "" });
    notes = openNotes();
    hosted = await hostEach(chain, notes, broker.ingress);
    for (const fn of chain)
      for (const [index, filter] of subscriptions(fn).entries())
        await broker.addTrigger({ name: `${fn.name}-${String(index)}`, filter, subscriber: hosted.url(fn.name), retry: 2 });
  }, 60_000);
  afterAll(async () => {
    await hosted.close();
    await broker.close();
  });

  const post = (body: Buffer, headers: Readonly<Record<string, string>>) =>
    fetch(broker.ingress, { method: "POST", headers, body: bytes(body) });
  const send = async (event: Event) => {
    const { headers, body } = encodeBinary(event);
    expect((await post(body, headers)).status).toBe(202);
  };
  /** What came of an event, in the order of arrival. */
  const story = ({ id }: Event) => broker.messages.map(read).filter((event) => event["correlationid"] === id);
  const told = (event: Event, length: number) => until(() => story(event).length >= length, `${String(length)} events after ${event.id}`);
  const types = (events: readonly Event[]) => events.map(({ type }) => type);
  const graveOf = (name: string) => (broker.graves.get(name) ?? []).map(read);

  it("carries a story through four functions, each reply and each event for the sink by the broker again", async () => {
    const event = asked();
    await send(event);
    await told(event, 8);
    await sleep(200); // what should not come would come now
    const seen = story(event);
    expect(types(seen).toSorted()).toEqual([Answered, Asked, Done, Done, Done, Placed, Placed, Placed].map(({ type }) => type));
    const answered = derivedId(event, Answered.type, 0);
    expect(seen.find(({ type }) => type === Answered.type)?.id).toBe(answered);
    const placed = seen.filter(({ type }) => type === Placed.type);
    const source = "/test/answer";
    expect(placed.map(({ id }) => id).toSorted()).toEqual(
      [0, 1, 2].map((index) => derivedId({ source, id: answered }, Placed.type, index)).toSorted(),
    );
    expect(seen.filter(({ type }) => type === Done.type).map((done) => done["causationid"])).toEqual(
      expect.arrayContaining(placed.map(({ id }) => id)),
    );
    expect(notes.tries.get(event.id)).toBe(1);
  });

  it("writes on the exchange what our own broker adaptor writes: unprefixed headers, content type, id, persistent", async () => {
    const event = { ...asked("refuse"), time: "2026-01-01T00:00:00.123Z", traceparent: TRACEPARENT };
    const { headers, body } = encodeBinary(event);
    await post(body, { ...headers, traceparent: TRACEPARENT });
    await told(event, 1);
    const theirs = broker.messages.find(({ properties }) => properties.messageId === event.id);
    const ours = encodeAmqp(event);
    const texts = (of: Readonly<Record<string, unknown>>) =>
      Object.fromEntries(Object.entries(of).map(([name, value]) => [name, String(value)]));
    expect(texts(theirs?.properties.headers ?? {})).toEqual(texts(ours.headers));
    expect(theirs?.properties).toMatchObject({ contentType: ours.contentType, messageId: ours.messageId, deliveryMode: 2 });
    expect(theirs?.content.toString()).toBe(ours.body.toString());
  });

  it("reads from the exchange what our own broker adaptor writes", async () => {
    const event = asked();
    await broker.publish(encodeAmqp(event));
    await told(event, 8);
    expect(story(event).filter(({ type }) => type === Done.type)).toHaveLength(3);
  });

  it("keeps the trace from the first event to the last, whoever brought the first", async () => {
    const overHttp = { ...asked(), traceparent: TRACEPARENT };
    await send(overHttp);
    const overAmqp = { ...asked(), traceparent: TRACEPARENT };
    await broker.publish(encodeAmqp(overAmqp));
    for (const event of [overHttp, overAmqp]) {
      await told(event, 8);
      expect(story(event).map(traceIdOf)).toEqual(Array.from({ length: 8 }, () => TRACE));
    }
  });

  it("is answered where an event came in structured mode and without a content type of its data", async () => {
    const { datacontenttype: _left, ...event } = asked();
    const { headers, body } = encodeStructured(event as Event);
    expect((await post(body, headers)).status).toBe(202);
    await told(event as Event, 8);
    expect(types(story(event as Event))).toContain(Done.type);
  });

  it("asks a function again that was down, with the same id", async () => {
    const event = asked("late");
    await send(event);
    await told(event, 8);
    expect(notes.tries.get(event.id)).toBe(2);
  });

  it.each([
    ["down", 503],
    ["break", 500],
    ["busy", 409],
  ] as const)("gives up after its retries a function that goes on being %s, and says on the dead letter who and why", async (how, code) => {
    const event = asked(how);
    await send(event);
    const dead = () => graveOf("hosttest-answer-0").find(({ id }) => id === event.id);
    await until(() => dead() !== undefined, "a dead letter");
    expect(notes.tries.get(event.id)).toBe(3);
    expect(dead()).toMatchObject({
      type: Asked.type,
      data: event.data,
      knativeerrordest: hosted.url("hosttest-answer"),
      knativeerrorcode: code,
    });
    expect(types(story(event))).toEqual([Asked.type]);
    expect(JSON.stringify(dead())).not.toContain("hunter2");
  });

  it("gets a rejection as an event for what our host will never take, and no dead letter: a 4xx would lose it", async () => {
    const event = { ...asked(), data: { n: "x" } };
    await send(event);
    await told(event, 2);
    expect(story(event)).toMatchObject([
      { id: event.id },
      { type: EventRejected.type, data: { code: "DATA_INVALID", originalId: event.id } },
    ]);
    expect(graveOf("hosttest-answer-0").filter(({ id }) => id === event.id)).toEqual([]);
  });

  it("takes one event at its ingress, and says no to a batch, to what is no event and to whoever does not post", async () => {
    const batch = encodeBatch([asked()]);
    expect((await post(batch.body, batch.headers)).status).toBe(400);
    expect((await post(Buffer.from("{}"), { "content-type": "application/json" })).status).toBe(400);
    expect((await fetch(broker.ingress)).status).toBe(405);
  });

  describe("with a subscriber that answers what our host never does", () => {
    const TYPE = "eu.meta-os.nemo.hosttest.other.v1";
    const reply = encodeBinary(Answered.make({ source: "/other", subject: "s", id: "other-reply", data: { n: 1, below: "answer" } }));
    const answers: Readonly<Record<string, { status: number; headers?: Record<string, string>; body?: Buffer }>> = {
      "400": { status: 400 },
      "422": { status: 422 },
      "429": { status: 429 },
      batch: { status: 200, ...encodeBatch([Done.make({ source: "/other", subject: "s", id: "in-a-batch", data: { n: 1 } })]) },
      plain: { status: 200, headers: { "content-type": "application/json" }, body: Buffer.from('{"n":1}') },
      accepted: { ...reply, status: 202 },
    };
    let listener: Awaited<ReturnType<typeof openListener>>;
    beforeAll(async () => {
      listener = await openListener(({ headers }) => answers[String(headers["ce-subject"])] ?? { status: 500 });
      await broker.addTrigger({ name: "other", filter: { type: TYPE }, subscriber: listener.url, retry: 2 });
    });
    afterAll(() => listener.close());

    const other = (subject: string): Event => ({ ...asked(), type: TYPE, subject });
    const callsOf = ({ id }: Event): readonly Call[] => listener.seen.filter(({ headers }) => headers["ce-id"] === id);
    const done = async () => {
      while ((await broker.waiting("other")) > 0) await sleep(20);
      await sleep(300);
    };

    it.each(["400", "422"])("loses an event for good that was answered with %s: asked once, and no dead letter", async (status) => {
      const event = other(status);
      await send(event);
      await until(() => callsOf(event).length > 0, "a call");
      await done();
      expect(callsOf(event)).toHaveLength(1);
      expect(graveOf("other").filter(({ id }) => id === event.id)).toEqual([]);
    });

    it("asks again after 429", async () => {
      const event = other("429");
      await send(event);
      await until(() => graveOf("other").some(({ id }) => id === event.id), "a dead letter");
      expect(callsOf(event)).toHaveLength(3);
    });

    it.each(["batch", "plain"])("takes nothing from an answer that is %s: a reply is one event", async (form) => {
      const before = broker.messages.length;
      const event = other(form);
      await send(event);
      await until(() => callsOf(event).length > 0, "a call");
      await done();
      expect(broker.messages.slice(before).map(read)).toMatchObject([{ id: event.id }]);
      expect(graveOf("other").filter(({ id }) => id === event.id)).toEqual([]);
    });

    it("takes the event that comes with 202, although the data plane says that it must not be: our host never says 202", async () => {
      const event = other("accepted");
      await send(event);
      await until(() => broker.messages.map(read).some(({ id }) => id === "other-reply"), "the reply");
    });

    it("hands attributes over as they are on the exchange, and our host reads both its bare UTF-8 and what came percent-encoded", async () => {
      const [bare, encoded] = [other("Straße 東京"), other("Straße 東京")];
      await broker.publish(encodeAmqp(bare));
      await send(encoded);
      for (const event of [bare, encoded]) {
        await until(() => callsOf(event).length > 0, "a call");
        const [call] = callsOf(event);
        expect(decodeHttp(call?.headers ?? {}, call?.body ?? Buffer.alloc(0)).subject).toBe("Straße 東京");
      }
      expect(broker.messages.map(read).find(({ id }) => id === encoded.id)?.subject).toBe("Stra%C3%9Fe%20%E6%9D%B1%E4%BA%AC");
    });

    it("hands the event over in binary mode, its trace in the protocol's header, and asks for no reply", async () => {
      const event = { ...other("plain"), traceparent: TRACEPARENT };
      const { headers, body } = encodeStructured(event);
      await post(body, headers);
      await until(() => callsOf(event).length > 0, "a call");
      const [call] = callsOf(event);
      expect(call?.headers).toMatchObject({ "ce-specversion": "1.0", "ce-type": TYPE, "content-type": "application/json" });
      expect(call?.headers["prefer"]).toBeUndefined();
      expect(decodeHttp(call?.headers ?? {}, call?.body ?? Buffer.alloc(0))).toMatchObject({ id: event.id, data: event.data });
    });
  });

  it("loses what a trigger without a dead-letter sink gives up", async () => {
    const type = "eu.meta-os.nemo.hosttest.lost.v1";
    const listener = await openListener(() => ({ status: 503 }));
    await broker.addTrigger({ name: "lossy", filter: { type }, subscriber: listener.url, retry: 1, isWithoutDeadLetters: true });
    await send({ ...asked(), type });
    await until(() => listener.seen.length === 2, "two calls");
    await sleep(300);
    expect(await broker.waiting("lossy")).toBe(0);
    expect([listener.seen.length, graveOf("lossy")]).toEqual([2, []]);
    await listener.close();
  });

  it.each([
    ["ce-", true],
    ["cloudEvents:", false],
    ["cloudEvents_", false],
  ])("reads attributes that are prefixed with %s: %s", async (prefix, isRead) => {
    const event = asked("refuse");
    const { headers, body, contentType } = encodeAmqp(event);
    const prefixed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [prefix + name, value]));
    await broker.publish({ body, contentType, headers: { ...prefixed, type: Asked.type } });
    if (isRead) await until(() => notes.tries.has(event.id), "a call");
    else await sleep(300);
    expect(notes.tries.has(event.id)).toBe(isRead);
  });
});
