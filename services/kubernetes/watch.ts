import { type KubernetesApi, type RawObject, StatusError } from "./api.ts";
import { openWaiting } from "./waiting.ts";

export interface Watched {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: RawObject;
}

/** What came since the last one, and the place after it. A bookmark is a place without objects. */
export interface WatchBatch {
  readonly objects: readonly Watched[];
  readonly resourceVersion: string;
}

/** No line came, not even a bookmark: the connection may be dead, or nothing may have happened. */
export class SilenceError extends Error {
  constructor(silenceMs: number) {
    super(`no sign of life for ${String(silenceMs)} ms`);
    this.name = "SilenceError";
  }
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** After so long the server ends it. */
  readonly timeoutS: number;
  /** Without a line for so long, not even a bookmark, it is taken for dead. */
  readonly silenceMs: number;
  /** Objects that may wait for whoever reads; then the watch is not read on. */
  readonly room: number;
}

/** One watch, from a place to its end. Throws what ended it before its time, after everything that came. */
export async function* watchFrom(
  api: KubernetesApi,
  { path, labelSelector, resourceVersion }: { path: string; labelSelector?: string | undefined; resourceVersion: string },
  { signal, timeoutS, silenceMs, room }: WatchOptions,
): AsyncGenerator<WatchBatch, void, undefined> {
  const over = new AbortController();
  const waiting = openWaiting<{ readonly watched?: Watched; readonly resourceVersion: string }>(room);
  let isHeldUp = false;
  const watchdog = setTimeout(() => {
    // A reader who is held up hears nothing either: that says nothing of the server.
    if (isHeldUp) watchdog.refresh();
    else over.abort(new SilenceError(silenceMs));
  }, silenceMs);

  async function read(): Promise<void> {
    const query = { resourceVersion, allowWatchBookmarks: true, timeoutSeconds: timeoutS, labelSelector };
    for await (const event of api.watch(path, query, AbortSignal.any([signal, over.signal]))) {
      watchdog.refresh();
      if (event.type === "ERROR") throw new StatusError(event.object.code ?? 500, event.object.message ?? "the watch ended with an error");
      const place = event.object.metadata.resourceVersion;
      const isRoomAgain = waiting.push(
        event.type === "BOOKMARK"
          ? { resourceVersion: place }
          : { watched: { type: event.type, object: event.object }, resourceVersion: place },
      );
      if (isRoomAgain === undefined) continue;
      isHeldUp = true;
      await isRoomAgain;
      isHeldUp = false;
      watchdog.refresh();
    }
  }

  const reading = read().then(
    () => waiting.end(),
    (error: unknown) => waiting.end(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    for (let taken = await waiting.take(); taken !== undefined; taken = await waiting.take()) {
      const last = taken.at(-1);
      if (last !== undefined) yield { objects: taken.flatMap(({ watched }) => watched ?? []), resourceVersion: last.resourceVersion };
    }
  } finally {
    clearTimeout(watchdog);
    over.abort();
    waiting.end();
    await reading;
  }
}
