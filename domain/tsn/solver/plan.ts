import { ok, type Outcome } from "../../outcome.ts";
import type { Problem } from "../model.ts";
import type { PlanOptions, TsnRefusal } from "../options.ts";
import type { Certificate, Statistics, Verdict } from "../schedule.ts";
import { emit } from "./emit.ts";
import { compile, jobsOf } from "./network.ts";
import { linkProof, streamProof } from "./preflight.ts";
import { openRouting } from "./routing.ts";
import { openSearch } from "./search.ts";
import { deep, early } from "./stages.ts";

export function planAll(problem: Problem, { seed, iterationBudget }: PlanOptions): Outcome<Verdict, TsnRefusal> {
  const compiled = compile(problem);
  if (!compiled.ok) return compiled;
  const network = compiled.value;
  const jobs = jobsOf(network, problem.streams);
  const routing = openRouting(network);
  const search = openSearch(network, jobs, routing, seed);
  const statistics = (stage: Statistics["stage"]): Statistics => ({ seed, iterationBudget, iterations: search.spent, stage });
  const infeasible = (certificate: Certificate): Verdict => ({ verdict: "infeasible", certificate, statistics: statistics("preflight") });

  const proof = streamProof(network, jobs, routing) ?? linkProof(network, jobs, "quick");
  if (proof !== undefined) return ok(infeasible(proof));
  let found = early(search);
  if (found.unplaced.length > 0) {
    const harder = linkProof(network, jobs, "thorough");
    if (harder !== undefined) return ok(infeasible(harder));
    found = deep(search, found, iterationBudget);
  }
  const { schedule } = emit(network, found.occupancy.placements());
  if (found.unplaced.length === 0) return ok({ verdict: "scheduled", schedule, statistics: statistics(found.stage) });
  return ok({
    verdict: "undecided",
    best: schedule,
    unscheduled: found.unplaced.map((j) => j.stream.id),
    blocking: [],
    statistics: statistics(found.stage),
  });
}
