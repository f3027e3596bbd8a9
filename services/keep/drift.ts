import { canonicalJson } from "../../domain/intent/order.ts";
import { derivedId, type Event } from "../../events/define.ts";
import { IntentDrifted } from "../../events/intent.ts";
import type { Config } from "../../runtime/config.ts";
import type { IntentStore } from "../../state/intents.ts";
import type { DriftCheck } from "../drift.ts";
import type { Ingress } from "../ingress/ingress.ts";

const source = "/mncc/drift";

interface Parts {
  readonly check: DriftCheck;
  readonly intents: IntentStore;
  readonly ingress: Pick<Ingress, "repair">;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly now: () => Date;
}

/**
 * Looks at everything that is carried out, tells of what has changed since the last look, and has it repaired where that is the policy.
 * What could not be looked at is left as it was known. Answers how many intents have drifted.
 */
export async function sweepDrift(policy: "report" | "repair", { check, intents, ingress, publish, now }: Parts): Promise<number> {
  let drifted = 0;
  for await (const { intentId, submission, drift, unseen } of check.all()) {
    if (drift.length > 0) drifted += 1;
    const known = (await intents.get(intentId))?.drift ?? [];
    const isNews = unseen.length === 0 ? canonicalJson(known) !== canonicalJson(drift) : drift.length > 0 && known.length === 0;
    if (isNews) {
      const at = now().toISOString();
      const id = derivedId({ source, id: intentId }, IntentDrifted.type, Date.parse(at));
      await publish([IntentDrifted.make({ source, subject: intentId, id, data: { intentId, submission, drift: [...drift], seenAt: at } })]);
    }
    if (policy === "repair" && drift.length > 0) await ingress.repair(intentId);
  }
  return drifted;
}

/** Sweeps every so often, one sweep at a time. */
export function watchDrift(
  { DRIFT, DRIFT_EVERY_S }: Pick<Config, "DRIFT" | "DRIFT_EVERY_S">,
  { log, ...parts }: Parts & { readonly log: Record<"warn", (fields: object, phrase: string) => void> },
): { stop(): void } {
  if (DRIFT === "off") return { stop: () => undefined };
  let isUnderWay = false;
  const timer = setInterval(() => {
    if (isUnderWay) return;
    isUnderWay = true;
    sweepDrift(DRIFT, parts)
      .then(
        (drifted) => drifted > 0 && log.warn({ drifted, policy: DRIFT }, "intents have drifted"),
        (error: unknown) => log.warn({ reason: error instanceof Error ? error.message : "" }, "drift check cut short"),
      )
      .finally(() => (isUnderWay = false));
  }, DRIFT_EVERY_S * 1_000);
  return { stop: () => clearInterval(timer) };
}
