import { ok, type Outcome } from "../../outcome.ts";
import type { Problem } from "../model.ts";
import type { PlanOptions, TsnRefusal } from "../options.ts";
import type { Certificate, Statistics, Verdict } from "../schedule.ts";
import { emit } from "./emit.ts";
import { compile, jobsOf } from "./network.ts";
import { ordersOf } from "./orders.ts";
import { linkProof, streamProof } from "./preflight.ts";
import { openRouting } from "./routing.ts";
import { openSearch, type Partial, placeInOrder } from "./search.ts";

export function planAll(problem: Problem, { seed, iterationBudget }: PlanOptions): Outcome<Verdict, TsnRefusal> {
  const compiled = compile(problem);
  if (!compiled.ok) return compiled;
  const network = compiled.value;
  const jobs = jobsOf(network, problem.streams);
  const routing = openRouting(network);
  const search = openSearch(network, jobs, routing, { seed, budget: iterationBudget });
  const statistics = (stage: Statistics["stage"]): Statistics => ({ seed, iterationBudget, iterations: search.spent, stage });
  const infeasible = (certificate: Certificate): Verdict => ({ verdict: "infeasible", certificate, statistics: statistics("preflight") });

  const early = streamProof(network, jobs, routing) ?? linkProof(network, jobs, "quick");
  if (early !== undefined) return ok(infeasible(early));
  let best: Partial | undefined;
  for (const [i, order] of ordersOf(search).entries()) {
    const partial = placeInOrder(search, order, 0);
    if (best === undefined || partial.unplaced.length < best.unplaced.length) best = partial;
    if (partial.unplaced.length === 0) break;
    if (i > 0) continue;
    const late = linkProof(network, jobs, "thorough");
    if (late !== undefined) return ok(infeasible(late));
  }
  const { schedule } = emit(network, best?.occupancy.placements() ?? []);
  if (best?.unplaced.length === 0) return ok({ verdict: "scheduled", schedule, statistics: statistics("first-fit") });
  return ok({
    verdict: "undecided",
    best: schedule,
    unscheduled: best?.unplaced.map((j) => j.stream.id) ?? [],
    blocking: [],
    statistics: statistics("first-fit"),
  });
}
