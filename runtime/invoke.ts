import type { z } from "zod";
import type { Event } from "../events/define.ts";
import { PermanentError, TransientError } from "./errors.ts";
import { type Events, type Fault, type HostedFunction, type Received, type Scope, whereOf } from "./function.ts";

/** What became of one event in one function; hosts translate it, and nothing else knows of a platform. */
export type Reply =
  | { readonly kind: "done"; readonly events: Events }
  | { readonly kind: "rejected"; readonly code: string; readonly reason: string }
  | { readonly kind: "skipped" }
  | { readonly kind: "retry"; readonly code: string; readonly reason: string; readonly retryAfterMs?: number; readonly cause?: unknown }
  | { readonly kind: "bug"; readonly code: "INTERNAL"; readonly cause: unknown };

/** The signal belongs to one call, so `invoke` makes it. */
export type HostScope = Omit<Scope, "signal">;

type Accepted = { readonly kind: "accepted"; readonly event: Received<unknown> };
type NotAccepted = Extract<Reply, { kind: "rejected" | "skipped" }>;

interface Prepared {
  readonly consumed: ReadonlyMap<
    string,
    { readonly schema: z.ZodType; readonly where: readonly (readonly [name: string, value: string])[] }
  >;
  readonly emits: ReadonlySet<string>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Manifests are checked for cycles; this ends one that slipped through. The longest chain of the catalogue has about twenty. */
const MAX_HOPS = 64;

/** What `invoke` accepted is settled soon after, and need not be checked again for that. */
const acceptedOnce = new WeakMap<Event, { readonly fn: object; readonly accepted: Accepted }>();
const preparedOnce = new WeakMap<object, Prepared>();

/** What `invoke` looks up for every event, built once a function. */
export function prepare<B>(fn: HostedFunction<B>): Prepared {
  let prepared = preparedOnce.get(fn);
  if (prepared === undefined) {
    prepared = {
      consumed: new Map(fn.on.map((type) => [type.type, { schema: type.data, where: Object.entries(whereOf(fn, type)) }])),
      emits: new Set(fn.emits.map(({ type }) => type)),
    };
    preparedOnce.set(fn, prepared);
  }
  return prepared;
}

/** Whether an event is meant for a function: what a broker's binding decides, for events that pass no broker. */
export function isFor<B>(fn: HostedFunction<B>, event: Event): boolean {
  const consumed = prepare(fn).consumed.get(event.type);
  return consumed?.where.every(([name, value]) => String(event[name]) === value) ?? false;
}

export async function invoke<B>(fn: HostedFunction<B>, event: Event, scope: HostScope): Promise<Reply> {
  const accepted = accept(fn, event);
  if (accepted.kind !== "accepted") return accepted;
  acceptedOnce.set(event, { fn, accepted });
  return guarded(fn, scope, (callScope) => fn.handle(accepted.event, callScope));
}

/** Runs the function's `settled`, where it has one. Done carries no events. */
export async function settle<B>(fn: HostedFunction<B>, event: Event, scope: HostScope): Promise<Reply> {
  if (fn.settled === undefined) return { kind: "done", events: [] };
  const known = acceptedOnce.get(event);
  const accepted = known?.fn === fn ? known.accepted : accept(fn, event);
  if (accepted.kind !== "accepted") return accepted;
  return guarded(fn, scope, async (callScope) => {
    await fn.settled?.(accepted.event, callScope);
    return [];
  });
}

/** The events that tell that an event was given up. A fault in here must not hide the one that led to it, so it is the caller's to log. */
export function exhausted<B>(fn: HostedFunction<B>, event: Event, fault: Fault): Reply {
  const accepted = accept(fn, event);
  if (accepted.kind !== "accepted") return accepted;
  try {
    return { kind: "done", events: checked(fn, fn.exhausted?.(accepted.event, fault) ?? []) };
  } catch (error) {
    return replyTo(error);
  }
}

function accept<B>(fn: HostedFunction<B>, event: Event): Accepted | NotAccepted {
  const schema = prepare(fn).consumed.get(event.type)?.schema;
  if (schema === undefined) return { kind: "rejected", code: "TYPE_UNEXPECTED", reason: `${fn.name} does not consume this type` };
  if (!isFor(fn, event)) return { kind: "skipped" };
  if (Number(event["hops"] ?? 0) > MAX_HOPS)
    return { kind: "rejected", code: "HOPS_EXCEEDED", reason: `more than ${String(MAX_HOPS)} events led to this one` };
  const parsed = schema.safeParse(event.data);
  if (!parsed.success) return { kind: "rejected", code: "DATA_INVALID", reason: describe(parsed.error.issues) };
  return { kind: "accepted", event: { ...event, data: parsed.data } };
}

const says: Readonly<Partial<Record<string, string>>> = {
  too_big: "is too large or too long",
  too_small: "is too small or too short",
  invalid_format: "has the wrong format",
  invalid_value: "is none of the allowed values",
  invalid_union: "has none of the allowed shapes",
  unrecognized_keys: "has members that the schema does not know",
};

/** Names the places and never the values: a message that fails its schema may carry a secret anywhere. Zod's own messages may be custom ones. */
function describe(issues: readonly z.core.$ZodIssue[]): string {
  const lines = issues.slice(0, 3).map((issue) => {
    const place = `/${["data", ...issue.path.map(String)].join("/")}`;
    return issue.code === "invalid_type"
      ? `${place} must be ${issue.expected}`
      : `${place} ${says[issue.code] ?? "breaks a rule of the schema"}`;
  });
  return lines.join("; ") + (issues.length > 3 ? `; and ${String(issues.length - 3)} more` : "");
}

function checked<B>(fn: HostedFunction<B>, events: Events): Events {
  const { emits } = prepare(fn);
  const undeclared = events.find(({ type }) => !emits.has(type));
  if (undeclared !== undefined) throw new Error(`${fn.name} emits ${undeclared.type}, which its manifest does not declare`);
  return events;
}

/**
 * Runs one call with a deadline. A handler that ignores its signal is left behind: its outcome is dropped, and whatever it still does
 * happens beside the next try, which is why effects are claimed and observed before they are applied.
 */
async function guarded<B>(fn: HostedFunction<B>, scope: HostScope, work: (scope: Scope) => Events | Promise<Events>): Promise<Reply> {
  // Most functions never look at the signal, and many answer at once: neither pays for what it does not use.
  let deadline: AbortController | undefined;
  const callScope: Scope = {
    ...scope,
    get signal() {
      return (deadline ??= new AbortController()).signal;
    },
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = work(callScope);
    if (!(answer instanceof Promise)) return { kind: "done", events: checked(fn, answer) };
    const timeoutMs = fn.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timeUp = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const late = new TransientError("HANDLER_TIMEOUT", `${fn.name} took longer than ${String(timeoutMs)} ms`);
        reject(late); // before the abort, which makes the handler fail in its own words
        (deadline ??= new AbortController()).abort(late);
      }, timeoutMs);
    });
    return { kind: "done", events: checked(fn, await Promise.race([answer, timeUp])) };
  } catch (error) {
    return replyTo(error);
  } finally {
    clearTimeout(timer);
  }
}

function replyTo(error: unknown): Reply {
  if (error instanceof PermanentError) return { kind: "rejected", code: error.code, reason: error.message };
  if (!(error instanceof TransientError)) return { kind: "bug", code: "INTERNAL", cause: error };
  const { code, message: reason, retryAfterMs, cause } = error;
  return { kind: "retry", code, reason, cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
