import { createHash } from "node:crypto";
import { canonicalJson } from "../domain/intent/order.ts";
import { intended, type PlanStep, stepOf } from "../domain/intent/plan.ts";
import { ok, type Outcome } from "../domain/outcome.ts";
import type { IntentStore } from "../state/intents.ts";
import type { Candidate } from "./ingress/ingress.ts";
import type { Looker } from "./look.ts";

export interface Plan {
  /** Of the steps and of what the intents say: equal when applying would do the same. */
  readonly hash: string;
  readonly changes: number;
  readonly steps: readonly PlanStep[];
}

export interface Planner {
  /** What apply would create, change and delete, found out by looking only. A controller that cannot be looked at now is a TransientError. */
  plan(candidates: readonly Candidate[]): Promise<Outcome<Plan>>;
}

export function openPlanner({ looker, intents }: { readonly looker: Looker; readonly intents: IntentStore }): Planner {
  async function stepsOf({ intent, orders, wanted, secrets }: Candidate): Promise<Outcome<readonly PlanStep[]>> {
    const known = await intents.get(intent.id);
    const steps: PlanStep[] = [];
    for (const asked of intended(known, intent, orders, wanted)) {
      // A plan keeps nothing, so the secrets of an intent that was never applied are only here.
      const observed = await looker.look(asked.order, secrets);
      if (!observed.ok) return observed;
      steps.push(stepOf(intent.id, asked, observed.value));
    }
    return ok(steps);
  }

  return {
    async plan(candidates) {
      const outcomes = await Promise.all(candidates.map(stepsOf));
      const refusal = outcomes.find((outcome) => !outcome.ok);
      if (refusal?.ok === false) return refusal;
      const steps = outcomes.flatMap((outcome) => (outcome.ok ? outcome.value : []));
      const meaning = candidates.map(({ orders, wanted }) => ({ orders, wanted }));
      const hash = createHash("sha256").update(canonicalJson({ steps, meaning })).digest("hex").slice(0, 16);
      return ok({ hash, changes: steps.filter((s) => s.change !== "none").length, steps });
    },
  };
}
