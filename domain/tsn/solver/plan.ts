import { ok, type Outcome } from "../../outcome.ts";
import type { Problem } from "../model.ts";
import type { PlanOptions, TsnRefusal } from "../options.ts";
import type { Verdict } from "../schedule.ts";
import { emit } from "./emit.ts";
import { compile, jobsOf } from "./network.ts";
import { ordersOf } from "./orders.ts";
import { openRouting } from "./routing.ts";
import { openSearch, type Partial, placeInOrder } from "./search.ts";

export function planAll(problem: Problem, { seed, iterationBudget }: PlanOptions): Outcome<Verdict, TsnRefusal> {
  const compiled = compile(problem);
  if (!compiled.ok) return compiled;
  const network = compiled.value;
  const search = openSearch(network, jobsOf(network, problem.streams), openRouting(network), { seed, budget: iterationBudget });
  let best: Partial | undefined;
  for (const order of ordersOf(search)) {
    const partial = placeInOrder(search, order, 0);
    if (best === undefined || partial.unplaced.length < best.unplaced.length) best = partial;
    if (partial.unplaced.length === 0) break;
  }
  const { schedule } = emit(network, best?.occupancy.placements() ?? []);
  const statistics = { seed, iterationBudget, iterations: search.spent, stage: "first-fit" as const };
  if (best?.unplaced.length === 0) return ok({ verdict: "scheduled", schedule, statistics });
  return ok({ verdict: "undecided", best: schedule, unscheduled: best?.unplaced.map((j) => j.stream.id) ?? [], blocking: [], statistics });
}
