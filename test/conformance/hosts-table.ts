import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { derivedId, type Event } from "../../events/define.ts";
import { EventRejected } from "../../events/rejected.ts";
import { decodeBatch, encodeBatch, encodeBinary, encodeStructured } from "../../runtime/codec/http.ts";
import { type Door, eventsOf, type HttpDoor } from "./hosts-doors.ts";
import { Answered, Asked, Foreign, Refused } from "./hosts-functions.ts";

let count = 0;
export type How = (typeof Asked)["data"]["_output"]["how"];
/** An input that nobody sent before. */
export const asked = (how: How = "answer", below: How = "answer"): Event => {
  const id = `${String(process.pid)}-${String(Date.now())}-${String((count += 1))}`;
  return Asked.make({ source: "/test", subject: "s", id, data: { n: 21, how, below } });
};
export const types = (events: readonly Event[]) => events.map(({ type }) => type);

/** What every host of a function has to do, whoever asks it. */
export function describeDoor(name: string, open: () => Promise<Door>): void {
  describe(`a function behind ${name}`, () => {
    let door: Door;
    beforeEach(async () => {
      door = await open();
    });
    afterEach(() => door.close());

    it("answers a known input with its event, whose id is the cause's doing", async () => {
      const event = asked();
      const { events, kept } = await door.ask(event);
      expect(kept).toBe(false);
      expect(events).toMatchObject([
        {
          type: Answered.type,
          id: derivedId(event, Answered.type, 0),
          causationid: event.id,
          correlationid: event.id,
          data: { n: 42, below: "answer" },
        },
      ]);
      expect(door.notes.lines).toEqual([`settled answer ${event.id}`]);
    });

    it("answers the same input with the same event", async () => {
      const event = asked();
      const [first] = (await door.ask(event)).events;
      const [again] = (await door.ask(event)).events;
      expect(again?.id).toBe(first?.id);
    });

    it("takes a refusal for an answer", async () => {
      const { events, kept } = await door.ask(asked("refuse"));
      expect(events).toMatchObject([{ type: Refused.type, data: { code: "N_UNSUITABLE" } }]);
      expect(kept).toBe(false);
    });

    it("gives the handler the defaults of the schema", async () => {
      const event = { ...asked(), data: { n: 1 } };
      expect((await door.ask(event)).events).toMatchObject([{ type: Answered.type, data: { n: 2, below: "answer" } }]);
    });

    it("rejects a foreign type, and tells so without any of its data", async () => {
      const foreign = Foreign.make({ source: "/test", subject: "s", id: asked().id, data: { secret: "hunter2" } });
      const { events } = await door.ask(foreign);
      const data = { function: "hosttest-answer", code: "TYPE_UNEXPECTED", originalType: Foreign.type, originalId: foreign.id };
      expect(events).toMatchObject([{ type: EventRejected.type, data }]);
      expect(JSON.stringify(events)).not.toContain("hunter2");
    });

    it("rejects data that fail the schema, and names the place", async () => {
      const { events } = await door.ask({ ...asked(), data: { n: "hunter2" } });
      expect(events).toMatchObject([{ type: EventRejected.type, data: { code: "DATA_INVALID", reason: "/data/n must be number" } }]);
      expect(JSON.stringify(events)).not.toContain("hunter2");
    });

    it("tries again when a peer was down", async () => {
      const event = asked("late");
      expect(types((await door.ask(event)).events)).toEqual([Answered.type]);
      expect(door.notes.tries.get(event.id)).toBe(2);
    });

    it("gives up a function that breaks, and nothing of what it said gets out", async () => {
      const event = asked("break");
      const { events, kept } = await door.ask(event);
      expect(kept).toBe(true);
      expect(door.notes.tries.get(event.id)).toBe(3);
      expect(JSON.stringify(events)).not.toContain("hunter2");
    });
  });
}

