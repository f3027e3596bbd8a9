import type { Outcome } from "../outcome.ts";
import type { ClaimInput } from "./conflict/claim.ts";
import type { Intent } from "./model.ts";
import type { Order } from "./order.ts";

/** A library rewrites an intent into less abstract sub-intents, or (an ILU, Intent Logic Unit) into orders. D2.3 4.2.1.3. */
export type Translation =
  | { readonly kind: "sub-intents"; readonly intents: readonly Intent[] }
  | { readonly kind: "orders"; readonly orders: readonly Order[] };

export type TranslationRefusal =
  | "CONTEXT_MISSING"
  | "CONTEXT_INVALID"
  | "CONTEXT_UNKNOWN"
  | "CONDITION_UNSUPPORTED"
  | "TARGET_INVALID"
  | "TARGET_UNSUPPORTED";

export type Selector = readonly [userLabel: string, verb: string, objectType: string];

/** `expectation`: which of the order's expectations it is of, the first if absent. */
export type OrderClaim = ClaimInput & { readonly expectation?: number };

export interface IntentLibrary {
  readonly name: string;
  readonly summary: string;
  /** Keyword paths that select this library; compared exactly, per expectation. */
  readonly selects: readonly Selector[];
  /** Pure and deterministic. Receives the intent with only the expectations that it was selected for. */
  translate(intent: Intent): Outcome<Translation, TranslationRefusal>;
  /** What orders of this executioner, going to the controller of this origin, take of things that others may want too. Pure. */
  readonly claims?: { readonly executioner: string; of(order: Order, origin: string): readonly OrderClaim[] };
}
