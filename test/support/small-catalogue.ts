import type { IntentLibrary, Selector } from "../../domain/intent/library.ts";
import type { Intent, IntentExpectation } from "../../domain/intent/model.ts";
import { effectName } from "../../domain/intent/name.ts";
import { retype } from "../../domain/intent/rewrite.ts";
import { ok } from "../../domain/outcome.ts";

export const expectation = (expectationId: string, objectType: string, given: Partial<IntentExpectation> = {}): IntentExpectation => ({
  expectationId,
  expectationVerb: "DELIVER",
  expectationObject: { objectType, objectContexts: [] },
  expectationTargets: [],
  expectationContexts: [],
  ...given,
});
export const intent = (...intentExpectations: IntentExpectation[]): Intent => ({
  id: "i",
  userLabel: "l",
  intentExpectations,
  intentContexts: [],
  intentAdminState: "ACTIVATED",
  intentPriority: 1,
});

export const selects = (...types: readonly string[]): readonly Selector[] => types.map((type) => ["l", "DELIVER", type] as const);
/** Rewrites one object type into another. */
export const rewriter = (name: string, from: string, to: string): IntentLibrary => ({
  name,
  summary: "",
  selects: selects(from),
  translate: (given) => retype(given, { [from]: to }),
});
/** An ILU: one order for each expectation, which carries all of the intent that it was given. */
export const unit = (name: string, ...types: readonly string[]): IntentLibrary => ({
  name,
  summary: "",
  selects: selects(...types),
  translate: (given) =>
    ok({
      kind: "orders",
      orders: given.intentExpectations.map((e) => ({
        executioner: name,
        resource: effectName(given.id, e.expectationId),
        expectationIds: [e.expectationId],
        origins: [],
        payload: { expectation: e, around: { ...given, intentExpectations: [] } },
      })),
    }),
});
