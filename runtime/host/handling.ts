import { randomUUID } from "node:crypto";
import type { Event } from "../../events/define.ts";
import { decodeBatch, decodeHttp, EVENT_LIMIT, type HttpHeaders, modeOf } from "../codec/http.ts";
import { notAnEvent } from "../codec/attributes.ts";
import { parseJson } from "../codec/data.ts";
import { fromJson } from "../codec/structured.ts";
import { PermanentError, TransientError } from "../errors.ts";
import { type HostedFunction, whereOf } from "../function.ts";
import { type HostParts, openCalls } from "./calls.ts";
import type { ClockEvents } from "./clock.ts";
import { answer, type Answered, type Caller, failure } from "./answer.ts";
import { type HttpReply, problem } from "./problem.ts";
import { rejectedEvent } from "../rejected.ts";
import type { Sink } from "./sink.ts";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HttpHeaders;
  /** "too large": the server stopped reading. */
  readonly body: Buffer | "too large";
}

interface HandlingOptions {
  /** Requests in work at once; more are told to come back. */
  readonly maxInFlight?: number;
  readonly eventLimit?: number;
  /** What a POST of the cron-connector stands for, which has no body and no id. */
  readonly clockEvents?: ClockEvents;
  readonly isReady?: () => boolean;
}

export interface HttpHosting<B> extends HostParts<B> {
  readonly fn: HostedFunction<B>;
  readonly sink?: Sink | undefined;
  readonly options?: HandlingOptions;
}

/** One function behind HTTP, whoever reads the socket: node:http, or the template that OpenFaaS puts in front. Never rejects. */
export type Handling = (request: HttpRequest) => Promise<HttpReply>;

const MAX_IN_FLIGHT = 100;
/** A caller that will not ask again says so: the function may have something to undo. */
export const LAST_ATTEMPT = "x-last-attempt";
const text = (status: number, body: string): HttpReply => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: Buffer.from(body),
});

export function openHandling<B>(hosting: HttpHosting<B>): Handling {
  const { fn, sink, log, metrics, options = {} } = hosting;
  const { maxInFlight = MAX_IN_FLIGHT, eventLimit = EVENT_LIMIT, clockEvents, isReady = () => true } = options;
  const calls = openCalls([fn], hosting);
  let inFlight = 0;

  return async (request) => {
    const { method, path } = request;
    try {
      if (path === "/" || path === "") {
        if (method !== "POST") return problem(405, "METHOD_UNKNOWN", "events are posted", { allow: "POST" });
        if (inFlight >= maxInFlight) return problem(429, "OVERLOADED", undefined, { "retry-after": "1" });
        inFlight += 1;
        try {
          return await post(request);
        } finally {
          inFlight -= 1;
        }
      }
      if (method !== "GET" && method !== "HEAD") return problem(404, "PATH_UNKNOWN");
      return await look(path);
    } catch (error) {
      if (error instanceof TransientError) return failure({ kind: "retry", code: error.code, reason: error.message });
      const { name, message, stack } = error instanceof Error ? error : new Error("not an error");
      log.error({ fn: fn.name, error: { name, message, stack } }, "request failed in the host");
      return failure({ kind: "bug", code: "INTERNAL", cause: error });
    }
  };

  async function look(path: string): Promise<HttpReply> {
    switch (path) {
      case "/_/health":
      case "/health/liveness":
        return text(200, "OK");
      case "/_/ready":
      case "/health/readiness":
        return isReady() ? text(200, "OK") : text(503, "not ready");
      case "/metrics":
        return {
          status: 200,
          headers: { "content-type": metrics.registry.contentType },
          body: Buffer.from(await metrics.registry.metrics()),
        };
      default:
        return problem(404, "PATH_UNKNOWN");
    }
  }

  async function post(request: HttpRequest): Promise<HttpReply> {
    const mode = modeOf(request.headers);
    const isClock = clockEvents !== undefined && isTick(request.headers, mode);
    const accept = String(request.headers["accept"] ?? "").toLowerCase();
    const caller: Caller =
      mode === "plain" ? (isClock ? "clock" : "plain") : accept.includes("application/cloudevents-batch+json") ? "batch" : "single";
    const entries = isClock ? clockEvents(fn.name) : read(request, mode);
    const lastAttempt = request.headers[LAST_ATTEMPT] === "true";
    const answered = await Promise.all(entries.map((entry) => take(entry, lastAttempt)));
    return answer(answered, caller, {
      post: (events) => {
        if (sink === undefined) throw new TransientError("SINK_MISSING", "there are more events than a reply carries, and no sink");
        return sink.post(events).then(() => metrics.published(events.map(({ type }) => type)));
      },
      hasSink: sink !== undefined,
      settle: (event) => calls.settle(fn, event),
    });
  }

  async function take(entry: Event | Poison, lastAttempt: boolean): Promise<Answered> {
    if (entry instanceof Poison) {
      const { code, message: reason } = entry.error;
      log.warn({ fn: fn.name, code, reason }, "message rejected");
      return { reply: { kind: "rejected", code, reason }, rejection: rejectedEvent(fn.name, { code, reason }, entry.body) };
    }
    calls.reached(fn, "received");
    const reply = await calls.handle(fn, entry, lastAttempt);
    if (reply.kind === "rejected") return { reply, event: entry, rejection: rejectedEvent(fn.name, reply, entry) };
    return { reply, event: entry };
  }

  function read({ headers, body }: HttpRequest, mode: ReturnType<typeof modeOf>): readonly (Event | Poison)[] {
    if (body === "too large") return [new Poison(new PermanentError("EVENT_TOO_LARGE", "the body is too large"), Buffer.alloc(0))];
    try {
      if (mode === "batch")
        return decodeBatch(body, eventLimit).map((one) =>
          one.ok ? one.value : new Poison(new PermanentError(one.code, one.reason), body),
        );
      return [mode === "plain" ? readPlain(headers, body) : decodeHttp(headers, body, eventLimit)];
    } catch (error) {
      if (error instanceof PermanentError) return [new Poison(error, body)];
      throw error;
    }
  }

  /** A person with curl sends a whole event without its label, or only the data of what the function consumes. */
  function readPlain(headers: HttpHeaders, body: Buffer): Event {
    if (body.length > eventLimit) throw new PermanentError("EVENT_TOO_LARGE", `an event has at most ${String(eventLimit)} bytes`);
    const value = parseJson(body, "the body");
    if (typeof value === "object" && value !== null && "specversion" in value) return fromJson(value);
    const type = fn.on.find(({ data }) => data.safeParse(value).success) ?? fn.on[0];
    if (type === undefined) throw notAnEvent(`${fn.name} consumes nothing`);
    const { executioner } = whereOf(fn, type);
    const key = headers["idempotency-key"];
    const id = typeof key === "string" && key !== "" ? key : randomUUID();
    return type.make({
      source: "/http",
      subject: id,
      id,
      data: value,
      ...(executioner === undefined ? {} : { executioner }),
    });
  }
}

/** OpenFaaS's cron-connector sends a header and nothing else, Knative's PingSource an event of its own type. */
const isTick = (headers: HttpHeaders, mode: ReturnType<typeof modeOf>): boolean =>
  mode === "plain" ? headers["x-topic"] === "cron-function" : headers["ce-type"] === "dev.knative.sources.ping";

class Poison {
  readonly error: PermanentError;
  readonly body: Buffer;
  constructor(error: PermanentError, body: Buffer) {
    this.error = error;
    this.body = body;
  }
}
