import type { Event } from "../../events/define.ts";
import { asEvent, type Attributes, attributeValue, isAttributeName, notAnEvent } from "./attributes.ts";
import { isJson, JSON_TYPE, mediaTypeOf, readData } from "./data.ts";

export const STRUCTURED = "application/cloudevents+json";
export const BATCH = "application/cloudevents-batch+json";

export const isStructured = (contentType: string | undefined): boolean =>
  contentType !== undefined && mediaTypeOf(contentType) === STRUCTURED;

/** CloudEvents JSON event format 1.0: the event as the object that is serialised. */
export function toJson(event: Event): Attributes {
  const { data, datacontenttype = JSON_TYPE } = event;
  if (data instanceof Uint8Array && !isJson(datacontenttype)) {
    const { data: _, ...attributes } = event;
    return { ...attributes, datacontenttype, data_base64: Buffer.from(data).toString("base64") };
  }
  return { ...event, datacontenttype };
}

/** Reads the object that a structured message carries; also from a batch. */
export function fromJson(value: unknown): Event {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw notAnEvent("the event is not a JSON object");
  const { data, data_base64: encoded, ...members } = value as Attributes;
  const event: Attributes = {};
  for (const [name, member] of Object.entries(members)) {
    if (member === null) continue; // section 2.2: null is the same as absent
    if (!isAttributeName(name)) throw notAnEvent("an attribute's name has other characters than a-z and 0-9");
    const scalar = attributeValue(member);
    if (scalar === undefined) throw notAnEvent(`${name} is not a string, number or boolean`);
    event[name] = scalar;
  }
  const checked = asEvent(event);
  const { datacontenttype } = checked;
  if (encoded !== undefined && encoded !== null) {
    if (data !== undefined) throw notAnEvent("data and data_base64 exclude each other");
    if (typeof encoded !== "string") throw notAnEvent("data_base64 is not a string");
    readData(event, Buffer.from(encoded, "base64"), datacontenttype ?? JSON_TYPE);
  } else if (data !== undefined) {
    if (datacontenttype !== undefined && !isJson(datacontenttype) && typeof data !== "string") throw notAnEvent("data is not text");
    event["data"] = data;
  }
  return checked;
}
