import { catalogue } from "../../domain/intent/catalogue/index.ts";
import { translate } from "../../domain/intent/translate.ts";
import { startable } from "../../domain/intent/window.ts";
import { IntentClassified, IntentDerived, IntentRefused } from "../../events/intent.ts";
import { OrderPlaced } from "../../events/order.ts";
import { defineFunction } from "../../runtime/function.ts";

const source = "/mncc/intent-translate";

export default defineFunction({
  name: "intent-translate",
  summary: "Has each library rewrite its share of the intent, into sub-intents or into orders.",
  on: [IntentClassified],
  emits: [IntentDerived, OrderPlaced, IntentRefused],
  resources: {},
  handle(event, { now }) {
    const { intent, generation, submission, matches, retired } = event.data;
    const from = { source, subject: intent.id, cause: event };
    const translated = translate(intent, matches, catalogue);
    if (!translated.ok) {
      const { code, reason, path } = translated;
      return [
        IntentRefused.make({ ...from, data: { intentId: intent.id, submission, code, reason, ...(path === undefined ? {} : { path }) } }),
      ];
    }
    const { derived, orders } = translated.value;
    const placed = [
      ...retired.map((order) => ({ action: "withdraw" as const, order })),
      ...startable(orders, now().toISOString()).map((order) => ({ action: "apply" as const, order })),
    ];
    return [
      ...derived.map(({ library, intent: sub }, index) =>
        IntentDerived.make({ ...from, index, data: { intent: sub, generation, submission, library } }),
      ),
      ...placed.map(({ action, order }, index) =>
        OrderPlaced.make({
          ...from,
          index,
          executioner: order.executioner,
          data: { intentId: intent.id, generation, submission, action, order },
        }),
      ),
    ];
  },
  exhausted: (event, { code, reason }) => {
    const { intent, submission } = event.data;
    return [IntentRefused.make({ source, subject: intent.id, cause: event, data: { intentId: intent.id, submission, code, reason } })];
  },
});
