import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../function.ts";
import type { Called } from "./calls.ts";

export interface Persistence {
  /** Tries of a step whose faults do not say when to come back. */
  readonly attempts: number;
  /** Tries of a step that throws what no handler should. */
  readonly bugAttempts: number;
  /** How long faults that do say when may go on saying it. */
  readonly patienceMs: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

export const PERSISTENCE: Persistence = { attempts: 8, bugAttempts: 3, patienceMs: 120_000, firstWaitMs: 100, longestWaitMs: 5_000 };

/** What is worth another try. */
type Again = Extract<Called, { kind: "retry" | "bug" }>;

/** An answer, or why there will be none. */
export type Tried<A> =
  | A
  | { readonly kind: "exhausted"; readonly fault: Fault }
  /** The host is stopping, and the wait for the next try was cut short. */
  | { readonly kind: "stopped" };

export type Answer = Exclude<Called, Again>;

/** Between half of the wait and the whole of it, so that what failed together does not come back together. */
export const backOffMs = (tries: number, { firstWaitMs, longestWaitMs }: Persistence): number =>
  Math.min(longestWaitMs, firstWaitMs * 2 ** (tries - 1)) * (0.5 + Math.random() / 2);

/** False when the signal cut it short. */
export async function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

/**
 * Tries until there is an answer. The message is held meanwhile: a broker that took it back would redeliver at once.
 * Once a try was told that it is the last one, it is, whatever its fault.
 */
export async function persist<A extends { readonly kind: string }>(
  attempt: (lastAttempt: boolean) => Promise<A | Again>,
  persistence: Persistence,
  stopping: AbortSignal,
): Promise<Tried<A>> {
  const since = performance.now();
  let tries = 0;
  let bugs = 0;
  let patienceEnds = false;
  for (;;) {
    const last = patienceEnds || tries + 1 >= persistence.attempts || bugs + 1 >= persistence.bugAttempts;
    const reply = await attempt(last);
    if (!isAgain(reply)) return reply;
    if (last) return { kind: "exhausted", fault: faultOf(reply) };
    let waitMs: number;
    if (reply.kind === "retry" && reply.retryAfterMs !== undefined) {
      const leftMs = Math.max(0, persistence.patienceMs - (performance.now() - since));
      patienceEnds = reply.retryAfterMs >= leftMs;
      waitMs = Math.min(reply.retryAfterMs, leftMs);
    } else {
      tries += 1;
      if (reply.kind === "bug") bugs += 1;
      waitMs = backOffMs(tries, persistence);
    }
    if (!(await wait(waitMs, stopping))) return { kind: "stopped" };
  }
}

const isAgain = (reply: { readonly kind: string }): reply is Again => reply.kind === "retry" || reply.kind === "bug";

const faultOf = (reply: Again): Fault =>
  reply.kind === "bug" ? { code: reply.code, reason: "the function failed unexpectedly" } : { code: reply.code, reason: reply.reason };
