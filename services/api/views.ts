import { isSettled, type IntentRecord } from "../../domain/intent/lifecycle.ts";
import { reportOf, stateOf } from "../../domain/intent/report.ts";

/** An intent as the API shows it. Its contexts stay out: they may hold references to secrets, and nobody needs them back. */
export const viewOf = (record: IntentRecord) => ({
  id: record.intent.id,
  generation: record.generation,
  submission: record.submission,
  state: stateOf(record),
  isSettled: isSettled(record),
  wanted: record.wanted,
  ...waitsUntil(record),
  submittedAt: record.submittedAt,
  updatedAt: record.updatedAt,
  report: reportOf(record),
  orders: record.orders.map(({ order, action, state, effect, declared, code, reason, residue }) => ({
    executioner: order.executioner,
    resource: order.resource,
    expectationIds: order.expectationIds,
    action,
    state,
    ...(effect === undefined ? {} : { effect }),
    ...(declared === undefined ? {} : { declared }),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(residue === undefined || residue.length === 0 ? {} : { residue }),
  })),
});

/** When the first of its orders that wait for their time starts. */
const waitsUntil = ({ orders }: IntentRecord): { readonly waitsUntil?: string } => {
  const [first] = orders.flatMap(({ state, order }) => (state === "waiting" ? (order.window?.from ?? []) : [])).toSorted();
  return first === undefined ? {} : { waitsUntil: first };
};
