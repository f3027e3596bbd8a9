import type { Outcome } from "../outcome.ts";
import type { Effect, Order } from "./order.ts";

/** What a controller has under an order's name. */
export type Observed =
  | { readonly state: "absent" }
  | {
      readonly state: "present";
      /** Names of what differs from the order, such as `vlanId`; empty when nothing does. */
      readonly differs: readonly string[];
      /** Still being brought about by the controller: neither working nor failed. */
      readonly pending: boolean;
      /** What the controller says that it configured, by target name, in the intent's units. */
      readonly declared: Readonly<Record<string, number | string>>;
    };

/**
 * One technology behind an executioner. Every call has a deadline, and looks at the controller by the order's deterministic name.
 * A definite no is a refusal; what may pass by itself is thrown as a TransientError.
 */
export interface Adaptor {
  /** The controller that an order goes to, as text to compare: an order whose target moves leaves the old one first. */
  target(order: Order): string;
  observe(order: Order): Promise<Outcome<Observed>>;
  /** Whether creating what exists already is refused by the controller, so that an order nobody has tried yet need not be observed first. */
  createProvesAbsence?(order: Order): boolean;
  /** Its effects leave nothing that could be looked at afterwards, such as a line in a log. */
  readonly keepsNothing?: boolean;
  /** Makes the controller have what the order says, changing only what differs. `before` is the order applied last, if any. */
  apply(order: Order, observed: Observed, before: Order | undefined): Promise<Outcome<void>>;
  /** Leaves nothing of the order behind; what is gone already is fine. */
  withdraw(order: Order, observed: Observed): Promise<Outcome<void>>;
  /**
   * Takes back what a failed apply had begun: the way it was before, in reverse order.
   * Answers what could not be taken back, as names a person can look for.
   */
  undo(order: Order, before: Order | undefined): Promise<readonly string[]>;
}

export type Execution =
  | { readonly kind: "executed"; readonly effect: Effect; readonly declared: Readonly<Record<string, number | string>> }
  | { readonly kind: "pending"; readonly reason: string }
  | { readonly kind: "failed"; readonly code: string; readonly reason: string; readonly residue: readonly string[] };
