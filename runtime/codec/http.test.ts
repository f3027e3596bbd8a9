import { describe, expect, it } from "vitest";
import type { Event } from "../../events/define.ts";
import { decodeBatch, decodeHttp, encodeBinary, encodeStructured, modeOf } from "./http.ts";

const event: Event = { specversion: "1.0", id: "1", source: "/t", type: "t.v1", datacontenttype: "application/json", data: { a: 1 } };
const read = (over: Record<string, string | string[]>, body = '{"a":1}') =>
  decodeHttp(
    { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/t", "ce-type": "t.v1", "content-type": "application/json", ...over },
    Buffer.from(body),
  );

describe("binary mode", () => {
  // HTTP protocol binding 1.0.2, 3.1.3.2, with its own example.
  it.each([
    ["Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"],
    ['50% "off"', "50%25%20%22off%22"],
    ["it's~fine!", "it's~fine!"],
    ["line\nbreak", "line%0Abreak"],
  ])("writes the attribute %j as %s, and reads it back", (value, written) => {
    const { headers } = encodeBinary({ ...event, subject: value });
    expect(headers["ce-subject"]).toBe(written);
    expect(read({ "ce-subject": written }).subject).toBe(value);
  });

  it.each([
    ['"quoted \\"text\\""', 'quoted "text"'],
    ["a b", "a b"],
    ["100%", "100%"],
    ["%zz", "%zz"],
    ["%e2%82%ac", "€"],
    ["%2525", "%25"],
  ])("reads %s as %s", (written, value) => {
    expect(read({ "ce-subject": written }).subject).toBe(value);
  });

  it("refuses an encoding that is not UTF-8", () => {
    expect(() => read({ "ce-subject": "%ff" })).toThrow(/UTF-8/);
  });

  it.each(["application/json", "APPLICATION/JSON; Charset=UTF-8", "application/vnd.x+json", "text/json"])("parses %s", (contentType) => {
    expect(read({ "content-type": contentType })).toMatchObject({ datacontenttype: contentType, data: { a: 1 } });
  });

  it.each([
    ["0", 0],
    ["false", false],
    ['""', ""],
    ["null", null],
  ])("keeps the data %s", (body, data) => {
    expect(read({}, body)).toHaveProperty("data", data);
    expect(encodeBinary({ ...event, data } as Event).body.toString()).toBe(body);
  });

  it("keeps bytes as base64, and text in other character sets as bytes", () => {
    expect(read({ "content-type": "application/octet-stream" }, "hi")).toMatchObject({ data_base64: "aGk=" });
    expect(read({ "content-type": "text/plain; charset=iso-8859-1" }, "hi")).toMatchObject({ data_base64: "aGk=" });
    expect(read({ "content-type": "text/plain" }, "hi")).toMatchObject({ data: "hi" });
  });

  it("prefers the protocol's traceparent to the extension's", () => {
    const traced = read({ "ce-traceparent": "00-old", "ce-tracestate": "old=1", traceparent: "00-new" });
    expect(traced["traceparent"]).toBe("00-new");
    expect(traced).not.toHaveProperty("tracestate");
    expect(read({ "ce-traceparent": "00-old" })["traceparent"]).toBe("00-old");
    expect(encodeBinary({ ...event, traceparent: "00-x" }).headers).toMatchObject({ traceparent: "00-x", "ce-traceparent": "00-x" });
  });

  it("reads attributes that came as bare UTF-8, which node:http hands over byte by byte", () => {
    expect(read({ "ce-subject": Buffer.from("Straße 東京").toString("latin1") })).toMatchObject({ subject: "Straße 東京" });
    expect(read({ "ce-subject": "caf\u00e9" })).toMatchObject({ subject: "café" });
  });

  it("bounds an event, its attributes included", () => {
    expect(() => read({ "ce-long": "x".repeat(65_600) })).toThrow(/at most 65536 bytes/);
    expect(() => read({}, JSON.stringify("x".repeat(65_536)))).toThrow(/at most 65536 bytes/);
  });
});

describe("structured mode", () => {
  it.each(["application/cloudevents+json", "Application/CloudEvents+JSON; charset=UTF-8"])("is told by %s", (contentType) => {
    const { body } = encodeStructured(event);
    expect(modeOf({ "Content-Type": contentType })).toBe("structured");
    expect(decodeHttp({ "Content-Type": contentType }, body)).toEqual(event);
  });

  it("writes a datacontenttype always, since a dispatcher delivers without one otherwise", () => {
    const { datacontenttype: _, ...bare } = event;
    expect(JSON.parse(encodeStructured(bare as Event).body.toString())).toEqual(event);
  });

  it("writes bytes as base64", () => {
    const bytes = encodeStructured({ ...event, datacontenttype: "image/png", data: Buffer.from("hi") });
    expect(JSON.parse(bytes.body.toString())).toMatchObject({ data_base64: "aGk=" });
    expect(JSON.parse(bytes.body.toString())).not.toHaveProperty("data");
  });
});

describe("a batch", () => {
  it("is read event by event", () => {
    const body = Buffer.from(JSON.stringify([event, { ...event, id: undefined }, 7, { ...event, data: "x".repeat(70_000) }]));
    expect(decodeBatch(body).map((one) => (one.ok ? one.value.id : one.code))).toEqual([
      "1",
      "NOT_A_CLOUDEVENT",
      "NOT_A_CLOUDEVENT",
      "EVENT_TOO_LARGE",
    ]);
    expect(decodeBatch(Buffer.from("[]"))).toEqual([]);
  });

  it("has to be an array", () => {
    expect(() => decodeBatch(Buffer.from("{}"))).toThrow(/array/);
  });
});