/** What a host that speaks HTTP has to do besides. */
export function describeHttpDoor(name: string, open: () => Promise<HttpDoor>): void {
  describe(name, () => {
    let door: HttpDoor;
    beforeEach(async () => {
      door = await open();
    });
    afterEach(() => door.close());

    const post = (body: string | Buffer, headers: Record<string, string> = { "content-type": "application/json" }) =>
      fetch(door.url, { method: "POST", headers, body: typeof body === "string" ? body : new Uint8Array(body) });
    const postEvent = (event: Event, accept = "*/*") => {
      const { headers, body } = encodeBinary(event);
      return post(body, { ...headers, accept });
    };

    it.each([
      ["late", 503, "PEER_DOWN"],
      ["busy", 409, "EFFECT_BUSY"],
      ["break", 500, "INTERNAL"],
      ["undeclared", 500, "INTERNAL"],
    ] as const)("says of an event that meets %s: %i %s", async (how, status, code) => {
      const response = await postEvent(asked(how));
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      if (status !== 500) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      const problem = (await response.json()) as object;
      expect(problem).toMatchObject({ status, code });
      expect(JSON.stringify(problem)).not.toMatch(/hunter2|declare/);
    });

    it("answers a refused and a foreign event with 200", async () => {
      expect((await postEvent(asked("refuse"))).status).toBe(200);
      expect((await postEvent(Foreign.make({ source: "/t", subject: "s", data: { secret: "" } }))).status).toBe(200);
    });

    it("answers whoever posts plain JSON in kind", async () => {
      const answered = await post('{"n": 4}');
      expect(answered.status).toBe(200);
      expect(await answered.json()).toMatchObject([{ type: Answered.type, data: { n: 8 } }]);
      const refused = await post('{"n": 4, "how": "refuse"}');
      expect([refused.status, await refused.json()]).toMatchObject([422, { code: "N_UNSUITABLE", detail: "not this one" }]);
      const invalid = await post('{"n": "x"}');
      expect([invalid.status, await invalid.json()]).toMatchObject([422, { code: "DATA_INVALID" }]);
      const foreign = await post(JSON.stringify(Foreign.make({ source: "/t", subject: "s", data: { secret: "" } })));
      expect([foreign.status, await foreign.json()]).toMatchObject([422, { code: "TYPE_UNEXPECTED" }]);
      const unreadable = await post("{");
      expect([unreadable.status, await unreadable.json()]).toMatchObject([400, { code: "NOT_A_CLOUDEVENT" }]);
      expect((await post('{"n": 4, "how": "late"}')).status).toBe(503);
      expect((await post('{"n": 4, "how": "break"}')).status).toBe(500);
    });

    it("takes structured events and batches, and answers a batch to those who read one", async () => {
      const structured = encodeStructured(asked());
      const one = await post(structured.body, { "content-type": "Application/CloudEvents+JSON; charset=UTF-8" });
      expect(types(eventsOf(one, Buffer.from(await one.arrayBuffer())))).toEqual([Answered.type]);

      const accept = "application/cloudevents-batch+json";
      const { headers, body } = encodeBatch([asked(), asked("refuse")]);
      const several = await post(body, { ...headers, accept });
      const read = decodeBatch(Buffer.from(await several.arrayBuffer()));
      expect(read.map((entry) => entry.ok && entry.value.type)).toEqual([Answered.type, Refused.type]);
    });

    it("posts what does not fit into the reply to the sink first", async () => {
      const { headers, body } = encodeBatch([asked(), asked("refuse"), { ...asked(), data: {} }]);
      const response = await post(body, { ...headers });
      expect(response.status).toBe(200);
      expect(types(eventsOf(response, Buffer.from(await response.arrayBuffer())))).toEqual([EventRejected.type]);
      expect(types(door.posted).toSorted()).toEqual([Answered.type, Refused.type]);
    });

    it("keeps one bad event of a batch from taking the others with it", async () => {
      const items = JSON.parse(encodeBatch([asked()]).body.toString()) as object[];
      const accept = "application/cloudevents-batch+json";
      const response = await post(JSON.stringify([{ id: "x" }, ...items]), { "content-type": accept, accept });
      expect(types(eventsOf(response, Buffer.from(await response.arrayBuffer())))).toEqual([EventRejected.type, Answered.type]);
    });

    it("rejects an event of more than 64 KiB", async () => {
      const large = { ...asked(), data: { n: 1, padding: "x".repeat(70_000) } };
      expect((await door.ask(large)).events).toMatchObject([{ type: EventRejected.type, data: { code: "EVENT_TOO_LARGE" } }]);
      expect((await post(JSON.stringify({ n: 1, padding: "x".repeat(70_000) }))).status).toBe(413);
    });

    it("is asked for its health", async () => {
      for (const path of ["_/health", "_/ready", "health/liveness", "health/readiness"])
        expect((await fetch(door.url + path)).status).toBe(200);
      await postEvent(asked());
      expect(await (await fetch(`${door.url}metrics`)).text()).toContain(
        'invocations_total{fn="hosttest-answer",outcome="done",code=""} 1',
      );
      expect((await fetch(door.url)).status).toBe(405);
      expect((await fetch(`${door.url}nowhere`)).status).toBe(404);
    });
  });
}
