import { advance, type Happening, type IntentRecord, isTerminated } from "../../domain/intent/lifecycle.ts";
import { reportOf } from "../../domain/intent/report.ts";
import { nextToUndo, undo } from "../../domain/intent/saga.ts";
import { FlowNotified } from "../../events/flow.ts";
import { IntentDrifted, IntentRefused, IntentReported, IntentSubmitted } from "../../events/intent.ts";
import { OrderExecuted, OrderFailed, OrderPlaced } from "../../events/order.ts";
import { defineFunction, type Received } from "../../runtime/function.ts";
import type { Backing } from "../../state/backing.ts";
import { openHoldings } from "../../state/holdings.ts";
import { openIntents } from "../../state/intents.ts";
import { openSecrets } from "../../state/secrets.ts";
import { letGo, tellWhoWaited } from "./rest.ts";

const source = "/mncc/intent-report";

export default defineFunction({
  name: "intent-report",
  summary: "Keeps what became of every intent, reports it as a TS 28.312 IntentReport, and has what failed in part taken back.",
  on: [IntentRefused, IntentDrifted, FlowNotified, OrderExecuted, OrderFailed],
  emits: [IntentReported, IntentSubmitted, OrderPlaced],
  resources: { intents: openIntents, secrets: openSecrets, holdings: openHoldings, controllers: ({ controllers }: Backing) => controllers },
  async handle(event, { resources, now }) {
    const { intents, secrets } = resources;
    const { intentId } = event.data;
    const at = now().toISOString();
    const { before, after } = await intents.update(intentId, (known) => known && settle(advance(known, happening(event), at), at));
    if (after === undefined) return [];
    // A redelivery finds its news already taken in: it tells all of it again, with the same ids.
    const { submission, generation } = after;
    const of = "submission" in event.data ? event.data.submission : submission;
    if (after === before && of !== submission && of !== after.undoing?.submission) return [];
    await letGo(after, resources, at);
    if (isTerminated(after)) await secrets.forget(intentId);
    const from = { source, subject: intentId, cause: event };
    return [
      IntentReported.make({ ...from, data: { intentId, generation, submission, report: reportOf(after) } }),
      ...(await tellWhoWaited(after, event, resources, at)),
      ...undoing(after).map(({ index, action, order }) =>
        OrderPlaced.make({ ...from, index, executioner: order.executioner, data: { intentId, generation, submission, action, order } }),
      ),
    ];
  },
});

const undoing = (record: IntentRecord) => [nextToUndo(record)].filter((next) => next !== undefined);
const settle = (record: IntentRecord, at: string): IntentRecord => undo(record, at) ?? record;

function happening({ type, data }: Received<unknown>): Happening {
  switch (type) {
    case OrderExecuted.type:
      return { kind: "executed", ...OrderExecuted.data.parse(data) };
    case OrderFailed.type:
      return { kind: "failed", ...OrderFailed.data.parse(data) };
    case FlowNotified.type:
      return { kind: "observed", ...FlowNotified.data.parse(data) };
    case IntentDrifted.type:
      return { kind: "drifted", ...IntentDrifted.data.parse(data) };
    default:
      return { kind: "refused", ...IntentRefused.data.parse(data) };
  }
}
