import { setTimeout as delay } from "node:timers/promises";

/** Lets calls through while a function can be expected to answer. */
export interface Gate {
  /** Resolves when the way is free: true; or when the bridge stops: false. */
  open(): Promise<boolean>;
  /** A call found nobody, or ended with its process: nobody goes before the function says that it is ready. */
  shut(): void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** @param isReady asks the function; `onWait` is told the first time that it is not. */
export function openGate(isReady: () => Promise<boolean>, stopping: AbortSignal, onWait: () => void): Gate {
  let opening: Promise<boolean> | undefined;

  async function untilReady(): Promise<boolean> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      // A pause first: one that says it is ready and answers nobody must not be asked in a circle.
      await delay(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
      if (stopping.aborted) return false;
      if (await isReady()) break;
      if (pauseMs === FIRST_PAUSE_MS) onWait();
    }
    opening = undefined;
    return true;
  }

  return {
    open: () => opening ?? Promise.resolve(!stopping.aborted),
    shut: () => {
      opening ??= untilReady();
    },
  };
}
