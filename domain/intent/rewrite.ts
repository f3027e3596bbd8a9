import { ok, type Ok } from "../outcome.ts";
import type { Translation } from "./library.ts";
import type { Intent } from "./model.ts";

/** One sub-intent that differs from the intent in its object types alone: every context, priority and period goes with it. */
export const retype = (intent: Intent, types: Readonly<Record<string, string>>): Ok<Translation> =>
  ok({
    kind: "sub-intents",
    intents: [
      {
        ...intent,
        intentExpectations: intent.intentExpectations.map((e) => ({
          ...e,
          expectationObject: {
            ...e.expectationObject,
            objectType: types[e.expectationObject.objectType] ?? e.expectationObject.objectType,
          },
        })),
      },
    ],
  });
