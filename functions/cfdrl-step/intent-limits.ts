import type { Resources } from "../../domain/learning/model.ts";
import { readIntentLimits } from "../../domain/scaling/intent-limits.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Scope } from "../../runtime/function.ts";
import type { Backing } from "../../state/backing.ts";
import { openTokens } from "../oauth.ts";
import { openPools } from "../pools.ts";
import { fetchIntents } from "./intent-api.ts";

/** CPU and RAM limits of workloads as their intents set them (D2.3's PPEF), by NEMO's UUID. Kept for a minute; one object a process. */
export interface IntentLimits {
  /** Undefined where no intent API is configured, or no intent of the workload limits anything. Never fails: scaling goes on with the twin's limits. */
  of(workloadId: string, scope: Pick<Scope, "signal" | "log">): Promise<Partial<Resources> | undefined>;
  close(): Promise<void>;
}

type Limits = ReadonlyMap<string, Partial<Resources>>;

const FRESH_MS = 60_000;
/** How soon to ask again after no answer: every decision of every workload would wait for it otherwise. */
const AGAIN_MS = 10_000;
/** Limits change seldom; older than this they are as good as none. */
const USABLE_MS = 3_600_000;
const DEADLINE_MS = 3_000;

export function openIntentLimits({ controllers }: Pick<Backing, "controllers">, now: () => number = () => performance.now()): IntentLimits {
  const controller = controllers.find(({ executioner }) => executioner === "intent-api");
  const tokens = openTokens(now);
  const pools = openPools(2);
  let known: { readonly limits: Limits; readonly atMs: number } | undefined;
  let askAgainAtMs = 0;
  let asking: Promise<void> | undefined;

  async function refresh(log: Scope["log"]): Promise<void> {
    if (controller === undefined) return;
    try {
      const answer = await fetchIntents(controller, { tokens, pool: pools.pool(controller), signal: AbortSignal.timeout(DEADLINE_MS) });
      askAgainAtMs = now() + (answer.ok ? FRESH_MS : AGAIN_MS);
      if (answer.ok) known = { limits: readIntentLimits(answer.value), atMs: now() };
      else log.warn({ code: answer.code, reason: answer.reason }, "intents not read");
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      askAgainAtMs = now() + AGAIN_MS;
      log.warn({ code: error.code, reason: error.message }, "intents not read");
    }
  }

  return {
    async of(workloadId, { log }) {
      if (controller === undefined) return undefined;
      if (now() >= askAgainAtMs) await (asking ??= refresh(log).finally(() => (asking = undefined)));
      return known !== undefined && now() - known.atMs < USABLE_MS ? known.limits.get(workloadId) : undefined;
    },
    async close() {
      await Promise.all([tokens.close(), pools.close()]);
    },
  };
}
