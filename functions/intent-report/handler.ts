import { advance, type Happening, isTerminated } from "../../domain/intent/lifecycle.ts";
import { reportOf } from "../../domain/intent/report.ts";
import { IntentRefused, IntentReported } from "../../events/intent.ts";
import { OrderExecuted, OrderFailed } from "../../events/order.ts";
import { defineFunction, type Received } from "../../runtime/function.ts";
import { openIntents } from "../../state/intents.ts";
import { openSecrets } from "../../state/secrets.ts";

export default defineFunction({
  name: "intent-report",
  summary: "Keeps what became of every intent, and reports it as a TS 28.312 IntentReport.",
  on: [IntentRefused, OrderExecuted, OrderFailed],
  emits: [IntentReported],
  resources: { intents: openIntents, secrets: openSecrets },
  async handle(event, { resources: { intents, secrets }, now }) {
    const { intentId } = event.data;
    const { before, after } = await intents.update(intentId, (known) => known && advance(known, happening(event), now().toISOString()));
    if (after === undefined) return [];
    // A redelivery finds its news already taken in: it reports again, with the same id.
    if (after === before && event.data.submission !== after.submission) return [];
    if (isTerminated(after)) await secrets.forget(intentId);
    const { generation, submission } = after;
    const data = { intentId, generation, submission, report: reportOf(after) };
    return [IntentReported.make({ source: "/mncc/intent-report", subject: intentId, cause: event, data })];
  },
});

function happening({ type, data }: Received<unknown>): Happening {
  switch (type) {
    case OrderExecuted.type:
      return { kind: "executed", ...OrderExecuted.data.parse(data) };
    case OrderFailed.type:
      return { kind: "failed", ...OrderFailed.data.parse(data) };
    default:
      return { kind: "refused", ...IntentRefused.data.parse(data) };
  }
}
