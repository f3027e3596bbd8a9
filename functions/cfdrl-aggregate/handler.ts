import { ClientRejected, LearningUpdated, PolicyUpdated, RollbackRequested, RoundDue } from "../../events/learning.ts";
import { defineFunction } from "../../runtime/function.ts";
import { openRounds } from "../../state/rounds.ts";
import { openSettings } from "../settings.ts";
import { closeIfDue, rollBack, take } from "./rounds.ts";

export default defineFunction({
  name: "cfdrl-aggregate",
  summary: "Lets the federation's signed updates into their round, and makes a global model of them that no liar among them can turn.",
  on: [LearningUpdated, RoundDue, RollbackRequested],
  emits: [PolicyUpdated, ClientRejected],
  every: "* * * * *",
  // Rounds are few and their end is one compare-and-set: more at once would only conflict.
  concurrency: 1,
  timeoutMs: 60_000,
  resources: { settings: openSettings, rounds: openRounds },
  handle(event, scope) {
    // A cluster that only takes part has no key to sign models with: another one's aggregator hears its updates.
    if (scope.resources.settings().aggregatorKey === undefined) return [];
    switch (event.type) {
      case RoundDue.type:
        return closeIfDue(event, scope);
      case RollbackRequested.type:
        return rollBack(event, RollbackRequested.data.parse(event.data), scope);
      default:
        return take(event, LearningUpdated.data.parse(event.data), scope);
    }
  },
});
