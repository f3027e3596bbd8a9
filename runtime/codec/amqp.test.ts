import { describe, expect, it } from "vitest";
import type { Event } from "../../events/define.ts";
import { PermanentError } from "../errors.ts";
import { decodeAmqp, encodeAmqp } from "./amqp.ts";

const event: Event = {
  specversion: "1.0",
  id: "42",
  source: "/mncc/intent-translate",
  type: "eu.meta-os.nemo.order.placed.v1",
  subject: "intent-1",
  time: "2026-11-24T10:00:00.000Z",
  datacontenttype: "application/json",
  dataschema: "/schemas/eu.meta-os.nemo.order.placed.v1.json",
  executioner: "tfs",
  hops: 3,
  data: { name: "süd" },
};
const message = (over: object) => ({ ...encodeAmqp(event), redelivered: false, ...over });
const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof PermanentError ? error.code : String(error);
  }
};

describe("encodeAmqp", () => {
  it("writes what Knative's RabbitMQ broker writes: bare headers, the data as the body", () => {
    expect(encodeAmqp(event)).toEqual({
      routingKey: "eu.meta-os.nemo.order.placed.v1.tfs",
      body: Buffer.from('{"name":"süd"}'),
      contentType: "application/json",
      messageId: "42",
      type: "eu.meta-os.nemo.order.placed.v1",
      timestampMs: Date.UTC(2026, 10, 24, 10),
      headers: {
        "content-type": "application/json",
        specversion: "1.0",
        id: "42",
        source: "/mncc/intent-translate",
        type: "eu.meta-os.nemo.order.placed.v1",
        subject: "intent-1",
        time: "2026-11-24T10:00:00.000Z",
        dataschema: "/schemas/eu.meta-os.nemo.order.placed.v1.json",
        executioner: "tfs",
        hops: 3,
      },
    });
  });

  it("routes by type alone where there is no executioner", () => {
    const { executioner: _, ...rest } = event;
    expect(encodeAmqp(rest as Event).routingKey).toBe(event.type);
  });
});

describe("a trace", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  it("is written with a state, if an empty one: Knative's dispatcher drops a parent that comes without", () => {
    expect(encodeAmqp({ ...event, traceparent }).headers).toMatchObject({ traceparent, tracestate: "" });
    expect(encodeAmqp({ ...event, traceparent, tracestate: "a=b" }).headers).toMatchObject({ tracestate: "a=b" });
    expect(encodeAmqp(event).headers).not.toHaveProperty("tracestate");
  });

  it("is read without a state that says nothing", () => {
    const traced = { ...event, traceparent };
    expect(decodeAmqp({ ...encodeAmqp(traced), redelivered: false })).toEqual(traced);
  });
});

describe("decodeAmqp", () => {
  it("leaves the broker's and other people's headers alone", () => {
    const headers = {
      ...encodeAmqp(event).headers,
      "x-death": [{ count: 1 }],
      "x-id": "other",
      CC: ["a"],
      "My-Header": "b",
      nothing: null,
    };
    expect(decodeAmqp(message({ headers }))).toEqual(event);
  });

  it("reads a time that was written as a timestamp", () => {
    const headers = { ...encodeAmqp(event).headers, time: { "!": "timestamp", value: 1_795_514_400 } };
    expect(decodeAmqp(message({ headers })).time).toBe("2026-11-24T10:00:00.000Z");
  });

  it.each(["specversion", "id", "source", "type"])("does not make up a missing %s", (name) => {
    const headers = Object.fromEntries(Object.entries(encodeAmqp(event).headers).filter(([header]) => header !== name));
    expect(codeOf(() => decodeAmqp(message({ headers })))).toBe("NOT_A_CLOUDEVENT");
  });

  it.each([
    ["another version", { headers: { ...encodeAmqp(event).headers, specversion: "0.3" } }],
    ["an empty id", { headers: { ...encodeAmqp(event).headers, id: "" } }],
    ["a broken body", { body: Buffer.from('{"name":') }],
    ["a body that is not UTF-8", { body: Buffer.from([0x22, 0xff, 0x22]) }],
    ["no headers, no JSON", { headers: {}, body: Buffer.from("hello") }],
    ["an array", { contentType: "application/cloudevents+json", body: Buffer.from("[]") }],
    [
      "an attribute that is an object",
      { contentType: "application/cloudevents+json", body: Buffer.from(JSON.stringify({ ...event, subject: {} })) },
    ],
    [
      "an attribute's name in capitals",
      { contentType: "application/cloudevents+json", body: Buffer.from(JSON.stringify({ ...event, Hops: 1 })) },
    ],
    ["data twice", { contentType: "application/cloudevents+json", body: Buffer.from(JSON.stringify({ ...event, data_base64: "AA==" })) }],
    ["a line break in the content type", { contentType: "text/plain\r\nx: y" }],
  ])("takes %s for no event", (_, over) => {
    expect(codeOf(() => decodeAmqp(message(over)))).toBe("NOT_A_CLOUDEVENT");
  });

  it("quotes nothing of what it could not read", () => {
    const secret = message({ body: Buffer.from('{"token": hunter2}') });
    expect(() => decodeAmqp(secret)).toThrow("data is not JSON");
    expect(() => decodeAmqp(secret)).not.toThrow(/hunter2/);
  });
});
