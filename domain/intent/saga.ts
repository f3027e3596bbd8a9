import { type IntentRecord, isSettled, type OrderRecord } from "./lifecycle.ts";
import type { Action, Order } from "./order.ts";

/** An order of a record that is still to be carried out; `index` is its place among the record's orders. */
export interface Placed {
  readonly index: number;
  readonly action: Action;
  readonly order: Order;
}

/**
 * Turns a record whose submission has failed in part into one that takes the rest back: an intent over several controllers is whole or is not
 * there (a saga: Garcia-Molina and Salem, 1987). Undoing is a submission of its own, so that an order of the failed one that comes late is
 * history to its executioner. Undefined while something is under way, and where there is nothing to undo.
 */
export function undo(record: IntentRecord, at: string): IntentRecord | undefined {
  if (record.wanted !== "active" || record.undoing !== undefined || !isSettled(record)) return undefined;
  const failures = failuresOf(record);
  if (failures.length === 0) return undefined;
  const submission = record.submission + 1;
  const orders = record.orders.map((done) => takeBack(done, submission));
  if (orders.every((r) => r.state !== "placed")) return undefined;
  const { refusal: _told, ...kept } = record;
  return { ...kept, submission, orders, undoing: { submission: record.submission, failures }, updatedAt: at };
}

/** What is to be undone next: one after the other, the last first. */
export function nextToUndo(record: IntentRecord): Placed | undefined {
  if (record.undoing === undefined || isSettled(record)) return undefined;
  const index = record.orders.findLastIndex((r) => r.state === "placed");
  const found = record.orders[index];
  return found && { index, action: found.action, order: found.order };
}

function takeBack(done: OrderRecord, submission: number): OrderRecord {
  const { order, before } = done;
  const back = (): OrderRecord =>
    before === undefined
      ? { order, action: "withdraw", submission, state: "placed" }
      : { order: before, action: "apply", before, submission, state: "placed" };
  // What was on its way out comes back, also where nobody knows whether it had gone.
  if (done.action === "withdraw") return done.effect === "absent" ? done : { order, action: "apply", submission, state: "placed" };
  switch (done.state) {
    case "waiting":
      return { ...done, action: "withdraw", state: "executed", effect: "absent" };
    case "placed":
      return back();
    case "executed":
      return done.effect === "unchanged" ? done : back();
    case "failed":
      // Its executioner undid it already, except for what it names.
      return (done.residue ?? []).length > 0 ? back() : done;
    default:
      return done.state satisfies never;
  }
}

function failuresOf({ orders, refusal }: IntentRecord): NonNullable<IntentRecord["undoing"]>["failures"] {
  const failed = orders.flatMap(({ state, code, reason = "", residue = [], order }) =>
    state === "failed" ? [{ code: code ?? "FAILED", reason, expectationIds: order.expectationIds, residue }] : [],
  );
  return refusal === undefined ? failed : [{ ...refusal, expectationIds: [], residue: [] }, ...failed];
}
