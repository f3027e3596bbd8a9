import { type IntentRecord, isSettled, type OrderRecord } from "./lifecycle.ts";
import type { Order } from "./order.ts";

/** ISO 8601 in UTC compares as text. */
const hasStarted = ({ window }: Order, at: string): boolean => window?.from === undefined || window.from <= at;
export const isOver = ({ window }: Order, at: string): boolean => window?.until !== undefined && window.until <= at;

/** The orders of a submission that are to be carried out now; the others wait for their time (`opened`). */
export const startable = (orders: readonly Order[], at: string): readonly Order[] => orders.filter((order) => hasStarted(order, at));

/** The record with what waited for its time asked for, and with what had its time on its way out; the same record when it is nobody's time. */
export function turned(record: IntentRecord, at: string): IntentRecord {
  if (record.wanted !== "active") return record;
  const opened = record.orders.map((r): OrderRecord => (r.state === "waiting" && hasStarted(r.order, at) ? { ...r, state: "placed" } : r));
  if (opened.some((r, i) => r !== record.orders[i])) return { ...record, orders: opened, updatedAt: at };
  const isClosing = (r: OrderRecord): boolean => r.action === "apply" && r.state === "executed" && isOver(r.order, at);
  if (!isSettled(record) || !record.orders.some(isClosing)) return record;
  // A submission of its own: for the executioner, the same one asking something else would be a contradiction.
  const submission = record.submission + 1;
  const closing = record.orders.map((r): OrderRecord =>
    isClosing(r) ? { order: r.order, action: "withdraw", before: r.order, submission, state: "placed" } : r,
  );
  return { ...record, submission, orders: closing, updatedAt: at };
}

/** What `turned` has just asked for. */
export const turnedOrders = (before: IntentRecord, after: IntentRecord): readonly (OrderRecord & { readonly index: number })[] =>
  after.orders.flatMap((r, index) => (r.state === "placed" && before.orders[index]?.state !== "placed" ? [{ ...r, index }] : []));

/** When it will be somebody's time next. */
export function nextTurn(record: IntentRecord): string | undefined {
  if (record.wanted !== "active" || record.refusal !== undefined) return undefined;
  const times = record.orders.flatMap(({ order: { window }, action, state }) => {
    if (state === "waiting") return window?.from ?? [];
    return action === "apply" && state === "executed" ? (window?.until ?? []) : [];
  });
  return times.toSorted()[0];
}
