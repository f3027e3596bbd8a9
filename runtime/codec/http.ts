import type { Outcome } from "../../domain/outcome.ts";
import { ok, refuse } from "../../domain/outcome.ts";
import type { Event } from "../../events/define.ts";
import { PermanentError } from "../errors.ts";
import { asEvent, type Attributes, attributeValue, isAttributeName, notAnEvent } from "./attributes.ts";
import { bodyOf, JSON_TYPE, mediaTypeOf, parseJson, readData } from "./data.ts";
import { BATCH, fromJson, isStructured, STRUCTURED, toJson } from "./structured.ts";

export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface HttpMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** CloudEvents 1.0 section 5, size limits: what every intermediary has to forward, so what this system stays under. */
export const EVENT_LIMIT = 64 * 1024;

export type HttpMode = "binary" | "structured" | "batch" | "plain";

export function modeOf(headers: HttpHeaders): HttpMode {
  const lower = lowered(headers);
  const contentType = lower["content-type"];
  if (isStructured(contentType)) return "structured";
  if (contentType !== undefined && mediaTypeOf(contentType) === BATCH) return "batch";
  return lower["ce-specversion"] === undefined ? "plain" : "binary";
}

export function encodeBinary(event: Event): HttpMessage {
  const headers: Record<string, string> = { "content-type": event.datacontenttype ?? JSON_TYPE };
  for (const [name, attribute] of Object.entries(event)) {
    if (name === "data" || name === "data_base64" || name === "datacontenttype") continue;
    const value = attributeValue(attribute);
    if (value === undefined) continue;
    headers[`ce-${name}`] = percentEncoded(String(value));
    // The extension tells where the trace began; the protocol's own header is what a proxy on the way reads.
    if (name === "traceparent" || name === "tracestate") headers[name] = percentEncoded(String(value));
  }
  return { headers, body: bodyOf(event) };
}

export const encodeStructured = (event: Event): HttpMessage => ({
  headers: { "content-type": STRUCTURED },
  body: Buffer.from(JSON.stringify(toJson(event))),
});

export const encodeBatch = (events: readonly Event[]): HttpMessage => ({
  headers: { "content-type": BATCH },
  body: Buffer.from(JSON.stringify(events.map(toJson))),
});

/** One event, binary or structured. Throws a PermanentError, and nothing else, when the message is not an event. */
export function decodeHttp(headers: HttpHeaders, body: Buffer, limit = EVENT_LIMIT): Event {
  if (body.length > limit) throw tooLarge(limit);
  const lower = lowered(headers);
  const event: Attributes = isStructured(lower["content-type"])
    ? { ...fromJson(parseJson(body, "the event")) }
    : readBinary(lower, body, limit);
  if (lower["traceparent"] !== undefined) {
    event["traceparent"] = lower["traceparent"];
    delete event["tracestate"]; // belongs to the traceparent that it came with
    if (lower["tracestate"] !== undefined) event["tracestate"] = lower["tracestate"];
  }
  return asEvent(event);
}

/** Each of a batch by itself: one that is no event takes nothing from the others. Throws only when there is no batch. */
export function decodeBatch(body: Buffer, limit = EVENT_LIMIT): readonly Outcome<Event>[] {
  const items = parseJson(body, "the batch");
  if (!Array.isArray(items)) throw notAnEvent("the batch is not a JSON array");
  const mayExceed = body.length > limit;
  return items.map((item: unknown) => {
    try {
      if (mayExceed && Buffer.byteLength(JSON.stringify(item)) > limit) throw tooLarge(limit);
      return ok(fromJson(item));
    } catch (error) {
      if (error instanceof PermanentError) return refuse(error.code, error.message);
      throw error;
    }
  });
}

const tooLarge = (limit: number): PermanentError => new PermanentError("EVENT_TOO_LARGE", `an event has at most ${String(limit)} bytes`);

function readBinary(headers: Readonly<Record<string, string>>, body: Buffer, limit: number): Attributes {
  const event: Attributes = {};
  let size = body.length;
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith("ce-")) continue;
    const name = header.slice(3);
    if (!isAttributeName(name) || name === "datacontenttype") continue;
    size += header.length + value.length;
    event[name] = percentDecoded(asUtf8(value));
  }
  if (size > limit) throw tooLarge(limit);
  if (headers["content-type"] !== undefined) event["datacontenttype"] = headers["content-type"];
  const { datacontenttype } = asEvent(event);
  readData(event, body, datacontenttype);
  return event;
}

function lowered(headers: HttpHeaders): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = typeof value === "object" ? value[0] : value;
    if (first !== undefined) lower[name.toLowerCase()] = first;
  }
  return lower;
}

// HTTP protocol binding 1.0.2, 3.1.3.2: space, double quote, percent and whatever is not printable ASCII.
const UNSAFE = /[^\x21\x23\x24\x26-\x7e]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, "gu");
const percentEncoded = (value: string): string => (UNSAFE.test(value) ? value.toWellFormed().replaceAll(EVERY_UNSAFE, encodeChar) : value);

const encodeChar = (char: string): string =>
  [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");

const ESCAPED = /(?:%[0-9a-f]{2})+/gi;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Unquotes, then decodes once. A percent sign that begins no escape stands for itself: senders before 1.0.1 wrote it so. */
/**
 * Go's SDK, and with it Knative's dispatcher, writes attributes as bare UTF-8 (HTTP binding 3.1.3.2 asks for percent-encoding), and node:http
 * reads header bytes as Latin-1.
 */
function asUtf8(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  try {
    return strictUtf8.decode(Buffer.from(value, "latin1"));
  } catch {
    return value; // Latin-1 it was, then
  }
}

function percentDecoded(value: string): string {
  const quoted = /^"(.*)"$/s.exec(value)?.[1];
  const unquoted = quoted === undefined ? value : quoted.replaceAll(/\\(.)/gs, "$1");
  if (!unquoted.includes("%")) return unquoted;
  return unquoted.replaceAll(ESCAPED, (run) => {
    try {
      return strictUtf8.decode(Buffer.from(run.replaceAll("%", ""), "hex"));
    } catch (cause) {
      throw notAnEvent("an attribute's percent-encoding is not UTF-8", cause);
    }
  });
}
