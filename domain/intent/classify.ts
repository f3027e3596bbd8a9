import { ok, type Outcome, type Refusal, refuse } from "../outcome.ts";
import type { IntentLibrary } from "./library.ts";
import type { Intent } from "./model.ts";

export type ClassificationRefusal = "INTENT_UNCLASSIFIABLE" | "INTENT_AMBIGUOUS";

export interface Match {
  readonly library: IntentLibrary;
  readonly expectationIds: readonly string[];
}

/**
 * Gives every expectation to the one library that selects it, then groups by library, both in the order of the intent.
 * Per expectation, because NEMO's flat keyword list let a verb meet the object type of another expectation.
 */
export function classify(intent: Intent, catalogue: readonly IntentLibrary[]): Outcome<readonly Match[], ClassificationRefusal> {
  const claimed = new Map<IntentLibrary, string[]>();
  for (const [i, { expectationId, expectationVerb, expectationObject }] of intent.intentExpectations.entries()) {
    const path = [intent.userLabel, expectationVerb, expectationObject.objectType];
    const matches = catalogue.filter((library) => library.selects.some((keywords) => keywords.every((word, k) => word === path[k])));
    const [only, ...others] = matches;
    const place = `/intentExpectations/${String(i)}/expectationObject/objectType`;
    if (only === undefined) return refuse("INTENT_UNCLASSIFIABLE", unclassifiable(path, catalogue), place);
    if (others.length > 0)
      return refuse("INTENT_AMBIGUOUS", `${matches.map((l) => l.name).join(", ")} all select ${path.join("/")}`, place);
    claimed.set(only, [...(claimed.get(only) ?? []), expectationId]);
  }
  return ok([...claimed].map(([library, expectationIds]) => ({ library, expectationIds })));
}

/** Names the nearest thing that would do: what the libraries know under the same label, or else the labels. */
function unclassifiable(path: readonly string[], catalogue: readonly IntentLibrary[]): string {
  const known = catalogue.flatMap((library) => library.selects);
  const sameLabel = known.filter(([label]) => label === path[0]);
  const nearest = sameLabel.length > 0 ? sameLabel.map((s) => s.slice(1).join("/")) : known.map((s) => s[0]);
  return `no library selects ${path.join("/")}; known ${sameLabel.length > 0 ? `under ${String(path[0])}` : "labels"}: ${[...new Set(nearest)].toSorted().join(", ")}`;
}

/** The intent with only these expectations; everything else of it stays. */
export const shareOf = (intent: Intent, expectationIds: readonly string[]): Intent => ({
  ...intent,
  intentExpectations: intent.intentExpectations.filter((e) => expectationIds.includes(e.expectationId)),
});

/** What was refused of a share or a sub-intent, with its place told in the intent that the person wrote: expectations keep their ids. */
export function placedIn<C extends string>(intent: Intent, share: Intent, { code, reason, path }: Refusal<C>): Refusal<C> {
  const [, index, rest = ""] = /^\/intentExpectations\/(\d+)(.*)$/s.exec(path ?? "") ?? [];
  if (index === undefined) return refuse(code, reason, path);
  const id = share.intentExpectations[Number(index)]?.expectationId;
  const at = intent.intentExpectations.findIndex((e) => e.expectationId === id);
  return refuse(code, reason, at < 0 ? undefined : `/intentExpectations/${String(at)}${rest}`);
}
