import type { Observed } from "./adaptor.ts";
import { type IntentRecord, submit, type Wanted } from "./lifecycle.ts";
import type { Intent } from "./model.ts";
import type { Action, Order } from "./order.ts";

/** What apply would do to one thing on one controller. */
export interface PlanStep {
  readonly intentId: string;
  readonly executioner: string;
  readonly resource: string;
  readonly change: "create" | "change" | "delete" | "none";
  /** For a change: what differs, by name. */
  readonly differs: readonly string[];
}

export interface Intended {
  readonly action: Action;
  readonly order: Order;
}

/** The orders that a submission would place, without placing them. */
export function intended(known: IntentRecord | undefined, intent: Intent, orders: readonly Order[], wanted: Wanted): readonly Intended[] {
  const { record } = submit(known, { intent, orders, wanted, at: "1970-01-01T00:00:00Z" });
  return record.orders.map(({ action, order }) => ({ action, order }));
}

/** Compares one intended order with what its controller has now. */
export function stepOf(intentId: string, { action, order }: Intended, observed: Observed): PlanStep {
  const step = { intentId, executioner: order.executioner, resource: order.resource, differs: [] };
  if (action === "withdraw") return { ...step, change: observed.state === "absent" ? "none" : "delete" };
  if (observed.state === "absent") return { ...step, change: "create" };
  return observed.differs.length > 0 ? { ...step, change: "change", differs: observed.differs } : { ...step, change: "none" };
}
