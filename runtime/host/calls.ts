import type { Event } from "../../events/define.ts";
import type { Crash } from "../crash.ts";
import type { HostedFunction, Scope } from "../function.ts";
import { exhausted, type HostScope, invoke, type Reply, settle } from "../invoke.ts";
import { eventLog, type Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { openResources } from "../resources.ts";
import { traced } from "../trace.ts";
import { slots } from "./slots.ts";

/** What every host needs, whatever it listens to. */
export interface HostParts<B> extends CallParts {
  readonly backing: B;
  readonly now?: () => Date;
}

interface CallParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly crash?: Crash | undefined;
}

/** What came of a call. `crashed`: the process that ran the handler ended in the middle of it, and nobody knows which of its calls did that. */
export type Called = Reply | { readonly kind: "crashed" };

/** Where handlers run: in this process, or behind an address. */
export interface Place<B, C extends Called = Called> {
  invoke(fn: HostedFunction<B>, event: Event, call: Pick<Scope, "log" | "lastAttempt">): Promise<C>;
  settle(fn: HostedFunction<B>, event: Event, call: Pick<Scope, "log" | "lastAttempt">): Promise<Reply>;
}

/** The functions of one host, each with its log and its limit, ready to be given events. */
export interface Calls<B, C extends Called = Called> {
  handle(fn: HostedFunction<B>, event: Event, lastAttempt: boolean): Promise<C>;
  settle(fn: HostedFunction<B>, event: Event): Promise<Reply>;
  exhausted(fn: HostedFunction<B>, event: Event, fault: { readonly code: string; readonly reason: string }): readonly Event[];
  reached(fn: HostedFunction<B>, step: string): void;
}

export const CONCURRENCY = 50;

/** Handlers in this process, with the resources that they ask for. */
function here<B>(functions: readonly HostedFunction<B>[], parts: HostParts<B>): Place<B, Reply> {
  const { backing, crash, now = () => new Date() } = parts;
  const resources = openResources(functions, backing);
  const scopeOf = (fn: HostedFunction<B>, call: Pick<Scope, "log" | "lastAttempt">): HostScope => ({
    ...call,
    resources: resources.get(fn.name) ?? {},
    now,
    reached: (step) => crash?.(`${fn.name}:${step}`),
  });
  return {
    invoke: (fn, event, call) => invoke(fn, event, scopeOf(fn, call)),
    settle: (fn, event, call) => settle(fn, event, scopeOf(fn, call)),
  };
}

export const openCalls = <B>(functions: readonly HostedFunction<B>[], parts: HostParts<B>): Calls<B, Reply> =>
  callsTo(here(functions, parts), functions, parts);

/** Limits, times, traces and logs the calls to wherever the handlers are. */
export function callsTo<B, C extends Called>(
  place: Place<B, C>,
  functions: readonly HostedFunction<B>[],
  { log, metrics, crash }: CallParts,
): Calls<B, C> {
  // A queue's prefetch is a limit already; this one also holds where events come by HTTP or are handed over in memory.
  const limits = new Map(functions.map((fn) => [fn.name, slots(fn.concurrency ?? CONCURRENCY)]));

  async function timed(fn: HostedFunction<B>, event: Event, lastAttempt: boolean): Promise<C> {
    const call = { log: eventLog(log, fn.name, event), lastAttempt };
    const since = performance.now();
    const called = await traced(fn.name, event, (spanned) => place.invoke(fn, spanned, call));
    const ms = performance.now() - since;
    metrics.invoked(fn.name, called, ms / 1000);
    tell(call, called, ms);
    return called;
  }

  return {
    reached: (fn, step) => crash?.(`${fn.name}:${step}`),
    handle(fn, event, lastAttempt) {
      const work = () => timed(fn, event, lastAttempt);
      return limits.get(fn.name)?.(work) ?? work();
    },
    async settle(fn, event) {
      const call = { log: eventLog(log, fn.name, event), lastAttempt: false };
      const reply = await place.settle(fn, event, call);
      if (reply.kind !== "done") tell(call, reply);
      return reply;
    },
    exhausted(fn, event, fault) {
      const reply = exhausted(fn, event, fault);
      if (reply.kind === "done") return reply.events;
      tell({ log: eventLog(log, fn.name, event), lastAttempt: true }, reply);
      return [];
    },
  };
}

const errorOf = (error: unknown): object => {
  // Named fields only: an HTTP client's error may carry the request, and with it a credential.
  if (!(error instanceof Error)) return { thrown: typeof error };
  return { name: error.name, message: error.message, stack: error.stack };
};

function tell({ log, lastAttempt }: Pick<Scope, "log" | "lastAttempt">, called: Called, took?: number): void {
  const ms = took === undefined ? undefined : Math.round(took * 1000) / 1000;
  switch (called.kind) {
    case "done":
      return log.info({ events: called.events.length, ms }, "event processed");
    case "skipped":
      return log.debug({ ms }, "event not meant for this function");
    case "rejected":
      return log.warn({ code: called.code, reason: called.reason, ms }, "event rejected");
    case "retry": {
      const fields = { code: called.code, reason: called.reason, retryAfterMs: called.retryAfterMs, ms };
      if (lastAttempt) return log.error(fields, "event given up");
      // Being told when to come back is how a busy duplicate or an unfinished controller answers, no fault.
      return called.retryAfterMs === undefined ? log.warn(fields, "event to be tried again") : log.debug(fields, "event to be tried later");
    }
    case "bug":
      return log.error({ code: called.code, error: errorOf(called.cause), lastAttempt, ms }, "function failed");
    case "crashed":
      return log.error({ ms }, "function ended in the middle of an event");
    default:
      return called satisfies never;
  }
}
