import type { Event } from "../../events/define.ts";
import type { Broker, Logged, Offset } from "../../runtime/broker/broker.ts";
import { decodeAmqp } from "../../runtime/codec/amqp.ts";

export interface TailedEvent {
  readonly offset: Offset;
  readonly event: Event;
}

/** The end of the log, followed once for all who listen. */
export interface Tail {
  /** The newest events, oldest first. */
  recent(limit: number): readonly TailedEvent[];
  /** Calls back with every event from now on; the answer stops it. */
  listen(listener: (tailed: TailedEvent) => void): () => void;
  stop(): Promise<void>;
}

const KEPT = 2_000;

/** What in the log is no event is none of a listener's business: the function that got it has rejected it. */
export function eventOf({ offset, message }: Logged): TailedEvent | undefined {
  try {
    return { offset, event: decodeAmqp(message) };
  } catch {
    return undefined;
  }
}

export function openTail(broker: Broker): Tail {
  const kept: TailedEvent[] = [];
  const listeners = new Set<(tailed: TailedEvent) => void>();
  const stop = new AbortController();
  const following = (async () => {
    for await (const logged of broker.follow("next", stop.signal)) {
      const tailed = eventOf(logged);
      if (tailed === undefined) continue;
      kept.push(tailed);
      if (kept.length > 2 * KEPT) kept.splice(0, kept.length - KEPT);
      for (const listener of listeners) listener(tailed);
    }
  })();
  return {
    recent: (limit) => kept.slice(-Math.min(limit, KEPT)),
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
