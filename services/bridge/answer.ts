import { EventRejected } from "../../events/rejected.ts";
import type { Event } from "../../events/define.ts";
import { jsonIn } from "../../functions/reply.ts";
import { decodeBatch, decodeHttp, type HttpHeaders, modeOf } from "../../runtime/codec/http.ts";
import { PermanentError } from "../../runtime/errors.ts";
import type { Called } from "../../runtime/host/calls.ts";

/** What a function's host answered to one event. */
export interface Answer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: Buffer;
}

/** Not found: not deployed yet, or not yet known to the gateway. */
const MAY_PASS: ReadonlySet<number> = new Set([404, 408, 409]);

/**
 * Statuses as Knative's data plane means them (specs/eventing/data-plane.md, its table of responses), with two differences: a batch is an answer, too,
 * and a status that will not change is no success but a dead letter. `unreachable`: nobody took the event, so it is no try.
 */
export function readAnswer(answer: Answer, emits: ReadonlySet<string>): Called | { readonly kind: "unreachable" } {
  const { status } = answer;
  if (status === 202) return { kind: "done", events: [] }; // a reply to it must not be processed
  if (status >= 200 && status < 300) return readEvents(answer, emits);
  const problem = readProblem(answer);
  if (status === 500) return { kind: "bug", code: "INTERNAL", cause: new Error("the function answered 500") };
  if (status === 429) {
    const reason = "as much is in work as the function, or the watchdog before it, takes at once";
    return { kind: "retry", code: "OVERLOADED", reason, retryAfterMs: secondsOf(answer.headers["retry-after"]) * 1000 };
  }
  if (problem !== undefined && (status === 409 || status === 503)) {
    const { code, reason, retryAfterMs } = problem;
    return { kind: "retry", code, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  // Without a problem it was no host of ours that spoke, but a gateway with nobody behind it.
  if (status === 503) return { kind: "unreachable" };
  // A gateway's words for a connection that ended without an answer.
  if (status === 502) return { kind: "crashed" };
  const { code, reason } = problem ?? { code: undefined, reason: `the function answered ${String(status)}` };
  if (MAY_PASS.has(status) || status >= 500 || status < 400) return { kind: "retry", code: code ?? "FUNCTION_UNAVAILABLE", reason };
  return { kind: "rejected", code: code ?? "FUNCTION_REFUSED", reason };
}

function readEvents({ headers, body }: Answer, emits: ReadonlySet<string>): Called {
  let events: readonly Event[];
  try {
    events = decode(headers, body);
  } catch (cause) {
    if (!(cause instanceof PermanentError)) throw cause;
    return { kind: "bug", code: "INTERNAL", cause };
  }
  const [only] = events;
  if (only?.type === EventRejected.type) {
    const { code, reason } = EventRejected.data.parse(only.data);
    return { kind: "rejected", code, reason };
  }
  const undeclared = events.find(({ type }) => !emits.has(type));
  if (undeclared === undefined) return { kind: "done", events };
  return { kind: "bug", code: "INTERNAL", cause: new Error(`the function answered with ${undeclared.type}, which it does not declare`) };
}

function decode(headers: HttpHeaders, body: Buffer): readonly Event[] {
  const mode = modeOf(headers);
  if (mode === "plain") return [];
  if (mode !== "batch") return [decodeHttp(headers, body, Infinity)];
  return decodeBatch(body, Infinity).map((one) => {
    if (one.ok) return one.value;
    throw new PermanentError(one.code, one.reason);
  });
}

interface Problem {
  readonly code: string;
  readonly reason: string;
  /** Only where the fault itself said so: the header is always there. */
  readonly retryAfterMs: number | undefined;
}

/** RFC 9457, as this project's hosts write it; undefined for anything else. */
function readProblem({ status, headers, body }: Answer): Problem | undefined {
  if (!String(headers["content-type"] ?? "").startsWith("application/problem+json")) return undefined;
  const said = jsonIn(body.toString());
  if (typeof said !== "object" || said === null) return undefined;
  const { code, detail, retryAfterMs } = said as Readonly<Record<string, unknown>>;
  if (typeof code !== "string") return undefined;
  return {
    code,
    reason: typeof detail === "string" ? detail : `the function answered ${String(status)}`,
    retryAfterMs: typeof retryAfterMs === "number" && retryAfterMs >= 0 ? retryAfterMs : undefined,
  };
}

const secondsOf = (header: string | readonly string[] | undefined): number => {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 60) : 1;
};
