import type { Logged, Message, Offset } from "./broker.ts";
import { readOffset } from "./offset.ts";

export interface MemoryLog {
  append(message: Message): void;
  follow(after: Offset | "first" | "next", signal: AbortSignal): AsyncIterable<Logged>;
}

/** A ring that forgets its oldest entry. Followers read it in place, so that a slow one costs nothing and skips what was forgotten. */
export function memoryLog(maxEvents: number): MemoryLog {
  const ring: Message[] = [];
  let end = 0; // the next offset
  let waiting: (() => void)[] = [];

  const oldest = (): number => Math.max(0, end - maxEvents);

  function begin(after: Offset | "first" | "next"): number {
    const from = readOffset(after);
    if (from === "next") return end;
    // An offset that is yet to come is from before a restart: nothing that is here has been seen.
    return from === "first" || from > end ? oldest() : from;
  }

  async function* read(from: number, signal: AbortSignal): AsyncGenerator<Logged, void, undefined> {
    let cursor = from;
    while (!signal.aborted) {
      cursor = Math.max(cursor, oldest());
      const message = cursor < end ? ring[cursor % maxEvents] : undefined;
      if (message === undefined) await next(signal);
      else yield { offset: String(cursor++), message };
    }
  }

  const next = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      waiting.push(wake);
      signal.addEventListener("abort", wake, { once: true });
    });

  return {
    append(message) {
      ring[end % maxEvents] = message;
      end += 1;
      if (waiting.length === 0) return;
      const awake = waiting;
      waiting = [];
      for (const wake of awake) wake();
    },
    follow: (after, signal) => read(begin(after), signal),
  };
}
