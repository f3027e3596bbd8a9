import type { Statistics } from "../schedule.ts";
import { failedFirst, orderBy } from "./orders.ts";
import { repair } from "./repair.ts";
import { type Partial, placeEarly, placeSnugly, type Search } from "./search.ts";

export interface Found extends Partial {
  readonly stage: Statistics["stage"];
}

/** Attempts of one repair before the search starts anew from another order. */
const REPAIR_ROUND = 3000;

/** First fit in several orders: most problems end here. */
export function early(search: Search): Found {
  let best: Partial | undefined;
  for (const name of ["period", "slack", "hops", "load"] as const) {
    const partial = placeEarly(search, orderBy(search, name));
    if (best === undefined || partial.unplaced.length < best.unplaced.length) best = partial;
    if (best.unplaced.length === 0) break;
  }
  return { ...(best as Partial), stage: "first-fit" };
}

/** Best fit with waiting, and repair of what is left over; again from an order in which those come first that fail, until the budget is spent. */
export function deep(search: Search, start: Found, budget: number): Found {
  let best: Found = start;
  const keep = (partial: Partial, stage: Statistics["stage"]): boolean => {
    if (partial.unplaced.length < best.unplaced.length) best = { ...partial, stage };
    return best.unplaced.length === 0;
  };
  const names = ["slack", "period", "growing", "hops"] as const;
  for (let round = 0; search.spent < budget; round++) {
    const order = failedFirst(search, orderBy(search, names[round % names.length] ?? "slack"));
    const placed = placeSnugly(search, order, true);
    for (const job of placed.unplaced) search.weights[job.index] = (search.weights[job.index] as number) + 1;
    if (keep(placed, "waiting")) return best;
    const mended = repair(search, placed, Math.min(budget, search.spent + REPAIR_ROUND));
    if (keep(mended, "conflict-directed")) return best;
  }
  return best;
}
