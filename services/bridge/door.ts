import type { Event } from "../../events/define.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { decodeBatch, decodeHttp, modeOf } from "../../runtime/codec/http.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { Handling, HttpRequest } from "../../runtime/host/handling.ts";
import { type HttpReply, problem } from "../../runtime/host/problem.ts";
import type { Metrics } from "../../runtime/metrics.ts";

const empty = (status: number): HttpReply => ({ status, headers: {}, body: Buffer.alloc(0) });

/**
 * The way in, where functions post what their answers cannot carry (`K_SINK`): 202 once the broker has confirmed all of it.
 * Takes the types of the catalogue and no others; a batch is taken as a whole or not at all.
 */
export function openDoor(parts: {
  readonly broker: Broker;
  readonly metrics: Metrics;
  readonly known: ReadonlySet<string>;
  /** Whether the queues are being consumed. */
  readonly isCarrying: () => boolean;
}): Handling {
  const { broker, metrics, known, isCarrying } = parts;

  async function take(request: HttpRequest): Promise<HttpReply> {
    const events = read(request);
    const unknown = events.find(({ type }) => !known.has(type));
    if (unknown !== undefined) return problem(422, "TYPE_UNEXPECTED", "no function makes events of this type");
    await broker.publish(events.map(encodeAmqp));
    metrics.published(events.map(({ type }) => type));
    return empty(202);
  }

  async function look(path: string): Promise<HttpReply> {
    if (path === "/_/health") return empty(200);
    if (path === "/_/ready") return empty(isCarrying() && broker.isConnected() ? 200 : 503);
    if (path !== "/metrics") return problem(404, "PATH_UNKNOWN");
    const { registry } = metrics;
    return { status: 200, headers: { "content-type": registry.contentType }, body: Buffer.from(await registry.metrics()) };
  }

  return async (request) => {
    try {
      if (request.method === "GET" || request.method === "HEAD") return await look(request.path);
      if (request.path !== "/") return problem(404, "PATH_UNKNOWN");
      if (request.method !== "POST") return problem(405, "METHOD_UNKNOWN", "events are posted", { allow: "POST" });
      return await take(request);
    } catch (error) {
      if (error instanceof PermanentError) return problem(error.code === "EVENT_TOO_LARGE" ? 413 : 400, error.code, error.message);
      if (error instanceof TransientError) return problem(503, error.code, error.message, { "retry-after": "1" });
      throw error;
    }
  };
}

function read({ headers, body }: HttpRequest): readonly Event[] {
  if (body === "too large") throw new PermanentError("EVENT_TOO_LARGE", "the body is too large");
  const mode = modeOf(headers);
  if (mode === "plain") throw new PermanentError("NOT_A_CLOUDEVENT", "events come in binary mode, structured, or as a batch");
  if (mode !== "batch") return [decodeHttp(headers, body)];
  return decodeBatch(body).map((one) => {
    if (one.ok) return one.value;
    throw new PermanentError(one.code, one.reason);
  });
}
