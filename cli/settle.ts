import { setTimeout as sleep } from "node:timers/promises";
import { type Context, idPath } from "./context.ts";
import { mayPass } from "./failure.ts";
import { type Intent, reasonsOf } from "./wire.ts";

/** A server answers a waiting question after this long at most, so that a connection that died is noticed and the progress line moves. */
const ASK_MS = 10_000;
const GRACE_MS = 10_000;
const RETRY_MS = 500;
const TICK_MS = 1_000;

interface Settling {
  readonly timeoutS: number;
  /** Told while waiting: what for. */
  readonly until: string;
}

/** The intents when all are settled, or as they are when the time is up. A server that goes away meanwhile may come back. */
export async function settle(
  { api, screen }: Pick<Context, "api" | "screen">,
  taken: readonly Intent[],
  { timeoutS, until }: Settling,
): Promise<readonly Intent[]> {
  const started = performance.now();
  const deadline = started + timeoutS * 1_000;
  const latest = new Map(taken.map((intent) => [intent.id, intent]));
  let trouble = "";
  const show = () => {
    const settled = [...latest.values()].filter((intent) => intent.isSettled).length;
    const seconds = Math.round((performance.now() - started) / 1_000);
    screen.progress(`${until}: ${String(settled)} of ${String(latest.size)} after ${String(seconds)} s${trouble}`);
  };
  const tick = setInterval(show, TICK_MS);
  try {
    for (const id of latest.keys()) {
      for (;;) {
        const left = Math.max(0, deadline - performance.now());
        const waitMs = Math.floor(Math.min(left, ASK_MS));
        try {
          latest.set(
            id,
            await api.ask<Intent>(idPath("intents", id), { query: { waitMs }, signal: AbortSignal.timeout(waitMs + GRACE_MS) }),
          );
          trouble = "";
        } catch (error) {
          if (!mayPass(error) || left === 0) throw error;
          trouble = `; ${error instanceof Error ? error.message : ""}: trying again`;
          show();
          await sleep(Math.min(left, RETRY_MS));
          continue;
        }
        if (latest.get(id)?.isSettled === true || left === 0) break;
      }
    }
  } finally {
    clearInterval(tick);
    screen.progress();
  }
  return [...latest.values()];
}

const goals: Readonly<Record<string, string>> = { active: "FULFILLED", suspended: "SUSPENDED", terminated: "TERMINATED" };

/**
 * Whether an intent is where it was asked to be; an intent with intentAdminState DEACTIVATED is asked to be SUSPENDED. One that waits for its
 * time is there too.
 */
export const isReached = ({ isSettled, state, wanted, waitsUntil }: Intent): boolean =>
  isSettled && (state === goals[wanted] || (waitsUntil !== undefined && state !== "FULFILMENTFAILED"));

/** Why an intent is not where it was asked to be, one line a reason. */
export function shortfallLines(intent: Intent, timeoutS: number): readonly string[] {
  if (isReached(intent)) return [];
  const { id, state, isSettled } = intent;
  if (!isSettled) return [`${id}: not settled after ${String(timeoutS)} s, still ${state}`];
  const reasons = reasonsOf(intent);
  return reasons.length === 0 ? [`${id}: ${state}`] : reasons.map((reason) => `${id}: ${state}: ${reason}`);
}
