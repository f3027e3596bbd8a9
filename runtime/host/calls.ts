import type { Event } from "../../events/define.ts";
import type { Crash } from "../crash.ts";
import type { HostedFunction } from "../function.ts";
import { exhausted, type HostScope, invoke, type Reply, settle } from "../invoke.ts";
import { eventLog, type Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { openResources } from "../resources.ts";
import { traced } from "../trace.ts";
import { slots } from "./slots.ts";

/** What every host needs, whatever it listens to. */
export interface HostParts<B> {
  readonly backing: B;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly crash?: Crash | undefined;
  readonly now?: () => Date;
}

/** The functions of one process, each with its resources, its log and its limit, ready to be given events. */
export interface Calls<B> {
  handle(fn: HostedFunction<B>, event: Event, lastAttempt: boolean): Promise<Reply>;
  settle(fn: HostedFunction<B>, event: Event): Promise<Reply>;
  exhausted(fn: HostedFunction<B>, event: Event, fault: { readonly code: string; readonly reason: string }): readonly Event[];
  reached(fn: HostedFunction<B>, step: string): void;
}

export const CONCURRENCY = 50;

export function openCalls<B>(functions: readonly HostedFunction<B>[], parts: HostParts<B>): Calls<B> {
  const { log, metrics, crash, now = () => new Date() } = parts;
  const resources = openResources(functions, parts.backing);
  // A queue's prefetch is a limit already; this one also holds where events come by HTTP or are handed over in memory.
  const limits = new Map(functions.map((fn) => [fn.name, slots(fn.concurrency ?? CONCURRENCY)]));
  const reached = (fn: HostedFunction<B>, step: string): void => crash?.(`${fn.name}:${step}`);
  const scopeOf = (fn: HostedFunction<B>, event: Event, lastAttempt: boolean): HostScope => ({
    resources: resources.get(fn.name) ?? {},
    now,
    log: eventLog(log, fn.name, event),
    lastAttempt,
    reached: (step) => reached(fn, step),
  });

  async function timed(fn: HostedFunction<B>, event: Event, scope: HostScope): Promise<Reply> {
    const since = performance.now();
    const reply = await traced(fn.name, event, (spanned) => invoke(fn, spanned, scope));
    const ms = performance.now() - since;
    metrics.invoked(fn.name, reply, ms / 1000);
    tell(scope, reply, ms);
    return reply;
  }

  return {
    reached,
    handle(fn, event, lastAttempt) {
      const work = () => timed(fn, event, scopeOf(fn, event, lastAttempt));
      return limits.get(fn.name)?.(work) ?? work();
    },
    async settle(fn, event) {
      const scope = scopeOf(fn, event, false);
      const reply = await settle(fn, event, scope);
      if (reply.kind !== "done") tell(scope, reply);
      return reply;
    },
    exhausted(fn, event, fault) {
      const reply = exhausted(fn, event, fault);
      if (reply.kind === "done") return reply.events;
      tell(scopeOf(fn, event, true), reply);
      return [];
    },
  };
}

const errorOf = (error: unknown): object => {
  // Named fields only: an HTTP client's error may carry the request, and with it a credential.
  if (!(error instanceof Error)) return { thrown: typeof error };
  return { name: error.name, message: error.message, stack: error.stack };
};

function tell({ log, lastAttempt }: HostScope, reply: Reply, took?: number): void {
  const ms = took === undefined ? undefined : Math.round(took * 1000) / 1000;
  switch (reply.kind) {
    case "done":
      return log.info({ events: reply.events.length, ms }, "event processed");
    case "skipped":
      return log.debug({ ms }, "event not meant for this function");
    case "rejected":
      return log.warn({ code: reply.code, reason: reply.reason, ms }, "event rejected");
    case "retry": {
      const fields = { code: reply.code, reason: reply.reason, retryAfterMs: reply.retryAfterMs, ms };
      if (lastAttempt) return log.error(fields, "event given up");
      // Being told when to come back is how a busy duplicate or an unfinished controller answers, no fault.
      return reply.retryAfterMs === undefined ? log.warn(fields, "event to be tried again") : log.debug(fields, "event to be tried later");
    }
    case "bug":
      return log.error({ code: reply.code, error: errorOf(reply.cause), lastAttempt, ms }, "function failed");
    default:
      return reply satisfies never;
  }
}
