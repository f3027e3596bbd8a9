import type { IntentRecord } from "../../domain/intent/lifecycle.ts";
import { reportOf } from "../../domain/intent/report.ts";
import { turned, turnedOrders } from "../../domain/intent/window.ts";
import { derivedId, type Event } from "../../events/define.ts";
import { IntentReported } from "../../events/intent.ts";
import { OrderPlaced } from "../../events/order.ts";
import type { IntentStore } from "../../state/intents.ts";

const source = "/mncc/windows";
const BATCH = 100;

/**
 * Places the orders whose window opens, and takes back those whose window is over. The times are in the store, so that they hold over a
 * restart, and whoever of several processes is first does it. What was recorded and not published is ended as overdue (overdue.ts).
 */
export async function sweepWindows(intents: IntentStore, now: Date, publish: (events: readonly Event[]) => Promise<void>): Promise<number> {
  const ids = await intents.turning(now, BATCH);
  for (const id of ids) {
    const { before, after } = await intents.update(id, (known) => known && turned(known, now.toISOString()));
    if (before !== undefined && after !== undefined && before !== after) await publish(tell(before, after));
  }
  return ids.length;
}

function tell(before: IntentRecord, after: IntentRecord): readonly Event[] {
  const { intent, generation, submission } = after;
  const about = { source, subject: intent.id };
  const placed = turnedOrders(before, after).map(({ action, order, index }) => {
    const id = derivedId({ source, id: `${intent.id} ${action} ${String(submission)}` }, OrderPlaced.type, index);
    return OrderPlaced.make({
      ...about,
      id,
      executioner: order.executioner,
      data: { intentId: intent.id, generation, submission, action, order },
    });
  });
  const id = derivedId({ source, id: intent.id }, IntentReported.type, Date.parse(after.updatedAt));
  return [...placed, IntentReported.make({ ...about, id, data: { intentId: intent.id, generation, submission, report: reportOf(after) } })];
}
