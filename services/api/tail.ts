import type { Event } from "../../events/define.ts";
import type { Broker, Logged } from "../../runtime/broker/broker.ts";
import { decodeLog } from "../../runtime/codec/log.ts";

export interface TailedEvent {
  readonly offset: string;
  readonly event: Event;
}

/** The end of the log, followed once for all who listen. */
export interface Tail {
  /** The newest events, oldest first. */
  recent(limit: number): readonly TailedEvent[];
  /** What came after a place, oldest first; undefined where it is not known, because it is too long ago or there is no such place. */
  after(place: string): readonly TailedEvent[] | undefined;
  /** The place of the newest event; undefined before the first. */
  head(): string | undefined;
  /** Calls back with every event from now on; the answer stops it. */
  listen(listener: (tailed: TailedEvent) => void): () => void;
  stop(): Promise<void>;
}

const KEPT = 2_000;

/** Several events in one message of the log share its offset, and are told apart as `offset.place`. What is no event is nobody's business here. */
export function eventsOf({ offset, message }: Logged): readonly TailedEvent[] {
  const events = decodeLog(message);
  return events.map((event, i) => ({ offset: events.length === 1 ? offset : `${offset}.${String(i)}`, event }));
}

/** The events after a place in the log, and whatever comes then. */
export async function* eventsAfter(broker: Broker, place: string, signal: AbortSignal): AsyncGenerator<TailedEvent> {
  const [offset = "", i] = place.split(".");
  const before = BigInt(offset) === 0n ? "first" : String(BigInt(offset) - 1n);
  for await (const logged of broker.follow(i === undefined ? offset : before, signal))
    for (const tailed of eventsOf(logged)) {
      const [at, k] = tailed.offset.split(".");
      if (i === undefined || at !== offset || Number(k ?? 0) > Number(i)) yield tailed;
    }
}

/** Whether one place in the log comes after another. */
function isAfter(place: string, other: string): boolean {
  const [[at = "", i = "0"], [of = "", k = "0"]] = [place.split("."), other.split(".")];
  return BigInt(at) === BigInt(of) ? Number(i) > Number(k) : BigInt(at) > BigInt(of);
}

export function openTail(broker: Broker): Tail {
  const kept: TailedEvent[] = [];
  const listeners = new Set<(tailed: TailedEvent) => void>();
  const stop = new AbortController();
  const following = (async () => {
    for await (const logged of broker.follow("next", stop.signal)) {
      for (const tailed of eventsOf(logged)) {
        kept.push(tailed);
        for (const listener of listeners) listener(tailed);
      }
      if (kept.length > 2 * KEPT) kept.splice(0, kept.length - KEPT);
    }
  })();
  return {
    recent: (limit) => kept.slice(-Math.min(limit, KEPT)),
    after(place) {
      const [oldest, newest] = [kept[0], kept.at(-1)];
      if (oldest === undefined || newest === undefined || isAfter(oldest.offset, place) || isAfter(place, newest.offset)) return undefined;
      let first = kept.length;
      while (first > 0 && isAfter(kept[first - 1]?.offset ?? place, place)) first -= 1;
      return kept.slice(first);
    },
    head: () => kept.at(-1)?.offset,
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => {
      stop.abort();
      return following;
    },
  };
}
