import { TsnStreamOrder } from "../../domain/intent/catalogue/tsn-stream/payload.ts";
import { touchedBetween } from "../../domain/tsn/domain.ts";
import type { OrderPlaced } from "../../events/order.ts";
import type { Events, Received } from "../../runtime/function.ts";
import type { TsnStore } from "../../state/tsn.ts";
import { scheduledEvent } from "./tell.ts";

type Placed = Received<ReturnType<typeof OrderPlaced.data.parse>>;

/** Carries an order out, and tells of the schedule that it brought about: who configures bridges need not know of intents. */
export async function withChange(event: Placed, schedules: TsnStore, carryOut: () => Promise<Events>): Promise<Events> {
  const payload = TsnStreamOrder.safeParse(event.data.order.payload);
  if (!payload.success) return carryOut();
  const { domain, stream } = payload.data;
  const before = await schedules.get(domain);
  const events = await carryOut();
  const after = await schedules.get(domain);
  if (after === undefined || after.revision === before?.revision) return events;
  const asked = {
    domain,
    ...(event.data.action === "apply"
      ? { operation: "admit" as const, streamIds: [stream] }
      : { operation: "remove" as const, streamIds: [] }),
  };
  const from = { source: "/mncc/tsn-schedule", subject: domain, cause: event };
  return [...events, scheduledEvent(from, asked, { ...after, touchedLinks: [...touchedBetween(before, after)] })];
}
