import { ok, type Outcome, refuse } from "../outcome.ts";
import { placedIn, shareOf } from "./classify.ts";
import type { IntentLibrary } from "./library.ts";
import type { Intent } from "./model.ts";
import type { Order } from "./order.ts";
import { resolve, type ResolutionRefusal } from "./resolve.ts";

export interface Translated {
  readonly derived: readonly { readonly library: string; readonly intent: Intent }[];
  readonly orders: readonly Order[];
}

/**
 * One rewrite: every library translates its share. Where the way forks, all of it is looked at first, so that no order is placed
 * when another expectation of it would be refused two rewrites later.
 */
export function translate(
  intent: Intent,
  matches: readonly { readonly library: string; readonly expectationIds: readonly string[] }[],
  catalogue: readonly IntentLibrary[],
): Outcome<Translated, ResolutionRefusal | "LIBRARY_UNKNOWN"> {
  if (matches.length === 0) return ok({ derived: [], orders: [] });
  const derived: Translated["derived"][number][] = [];
  const orders: Order[] = [];
  for (const { library: name, expectationIds } of matches) {
    const library = catalogue.find((l) => l.name === name);
    if (library === undefined) return refuse("LIBRARY_UNKNOWN", `this version has no library ${name}`);
    const share = shareOf(intent, expectationIds);
    const translated = library.translate(share);
    if (!translated.ok) return placedIn(intent, share, translated);
    if (translated.value.kind === "orders") orders.push(...translated.value.orders);
    else derived.push(...translated.value.intents.map((sub) => ({ library: name, intent: sub })));
  }
  // One path alone is refused as a whole wherever it is refused; only where it forks could one branch be placed before another is refused.
  if (derived.length === 0 || (derived.length === 1 && orders.length === 0)) return ok({ derived, orders });
  const resolved = resolve(intent, catalogue);
  return resolved.ok ? ok({ derived, orders }) : resolved;
}
