import type { Dispatcher } from "undici";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A body as text; once it is longer than `maxBytes`, what `tooLong` makes of that limit ("4 MiB") is thrown, and the rest is not read. */
export async function textWithin(
  { body, headers }: Pick<Dispatcher.ResponseData, "body" | "headers">,
  maxBytes: number,
  tooLong: (limit: string) => Error,
): Promise<string> {
  // undici holds a body to its content-length, so a declared size within the cap needs no counting.
  if (Number(headers["content-length"] ?? Number.NaN) <= maxBytes) return body.text();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLong(maxBytes < 1 << 20 ? `${String(maxBytes >> 10)} KiB` : `${String(maxBytes >> 20)} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What a text says as JSON; undefined where it is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How long a server wants to be left alone, where it says so in seconds (RFC 9110 section 10.2.3): the second argument of a TransientError. */
export function retryAfterIn(headers: Headers): { readonly retryAfterMs?: number } {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {};
}

/** Whether a status may be another one later without anything being changed here. */
export const mayPass = (status: number): boolean => status >= 500 || status === 408 || status === 429;
