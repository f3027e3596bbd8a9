import fc from "fast-check";
import { expect, it } from "vitest";
import type { Event } from "../../events/define.ts";
import type { Message, Outgoing } from "../broker/broker.ts";
import { encodeAmqp } from "./amqp.ts";
import { decodeLog, encodeLog } from "./log.ts";

const received = (outgoing: Outgoing): Message => ({ ...outgoing, redelivered: false });
const event = (id: string, data: unknown): Event => ({
  specversion: "1.0",
  id,
  source: "/test",
  type: "eu.meta-os.nemo.intent.derived.v1",
  datacontenttype: "application/json",
  hops: 3,
  data,
});
const batchOf = (events: readonly Event[]): Message => {
  const [first, ...others] = events.map(encodeAmqp);
  if (first === undefined) throw new Error("a batch has an event");
  return received(encodeLog([first, ...others]));
};

it("gives the events of a fused chain back as they would have been logged one by one", () => {
  const data = fc.jsonValue().filter((value) => value !== undefined);
  fc.assert(
    fc.property(fc.array(data, { minLength: 1, maxLength: 6 }), (list) => {
      const events = list.map((value, i) => event(String(i), value));
      expect(decodeLog(batchOf(events))).toEqual(events.flatMap((one) => decodeLog(received(encodeAmqp(one)))));
    }),
  );
});

it("keeps bytes that are no JSON", () => {
  const one: Event = { ...event("b", Buffer.from([0, 255])), datacontenttype: "application/octet-stream" };
  expect(decodeLog(batchOf([one, event("c", 1)]))[0]).toMatchObject({ id: "b", data_base64: "AP8=" });
});

it("skips what is no event, alone or in a batch", () => {
  const message = batchOf([event("a", 1)]);
  expect(decodeLog({ ...message, body: Buffer.from("{") })).toEqual([]);
  expect(decodeLog({ ...message, body: Buffer.from(`[{"no":"event"},${message.body.toString().slice(1)}`) })).toHaveLength(1);
  expect(decodeLog({ ...message, contentType: "text/plain" })).toEqual([]);
});
