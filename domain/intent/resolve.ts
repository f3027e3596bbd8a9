import { ok, type Outcome, refuse } from "../outcome.ts";
import { classify, type ClassificationRefusal, placedIn, shareOf } from "./classify.ts";
import type { IntentLibrary, TranslationRefusal } from "./library.ts";
import type { Intent } from "./model.ts";
import type { Order } from "./order.ts";

export const MAX_DEPTH = 8;
export type ResolutionRefusal = ClassificationRefusal | TranslationRefusal | "INTENT_CYCLE" | "RESOURCE_TWICE";

/**
 * Rewrites an intent through ever less abstract libraries until only orders are left (ONOS: compile until installable),
 * in at most `MAX_DEPTH` rewrites. Ingress and plan call it in one go; the functions go the same way, one event a step.
 */
export function resolve(intent: Intent, catalogue: readonly IntentLibrary[]): Outcome<readonly Order[], ResolutionRefusal> {
  const resolved = rewrite(intent, catalogue, 0);
  if (!resolved.ok) return resolved;
  const twice = resolved.value.find((order, i) => resolved.value.findIndex((o) => key(o) === key(order)) !== i);
  if (twice !== undefined)
    return refuse("RESOURCE_TWICE", `expectations of ${intent.id} ask for ${twice.resource} on ${twice.executioner} more than once`);
  return resolved;
}

const key = (order: Order): string => `${order.executioner} ${order.resource}`;

function rewrite(intent: Intent, catalogue: readonly IntentLibrary[], depth: number): Outcome<readonly Order[], ResolutionRefusal> {
  if (depth > MAX_DEPTH) return refuse("INTENT_CYCLE", `${intent.id} is still not an order after ${String(MAX_DEPTH)} rewrites`);
  const matches = classify(intent, catalogue);
  if (!matches.ok) return matches;

  const orders: Order[] = [];
  for (const { library, expectationIds } of matches.value) {
    const share = shareOf(intent, expectationIds);
    const translated = library.translate(share);
    if (!translated.ok) return placedIn(intent, share, translated);
    if (translated.value.kind === "orders") {
      orders.push(...translated.value.orders);
      continue;
    }
    for (const sub of translated.value.intents) {
      const resolved = rewrite(sub, catalogue, depth + 1);
      if (!resolved.ok) return placedIn(intent, sub, resolved);
      orders.push(...resolved.value);
    }
  }
  return ok(orders);
}
