import type { HttpHeaders } from "../codec/http.ts";
import type { Handling } from "./handling.ts";

/** What Knative's func runtime for Node hands to `handle` (faas-js-runtime 4, lib/context.js). */
interface FuncContext {
  readonly method: string;
  readonly headers: HttpHeaders;
  /** What the runtime's parsers made of the body: an object of JSON, a text, bytes. */
  readonly body?: unknown;
}

/** Its "structured return": status, headers and body of the answer. */
interface FuncAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * A handler for `func deploy`. It reads the request itself and not the event that the runtime made of it, whose SDK loses `0` and `""` and makes up ids;
 * what that SDK refuses, it refuses before anything gets here, and a batch is among it.
 */
export const funcHandler =
  (handle: Handling) =>
  async ({ method, headers, body }: FuncContext): Promise<FuncAnswer> => {
    const reply = await handle({ method, path: "/", headers, body: bytesOf(body) });
    // Without a type of its own an empty answer would be called JSON.
    const type = reply.body.length === 0 ? { "content-type": "text/plain" } : {};
    return { statusCode: reply.status, headers: { ...type, ...reply.headers }, body: reply.body };
  };

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === "string") return Buffer.from(body);
  return body === undefined || body === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
}
