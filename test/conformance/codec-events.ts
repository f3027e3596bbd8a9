import fc from "fast-check";
import type { Event } from "../../events/define.ts";
import type { Message, Outgoing } from "../../runtime/broker/broker.ts";

export const delivered = (outgoing: Outgoing): Message => ({ ...outgoing, redelivered: false });

const RESERVED = new Set(["id", "source", "specversion", "type", "subject", "time", "dataschema", "datacontenttype", "data"]);
const extensionName = fc.stringMatching(/^[a-z0-9]{1,20}$/).filter((name) => !RESERVED.has(name));

/** Whatever people write: emoji, quotes, percent signs, control characters. */
export const anyText = fc.string({ unit: "binary", minLength: 1, maxLength: 30 }).map((text) => text.toWellFormed());
/** What every implementation gets right, the SDK too. */
export const plainText = fc.stringMatching(/^[A-Za-z0-9/:._-]{1,30}$/);

const base64 = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString("base64"));
// As JSON can say it: -0 and undefined do not survive any JSON text.
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));

const content = fc.oneof(
  fc.record({ datacontenttype: fc.constantFrom("application/json", "application/vnd.nemo+json"), data: json }),
  fc.record({ datacontenttype: fc.constant("application/json"), data: fc.constantFrom<unknown>(0, false, "", null, [], {}) }),
  fc.record({
    datacontenttype: fc.constantFrom("text/plain", "text/csv; charset=UTF-8", "application/xml"),
    data: fc.string({ unit: "grapheme" }),
  }),
  fc.record({ datacontenttype: fc.constant("application/octet-stream"), data_base64: base64 }),
  fc.record({ datacontenttype: fc.constant("application/json") }),
);

export const event = (text: fc.Arbitrary<string> = anyText): fc.Arbitrary<Event> =>
  fc
    .record(
      {
        specversion: fc.constant("1.0"),
        id: text,
        source: text,
        type: text,
        subject: text,
        dataschema: text,
        time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") }).map((date) => date.toISOString()),
        extensions: fc.dictionary(extensionName, fc.oneof(text, fc.boolean(), fc.integer()), { maxKeys: 5, noNullPrototype: true }),
        content,
      },
      { requiredKeys: ["specversion", "id", "source", "type", "extensions", "content"] },
    )
    .map(({ extensions, content: data, ...attributes }) => ({ ...extensions, ...attributes, ...data }));

/** HTTP has no types: a number arrives as its text. */
export const asText = (given: Event): Event => {
  const { data, data_base64: encoded, ...attributes } = given;
  const texts = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
  return {
    ...texts,
    ...(data === undefined ? {} : { data }),
    ...(encoded === undefined ? {} : { data_base64: encoded }),
  } as unknown as Event;
};
