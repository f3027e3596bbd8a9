import { ok } from "../../../outcome.ts";
import type { IntentLibrary } from "../../library.ts";
import { effectName } from "../../name.ts";

/** A debugging aid (D2.3's sys_out): shows in the log what an expectation came to, and touches nothing. */
export const library: IntentLibrary = {
  name: "log",
  summary: "Writes the expectation to the log, for debugging (ILU).",
  selects: [["cloud_continuum", "DELIVER", "LOG"]],
  translate: (intent) =>
    ok({
      kind: "orders",
      orders: intent.intentExpectations.map(({ expectationId, expectationObject, expectationTargets }) => {
        const name = effectName(intent.id, expectationId);
        const contexts = Object.fromEntries(expectationObject.objectContexts.map((c) => [c.contextAttribute, c.contextValueRange]));
        const targets = Object.fromEntries(expectationTargets.map((t) => [t.targetName, t.targetValueRange]));
        return {
          executioner: "log",
          resource: `line/${name}`,
          expectationIds: [expectationId],
          origins: [],
          payload: { name, contexts, targets },
        };
      }),
    }),
};
