import type { IntentRecord } from "../domain/intent/lifecycle.ts";
import { derivedId, type Event } from "./define.ts";
import { IntentSubmitted } from "./intent.ts";

const source = "/mncc/ingress";

/** The event of a submission, as the record has it: the same whoever tells it. */
export function submitted({ intent, generation, submission, wanted, orders }: IntentRecord): Event {
  const retired = orders.flatMap(({ action, order }) => (action === "withdraw" ? [order] : []));
  const id = derivedId({ source, id: intent.id }, IntentSubmitted.type, submission);
  return IntentSubmitted.make({ source, subject: intent.id, id, data: { intent, generation, submission, wanted, retired } });
}
