import type { Handling } from "./handling.ts";
import type { HttpHeaders } from "../codec/http.ts";
import { type HttpReply, problem } from "./problem.ts";

/** What the official node templates hand to `module.exports`. */
interface TemplateEvent {
  /** A Buffer with RAW_BODY=true; otherwise whatever body-parser made of it. */
  readonly body: unknown;
  readonly headers: HttpHeaders;
  readonly method: string;
  readonly path: string;
}

interface TemplateContext {
  status(code: number): TemplateContext;
  headers(headers: Readonly<Record<string, string>>): TemplateContext;
  succeed(value: unknown): unknown;
}

/**
 * A handler for the official OpenFaaS node templates. It answers everything itself: what a template's handler throws is answered by the
 * template with 200.
 */
export const openfaasHandler =
  (handle: Handling) =>
  async ({ body, headers, method, path }: TemplateEvent, context: TemplateContext): Promise<unknown> => {
    const bytes = bytesOf(body);
    let reply: HttpReply;
    try {
      // Without RAW_BODY the template's parser has eaten a structured event, and nothing is left to tell it from an empty one.
      const isEaten = bytes === undefined && method === "POST" && Number(headers["content-length"] ?? 0) > 0;
      reply = isEaten
        ? problem(500, "RAW_BODY_UNSET", "set RAW_BODY to true for this function")
        : await handle({ method, path, headers, body: bytes ?? Buffer.alloc(0) });
    } catch {
      reply = problem(500, "INTERNAL");
    }
    return context.status(reply.status).headers(reply.headers).succeed(reply.body);
  };

function bytesOf(body: unknown): Buffer | undefined {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === "string") return Buffer.from(body);
  // body-parser gives an empty object for a request that it did not parse.
  if (typeof body !== "object" || body === null || Object.keys(body).length === 0) return undefined;
  return Buffer.from(JSON.stringify(body));
}
