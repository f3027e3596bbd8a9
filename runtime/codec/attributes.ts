import type { Event } from "../../events/define.ts";
import { PermanentError } from "../errors.ts";

/** What a reader has collected before it knows whether it is an event. */
export type Attributes = Record<string, unknown>;

export const notAnEvent = (why: string, cause?: unknown): PermanentError => new PermanentError("NOT_A_CLOUDEVENT", why, { cause });

const NAME = /^[a-z0-9]+$/;
/** `data` is a member of the JSON form and no attribute: a header of that name would overwrite the body. */
export const isAttributeName = (name: string): boolean => NAME.test(name) && name !== "data";

const INT32 = 2 ** 31;

/** CloudEvents 1.0, type system: an attribute is a string, a boolean or a 32-bit integer. What is none of these is not an attribute. */
export function attributeValue(value: unknown): string | number | boolean | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "number") return undefined;
  return Number.isInteger(value) && value >= -INT32 && value < INT32 ? value : String(value);
}

const REQUIRED = ["id", "source", "type"] as const;
const OPTIONAL = ["subject", "time", "dataschema", "datacontenttype"] as const;
// It becomes an HTTP header as it stands: a line break in it would be a header of the sender's choice.
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Nothing that is missing is made up: an invented id would defeat every duplicate check. */
export function checkEvent(collected: Readonly<Attributes>): void {
  if (collected["specversion"] !== "1.0") throw notAnEvent("specversion is not 1.0");
  for (const name of REQUIRED) {
    const value = collected[name];
    if (typeof value !== "string" || value === "") throw notAnEvent(`${name} is missing`);
  }
  for (const name of OPTIONAL) {
    const value = collected[name];
    if (value !== undefined && typeof value !== "string") throw notAnEvent(`${name} is not a string`);
  }
  const contentType = collected["datacontenttype"];
  if (typeof contentType === "string" && contentType !== "application/json" && !PRINTABLE.test(contentType))
    throw notAnEvent("datacontenttype is not a media type");
}

const INTEGER = /^\d{1,9}$/;

/** The same object as an event, or the reason why it is none. HTTP has no types: what this system knows for an integer is one again. */
export function asEvent(collected: Attributes): Event {
  checkEvent(collected);
  const { hops } = collected;
  if (typeof hops === "string" && INTEGER.test(hops)) collected["hops"] = Number(hops);
  return collected as unknown as Event;
}
