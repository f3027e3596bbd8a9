import type { Event } from "../../events/define.ts";
import { encodeBatch, encodeBinary } from "../codec/http.ts";
import { toJson } from "../codec/structured.ts";
import type { Reply } from "../invoke.ts";
import { type HttpReply, problem } from "./problem.ts";

/**
 * "single": a broker that takes one event in a reply; "batch": the project's own bridge; "plain": a person or a program that knows no events;
 * "clock": one that reads no answer at all, so that what comes of its tick has only the sink to go to.
 */
export type Caller = "single" | "batch" | "plain" | "clock";

export interface Answered {
  readonly reply: Reply;
  /** Absent where the message was none. */
  readonly event?: Event;
  readonly rejection?: Event;
}

interface After {
  post(events: readonly Event[]): Promise<void>;
  readonly hasSink: boolean;
  settle(event: Event): Promise<Reply>;
}

type Failed = Extract<Reply, { kind: "retry" | "bug" }>;
const isFailed = (reply: Reply): reply is Failed => reply.kind === "retry" || reply.kind === "bug";

/** A fault as a status. Nothing of what a bug said leaves the process. */
export function failure(reply: Failed): HttpReply {
  if (reply.kind === "bug") return problem(500, "INTERNAL");
  const { code, reason, retryAfterMs } = reply;
  const headers = { "retry-after": String(Math.max(1, Math.ceil((retryAfterMs ?? 1000) / 1000))) };
  // A bridge counts the tries of faults that do not say themselves when to come back, and knows no other way to tell them apart.
  return problem(code === "EFFECT_BUSY" ? 409 : 503, code, reason, headers, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/**
 * All of a request's events as one answer. A batch in which one event fails is asked for again as a whole: the others give the same events
 * with the same ids.
 */
export async function answer(answered: readonly Answered[], caller: Caller, after: After): Promise<HttpReply> {
  const failed = answered.map(({ reply }) => reply).find(isFailed);
  if (failed !== undefined) return failure(failed);
  const events = answered.flatMap(({ reply, rejection }) =>
    reply.kind === "done" ? reply.events : rejection === undefined ? [] : [rejection],
  );

  const inReply = caller === "single" ? events.slice(-1) : caller === "batch" ? events : [];
  const toSink = caller === "single" ? events.slice(0, -1) : caller === "clock" || (caller === "plain" && after.hasSink) ? events : [];
  if (toSink.length > 0) await after.post(toSink);

  // The events in the reply are not confirmed by anybody yet. Settling now is safe all the same: should the reply get lost, the caller asks
  // again, and a settled input is replayed with the same events, not done twice.
  const settled = await Promise.all(
    answered.flatMap(({ reply, event }) => (reply.kind === "done" && event !== undefined ? [after.settle(event)] : [])),
  );
  const unsettled = settled.find((reply) => reply.kind !== "done");
  if (unsettled !== undefined) return failure(isFailed(unsettled) ? unsettled : { kind: "bug", code: "INTERNAL", cause: unsettled });

  if (caller === "plain" || caller === "clock") return plain(answered, events);
  const [only, ...more] = inReply;
  if (only === undefined) return { status: 200, headers: {}, body: Buffer.alloc(0) };
  return { status: 200, ...(more.length > 0 ? encodeBatch(inReply) : encodeBinary(only)) };
}

const REFUSED = /\.refused\.v\d+$/;

/** A caller who knows no events gets the status that says it, and the events as JSON where all went well. */
function plain(answered: readonly Answered[], events: readonly Event[]): HttpReply {
  const rejected = answered.map(({ reply }) => reply).find((reply) => reply.kind === "rejected");
  if (rejected !== undefined) return problem(statusOf(rejected.code), rejected.code, rejected.reason);
  const refused = events.find(({ type }) => REFUSED.test(type));
  if (refused !== undefined) {
    const { code, reason } = (refused.data ?? {}) as { readonly code?: unknown; readonly reason?: unknown };
    return problem(422, typeof code === "string" ? code : "REFUSED", typeof reason === "string" ? reason : undefined);
  }
  if (events.length === 0) return { status: 200, headers: {}, body: Buffer.alloc(0) };
  return { status: 200, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(events.map(toJson))) };
}

/** 400 where nothing could be read, 422 where it was read and does not fit. */
const statusOf = (code: string): number => (code === "NOT_A_CLOUDEVENT" ? 400 : code === "EVENT_TOO_LARGE" ? 413 : 422);
