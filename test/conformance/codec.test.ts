import { CloudEvent, HTTP } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Event } from "../../events/define.ts";
import { decodeAmqp, encodeAmqp } from "../../runtime/codec/amqp.ts";
import { decodeBatch, decodeHttp, encodeBatch, encodeBinary, encodeStructured, modeOf } from "../../runtime/codec/http.ts";
import { PermanentError } from "../../runtime/errors.ts";
import { anyText, asText, delivered, event, plainText } from "./codec-events.ts";

const prefixes = ["ce-", "ce_", "cloudEvents:", "cloudEvents_", "CE-"];

describe("AMQP", () => {
  it("gives back every event that it wrote", () => {
    fc.assert(
      fc.property(event(), (given) => {
        expect(decodeAmqp(delivered(encodeAmqp(given)))).toEqual(given);
      }),
    );
  });

  it.each(prefixes)("reads the prefix %s as it reads none", (prefix) => {
    fc.assert(
      fc.property(event(), (given) => {
        const { headers, ...rest } = encodeAmqp(given);
        const { "content-type": _, ...attributes } = headers;
        const prefixed = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [prefix + name, value]));
        expect(decodeAmqp(delivered({ ...rest, headers: prefixed }))).toEqual(given);
      }),
    );
  });

  it("reads structured JSON, labelled in any case and with parameters, and unlabelled", () => {
    fc.assert(
      fc.property(
        event(),
        fc.constantFrom("application/cloudevents+json", "Application/CloudEvents+JSON; charset=UTF-8", undefined),
        (given, contentType) => {
          const { body } = encodeStructured(given);
          const message = { body, contentType, messageId: undefined, headers: {}, routingKey: "", redelivered: false };
          expect(decodeAmqp(message)).toEqual(given);
        },
      ),
    );
  });

  it("throws nothing but a PermanentError at whatever comes off a queue", () => {
    const seen = { events: 0, errors: 0 };
    fc.assert(
      fc.property(
        event(),
        garbage,
        fc.uint8Array({ maxLength: 60 }),
        fc.option(anyContentType),
        fc.boolean(),
        (given, extra, bytes, contentType, keepBody) => {
          const written = encodeAmqp(given);
          const message = {
            body: keepBody ? written.body : Buffer.from(bytes),
            contentType: contentType ?? written.contentType,
            messageId: undefined,
            headers: { ...written.headers, ...extra },
            routingKey: "",
            redelivered: true,
          };
          count(seen, () => decodeAmqp(message));
        },
      ),
    );
    expect(seen.events).toBeGreaterThan(0);
    expect(seen.errors).toBeGreaterThan(0);
  });
});

describe("HTTP", () => {
  it("gives back every event in binary mode, numbers as text", () => {
    fc.assert(
      fc.property(event(), (given) => {
        const { headers, body } = encodeBinary(given);
        expect(modeOf(headers)).toBe("binary");
        for (const value of Object.values(headers)) expect(value).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeHttp(headers, body)).toEqual(asText(given));
      }),
    );
  });

  it("gives back every event in structured mode and in a batch", () => {
    fc.assert(
      fc.property(event(), event(), (one, other) => {
        const { headers, body } = encodeStructured(one);
        expect(modeOf(headers)).toBe("structured");
        expect(decodeHttp(headers, body)).toEqual(one);
        const batch = encodeBatch([one, other]);
        expect(modeOf(batch.headers)).toBe("batch");
        expect(decodeBatch(batch.body)).toEqual([
          { ok: true, value: one },
          { ok: true, value: other },
        ]);
      }),
    );
  });

  it("throws nothing but a PermanentError at whatever is posted", () => {
    const seen = { events: 0, errors: 0 };
    const header = fc.oneof(anyText, fc.array(anyText), fc.constant(undefined));
    const headers = fc.dictionary(fc.oneof(anyText, anyHeaderName), header, { noNullPrototype: true });
    fc.assert(
      fc.property(
        event(),
        headers,
        fc.uint8Array({ maxLength: 60 }),
        fc.boolean(),
        fc.boolean(),
        (given, extra, bytes, structured, keepBody) => {
          const written = structured ? encodeStructured(given) : encodeBinary(given);
          const body = keepBody ? written.body : Buffer.from(bytes);
          count(seen, () => decodeHttp({ ...written.headers, ...extra }, body));
          count(seen, () => decodeBatch(body));
        },
      ),
    );
    expect(seen.events).toBeGreaterThan(0);
    expect(seen.errors).toBeGreaterThan(0);
  });
});

describe("the cloudevents SDK", () => {
  // What it drops or changes by itself: false data, numbers and booleans as data without text, bytes; an extension named "constructor" breaks it.
  const isKnown = ({ data, data_base64: encoded, datacontenttype, ...attributes }: Event): boolean =>
    encoded === undefined &&
    typeof data === "object" &&
    data !== null &&
    datacontenttype === "application/json" &&
    !Object.hasOwn(attributes, "constructor");
  const known = event(plainText).filter(isKnown);

  it("reads what we write, binary and structured", () => {
    fc.assert(
      fc.property(known, fc.boolean(), (given, structured) => {
        const { headers, body } = structured ? encodeStructured(given) : encodeBinary(given);
        const read = HTTP.toEvent<unknown>({ headers: { ...headers }, body: body.toString() }) as CloudEvent<unknown>;
        expect({ id: read.id, type: read.type, source: read.source, subject: read.subject, data: read.data }).toEqual({
          id: given.id,
          type: given.type,
          source: given.source,
          subject: given.subject,
          data: given.data,
        });
      }),
    );
  });

  it("writes what we read, binary and structured", () => {
    fc.assert(
      fc.property(known, fc.boolean(), (given, structured) => {
        const written = new CloudEvent<unknown>({ ...asText(given), dataschema: "https://example.org/schema.json" }); // it insists on an absolute one
        const { headers, body } = structured ? HTTP.structured(written) : HTTP.binary(written);
        const read = decodeHttp(headers as Record<string, string>, Buffer.from(body as string));
        expect({ ...read, time: "" }).toEqual({ ...asText(given), dataschema: "https://example.org/schema.json", time: "" }); // it stamps its own time
      }),
    );
  });
});

const anyHeaderName = fc.constantFrom(
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "data",
  "content-type",
  "x-death",
  "ce-specversion",
  "ce-id",
  "ce-type",
  "ce-time",
  "ce-data",
  "cloudEvents:specversion",
  "traceparent",
  "tracestate",
  "__proto__",
  "constructor",
);
const anyContentType = fc.constantFrom(
  "application/json",
  "text/plain",
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
  "application/octet-stream",
  "a\r\nb: c",
  "",
);
const garbage = fc.dictionary(fc.oneof(anyText, anyHeaderName), fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }), {
  noNullPrototype: true,
});

function count(seen: { events: number; errors: number }, read: () => Event | readonly unknown[]): void {
  try {
    const given = read();
    if (!Array.isArray(given)) expect((given as Event).id).not.toBe("");
    seen.events += 1;
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    seen.errors += 1;
  }
}
