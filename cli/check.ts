import { createHash } from "node:crypto";
import type { Api } from "./client.ts";
import { Failure, mayPass, problemLines, Refused } from "./failure.ts";
import type { Input } from "./input.ts";
import type { Plan } from "./wire.ts";

export interface FilePlan extends Input {
  readonly plan: Plan;
}

/**
 * What applying the files would do, without doing it. Files may mix YAML and JSON, so they cannot go to the API as one: each is asked about alone,
 * and a problem in one is a failure of all, told with those of the others.
 */
export async function planAll(api: Api, inputs: readonly Input[]): Promise<readonly FilePlan[]> {
  const plans: FilePlan[] = [];
  const lines: string[] = [];
  for (const input of inputs) {
    try {
      plans.push({ ...input, plan: await api.ask<Plan>("v1/plans", { method: "POST", body: input.bytes }) });
    } catch (error) {
      if (!(error instanceof Refused) || mayPass(error)) throw error;
      lines.push(...problemLines(input.file, error.details));
    }
  }
  lines.push(...twiceIn(plans));
  if (lines.length > 0) throw new Failure(lines, NOTHING_TAKEN);
  return plans;
}

export const NOTHING_TAKEN = "nothing was taken; `underlay plan -f FILE` checks a file without applying it";

/** The API sees one file at a time, so that an intent is in two of them is for us to see: the second would replace the first. */
function twiceIn(plans: readonly FilePlan[]): readonly string[] {
  const first = new Map<string, number>();
  const lines = new Set<string>();
  for (const [i, { file, plan }] of plans.entries())
    for (const { intentId } of plan.steps) {
      const earlier = first.get(intentId) ?? i;
      first.set(intentId, earlier);
      if (earlier !== i) lines.add(`${file}: INTENT_TWICE: ${intentId} is in ${plans[earlier]?.file ?? ""} too`);
    }
  return [...lines];
}

/** One file's hash is the API's own; that of several is over theirs, in the order given. */
export function joinedHash(plans: readonly Pick<Plan, "hash">[]): string {
  const [only, ...others] = plans;
  if (only !== undefined && others.length === 0) return only.hash;
  const joined = plans.map(({ hash }) => hash).join("\n");
  return createHash("sha256").update(joined).digest("hex").slice(0, 16);
}
