import { isSettled } from "../../domain/intent/lifecycle.ts";
import { derivedId, type Event } from "../../events/define.ts";
import { IntentRefused } from "../../events/intent.ts";
import type { IntentStore } from "../../state/intents.ts";

const source = "/mncc/overdue";

/**
 * Ends what waits for news that will not come: a submission whose publishing was cut short, or an order in a dead-letter queue.
 * Every intent ends in a state; the same intent and submission are told of once, whoever sweeps.
 */
export async function sweepOverdue(intents: IntentStore, now: Date, patienceMs: number): Promise<readonly Event[]> {
  const events: Event[] = [];
  const before = new Date(now.getTime() - patienceMs).toISOString();
  for (let after: string | undefined; ;) {
    const page = await intents.list({ after, limit: 200 });
    for (const record of page) {
      if (isSettled(record) || record.updatedAt >= before) continue;
      const { intent, submission } = record;
      const waiting = record.orders.filter((o) => o.state === "placed").map((o) => o.order.resource);
      const reason = `no news for ${String(Math.round(patienceMs / 1000))} s of ${waiting.join(", ")}; apply again`;
      const id = derivedId({ source, id: intent.id }, IntentRefused.type, submission);
      events.push(
        IntentRefused.make({ source, subject: intent.id, id, data: { intentId: intent.id, submission, code: "INTENT_OVERDUE", reason } }),
      );
    }
    after = page.at(-1)?.intent.id;
    if (page.length < 200) return events;
  }
}
