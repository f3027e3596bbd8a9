import { createHash } from "node:crypto";
import { canonicalJson } from "../domain/intent/order.ts";
import { intended, type PlanStep, stepOf } from "../domain/intent/plan.ts";
import { ok, type Outcome, refuse } from "../domain/outcome.ts";
import type { Executioner, Use } from "../functions/executioner.ts";
import type { IntentStore } from "../state/intents.ts";
import type { SecretStore } from "../state/secrets.ts";
import type { Candidate } from "./ingress/ingress.ts";

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

interface PlannerParts {
  readonly executioners: readonly { readonly executioner: Executioner; readonly resources: Readonly<Record<string, unknown>> }[];
  readonly intents: IntentStore;
  readonly secrets: SecretStore;
  readonly log: Use["log"];
}

const LOOK_TIMEOUT_MS = 20_000;

export function openPlanner({ executioners, intents, secrets, log }: PlannerParts): Planner {
  async function stepsOf(candidate: Candidate): Promise<Outcome<readonly PlanStep[]>> {
    const { intent, orders, wanted } = candidate;
    const known = await intents.get(intent.id);
    // A plan keeps nothing, so the secrets of an intent that was never applied are only here.
    const lent: Pick<SecretStore, "open"> = { open: async (ref) => candidate.secrets.get(ref) ?? (await secrets.open(ref)) };
    const use: Use = { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS), log, exact: true };
    const steps: PlanStep[] = [];
    for (const asked of intended(known, intent, orders, wanted)) {
      const found = executioners.find((e) => e.executioner.executioner === asked.order.executioner);
      if (found === undefined) return refuse("EXECUTIONER_UNKNOWN", `there is no function for orders of ${asked.order.executioner}`);
      const resources = "secrets" in found.resources ? { ...found.resources, secrets: lent } : found.resources;
      const observed = await found.executioner.adaptor(resources, use).observe(asked.order);
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
