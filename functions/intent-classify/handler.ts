import { catalogue } from "../../domain/intent/catalogue/index.ts";
import { classify } from "../../domain/intent/classify.ts";
import { IntentClassified, IntentDerived, IntentRefused, IntentSubmitted } from "../../events/intent.ts";
import { defineFunction } from "../../runtime/function.ts";

const source = "/mncc/intent-classify";

export default defineFunction({
  name: "intent-classify",
  summary: "Finds the one intent library for every expectation.",
  on: [IntentSubmitted, IntentDerived],
  emits: [IntentClassified, IntentRefused],
  resources: {},
  handle(event) {
    const { intent, generation, submission } = event.data;
    const { wanted, retired } = "wanted" in event.data ? event.data : { wanted: "active" as const, retired: [] };
    const from = { source, subject: intent.id, cause: event };
    const stage = { intent, generation, submission, wanted, retired };
    // Nothing new is wanted of an intent that is suspended or terminated: only what it retires goes on.
    if (wanted !== "active") return [IntentClassified.make({ ...from, data: { ...stage, matches: [] } })];
    const verdict = classify(intent, catalogue);
    if (!verdict.ok) {
      const { code, reason, path } = verdict;
      return [
        IntentRefused.make({ ...from, data: { intentId: intent.id, submission, code, reason, ...(path === undefined ? {} : { path }) } }),
      ];
    }
    const matches = verdict.value.map(({ library, expectationIds }) => ({ library: library.name, expectationIds: [...expectationIds] }));
    return [IntentClassified.make({ ...from, data: { ...stage, matches } })];
  },
  exhausted: (event, { code, reason }) => {
    const { intent, submission } = event.data;
    return [IntentRefused.make({ source, subject: intent.id, cause: event, data: { intentId: intent.id, submission, code, reason } })];
  },
});
