import type { ReachableController } from "../../domain/controllers.ts";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import { claimsOf } from "../../domain/intent/conflict/collect.ts";
import { departed, type IntentRecord, isSettled, standing } from "../../domain/intent/lifecycle.ts";
import { reportOf, stateOf } from "../../domain/intent/report.ts";
import type { Event } from "../../events/define.ts";
import { IntentReported } from "../../events/intent.ts";
import { submitted } from "../../events/submitted.ts";
import type { Events } from "../../runtime/function.ts";
import type { HoldingStore } from "../../state/holdings.ts";
import type { IntentStore } from "../../state/intents.ts";

interface Stores {
  readonly intents: IntentStore;
  readonly holdings: HoldingStore;
  readonly controllers: readonly ReachableController[];
}

/** An intent that has come to rest lets go of what it does not need any more. One that was carried out at once holds what it needs already. */
export async function letGo(record: IntentRecord, { holdings, controllers }: Omit<Stores, "intents">, at: string): Promise<void> {
  if (!isSettled(record) || (record.submission === 1 && stateOf(record) === "FULFILLED")) return;
  const held = claimsOf(record.intent, standing(record), { catalogue, controllers });
  await holdings.hold([{ intentId: record.intent.id, held, at }], () => []);
}

/** What there is to say of the more important intent that this one was sent away for: that it is asked for now, or cannot be. */
export async function tellWhoWaited(record: IntentRecord, cause: Event, { intents }: Pick<Stores, "intents">, at: string): Promise<Events> {
  const { preemptedBy } = record;
  if (preemptedBy === undefined || !isSettled(record)) return [];
  const { after } = await intents.update(preemptedBy, (known) => known && departed(known, record, at));
  if (after?.waitsFor?.length !== 0) return [];
  const { generation, submission } = after;
  if (!isSettled(after)) return [submitted(after)];
  const data = { intentId: preemptedBy, generation, submission, report: reportOf(after) };
  return [IntentReported.make({ source: "/mncc/intent-report", subject: preemptedBy, cause, index: 1, data })];
}
