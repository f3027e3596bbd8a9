import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Broker } from "../../runtime/broker/broker.ts";
import { eventsAfter, type Tail, type TailedEvent } from "./tail.ts";

const HEARTBEAT_MS = 15_000;
/** What may wait for a client that reads slowly. Beyond that it is cut off: it comes back with Last-Event-ID, and misses nothing. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** How often a replay looks whether it has caught up. */
const LOOK_EVERY = 64;

interface Streaming {
  readonly broker: Broker;
  readonly tail: Tail;
  readonly isWanted: (tailed: TailedEvent) => boolean;
}

/** `Last-Event-ID` where it is a place in the log. */
function lastSeen({ headers }: FastifyRequest): string | undefined {
  const { "last-event-id": last } = headers;
  return typeof last === "string" && /^\d{1,20}(?:\.\d{1,4})?$/.test(last) ? last : undefined;
}

const frames = new WeakMap<TailedEvent, string>();

/** Many clients get the same events: each is written out once. */
function frameOf(tailed: TailedEvent): string {
  const { offset, event } = tailed;
  const frame = frames.get(tailed) ?? `id: ${offset}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  frames.set(tailed, frame);
  return frame;
}

/**
 * Events as server-sent events (WHATWG HTML 9.2): the live ones, after everything that was missed since `Last-Event-ID`. An event's id is its
 * place in the log, and so is the number in the comments that say that nothing happens.
 */
export async function streamEvents(request: FastifyRequest, reply: FastifyReply, { broker, tail, isWanted }: Streaming): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  raw.write(": the newest events, as they come\n\n");
  const ended = new AbortController();
  const beat = setInterval(() => raw.write(`: head ${tail.head() ?? "none"}\n\n`), HEARTBEAT_MS);
  raw.on("close", () => {
    ended.abort();
    clearInterval(beat);
  });

  await catchUp(raw, lastSeen(request), { broker, tail, isWanted }, ended.signal);
  if (ended.signal.aborted) return;
  const quiet = tail.listen((tailed) => {
    if (!isWanted(tailed)) return;
    raw.write(frameOf(tailed));
    if (raw.writableLength > MAX_WAITING_BYTES) raw.destroy();
  });
  ended.signal.addEventListener("abort", quiet);
}

/** Sends what was missed at the client's pace, from the tail or, where that does not reach back so far, from the log. */
async function catchUp(
  raw: ServerResponse,
  last: string | undefined,
  { broker, tail, isWanted }: Streaming,
  signal: AbortSignal,
): Promise<void> {
  let place = last;
  const send = async (tailed: TailedEvent): Promise<void> => {
    if (isWanted(tailed) && !raw.write(frameOf(tailed))) await once(raw, "drain", { signal }).catch(() => undefined);
    place = tailed.offset;
  };
  while (place !== undefined && !signal.aborted) {
    const missed = tail.after(place);
    if (missed?.length === 0) return;
    for (const tailed of missed ?? []) if (!signal.aborted) await send(tailed);
    if (missed !== undefined) continue;
    let read = 0;
    for await (const tailed of eventsAfter(broker, place, signal)) {
      await send(tailed);
      const mayBeThere = read++ % LOOK_EVERY === 0 || tailed.offset === tail.head();
      if (signal.aborted || (mayBeThere && tail.after(tailed.offset) !== undefined)) break;
    }
  }
}
