import { setTimeout as sleep } from "node:timers/promises";
import type { Context, ExitCode, Output } from "../context.ts";
import { Failure, mayPass } from "../failure.ts";
import { eventLine } from "../happening.ts";
import { messagesOf } from "../sse.ts";
import type { EventPage, UnderlayEvent } from "../wire.ts";
import type { EventFilter } from "./get.ts";

/** The server shows a sign of life every 15 s; three missed, and the connection is taken for dead. */
const SILENCE_MS = 45_000;
const BACK_OFF = { firstMs: 250, lastMs: 10_000 } as const;

/** Events as they come, until the person has had enough. After a lost connection it goes on where it was. */
export async function watch(context: Context, { output, type, intent }: EventFilter & { readonly output: Output }): Promise<ExitCode> {
  return follow(context, { path: "v1/events", query: { type, subject: intent }, output });
}

interface Followed {
  /** Of a collection of events: a page as JSON, or a stream. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
}

export async function follow(context: Context, { path, query, output }: Followed): Promise<ExitCode> {
  const { api, screen } = context;
  const ended = context.interrupted();
  const show = (event: UnderlayEvent) => screen.print(output === "json" ? JSON.stringify(event) : eventLine(event, screen.paint));
  // Who loses the connection before the first event still has a place to go on from.
  const newest = await api.ask<EventPage>(path, { query: { ...query, limit: 1 } });
  let last = newest.events.at(-1)?.offset;
  let backOffMs: number = BACK_OFF.firstMs;

  for (let connections = 0; !ended.aborted; connections += 1) {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const body = await api.stream(path, {
        query,
        headers: connections === 0 || last === undefined ? {} : { "last-event-id": last },
        signal: AbortSignal.any([ended, silence.signal]),
      });
      if (connections === 0) screen.warn(`watching ${api.server.href}; Ctrl-C ends it`);
      for await (const { id, data } of messagesOf(body, () => timer.refresh())) {
        show(JSON.parse(data) as UnderlayEvent);
        last = id ?? last;
        backOffMs = BACK_OFF.firstMs;
      }
    } catch (error) {
      // A server that is not there at first, or that says no, is not waited for. What is not a Failure is the connection's loss.
      if (!ended.aborted && (error instanceof SyntaxError || (error instanceof Failure && (connections === 0 || !mayPass(error)))))
        throw error;
    } finally {
      clearTimeout(timer);
    }
    if (ended.aborted) break;
    screen.warn(`the connection to ${api.server.href} is lost; trying again in ${String(backOffMs / 1_000)} s`);
    await sleep(backOffMs, undefined, { signal: ended }).catch(() => {});
    backOffMs = Math.min(2 * backOffMs, BACK_OFF.lastMs);
  }
  return 0;
}
