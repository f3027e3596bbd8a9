import { isUtf8 } from "node:buffer";
import type { Event } from "../../events/define.ts";
import { type Attributes, notAnEvent } from "./attributes.ts";

export const JSON_TYPE = "application/json";
const NOTHING = Buffer.alloc(0);

/** Lower case, without parameters: `Application/JSON; charset=UTF-8` is `application/json`. */
export function mediaTypeOf(contentType: string): string {
  const end = contentType.indexOf(";");
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

export function isJson(contentType: string): boolean {
  if (contentType === JSON_TYPE) return true;
  const mediaType = mediaTypeOf(contentType);
  return mediaType === JSON_TYPE || mediaType === "text/json" || mediaType.endsWith("+json");
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;
const TEXT = /^(?:text\/.*|application\/xml|.*\+xml)$/;

function isText(contentType: string): boolean {
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase() ?? "utf-8";
  return TEXT.test(mediaTypeOf(contentType)) && (charset === "utf-8" || charset === "us-ascii");
}

export function parseJson(body: Buffer, what: string): unknown {
  if (!isUtf8(body)) throw notAnEvent(`${what} is not UTF-8`);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw notAnEvent(`${what} is not JSON`); // without the parser's message, which quotes the input
  }
}

/**
 * Puts a body where the event's readers look for it: JSON and text into `data`, bytes into `data_base64`.
 * No content type means JSON, as in the JSON event format.
 */
export function readData(into: Attributes, body: Buffer, contentType: string | undefined): void {
  if (body.length === 0) {
    if (contentType !== undefined && isText(contentType)) into["data"] = ""; // the one kind of data that no bytes are
  } else if (contentType === undefined || isJson(contentType)) into["data"] = parseJson(body, "data");
  else if (isText(contentType) && isUtf8(body)) into["data"] = body.toString("utf8");
  else into["data_base64"] = body.toString("base64");
}

/** The event's data as the bytes that binary mode carries. */
export function bodyOf(event: Event): Buffer {
  const { data, data_base64: encoded } = event;
  if (encoded !== undefined) return Buffer.from(encoded, "base64");
  if (data === undefined) return NOTHING;
  if (isJson(event.datacontenttype ?? JSON_TYPE)) return Buffer.from(JSON.stringify(data));
  if (typeof data === "string") return Buffer.from(data);
  if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError(`data of ${event.type} is neither text nor bytes, and its content type is not JSON`);
}
