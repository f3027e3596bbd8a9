import { ok, type Outcome } from "../../outcome.ts";
import type { Problem } from "../model.ts";
import type { PlanOptions, TsnRefusal } from "../options.ts";
import type { Certificate, Statistics, Verdict } from "../schedule.ts";
import { answer } from "./answer.ts";
import { accessCuts, innerCuts } from "./cuts.ts";
import { coreProof, packingProof } from "./hard-proofs.ts";
import { compile, jobsOf } from "./network.ts";
import { linkProof, streamProof } from "./preflight.ts";
import { openRouting } from "./routing.ts";
import { openSearch } from "./search.ts";
import { deep, early } from "./stages.ts";

/** Attempts before the search stops to ask whether there is anything to be found. */
const FIRST_SEARCH = 800;

export function planAll(problem: Problem, { seed, iterationBudget }: PlanOptions): Outcome<Verdict, TsnRefusal> {
  const compiled = compile(problem);
  if (!compiled.ok) return compiled;
  const network = compiled.value;
  const jobs = jobsOf(network, problem.streams);
  const routing = openRouting(network);
  const search = openSearch(network, jobs, routing, seed);
  const statistics = (stage: Statistics["stage"]): Statistics => ({ seed, iterationBudget, iterations: search.spent, stage });
  const infeasible = (certificate: Certificate): Verdict => ({ verdict: "infeasible", certificate, statistics: statistics("preflight") });

  const proof = streamProof(network, jobs, routing) ?? linkProof(network, accessCuts(network, jobs));
  if (proof !== undefined) return ok(infeasible(proof));
  let found = early(search);
  if (found.unplaced.length > 0) {
    const harder = linkProof(network, innerCuts(network, jobs, routing));
    if (harder !== undefined) return ok(infeasible(harder));
    const packing = packingProof(network, jobs, routing);
    if (packing !== undefined) return ok(infeasible(packing));
    found = deep(search, found, Math.min(iterationBudget, search.spent + FIRST_SEARCH));
  }
  if (found.unplaced.length > 0) {
    const core = coreProof(network, jobs, routing, search.weights);
    if (core !== undefined) return ok({ verdict: "infeasible", certificate: core, statistics: statistics("exact") });
    found = deep(search, found, iterationBudget);
  }
  return ok(answer(found, routing, statistics(found.stage)));
}
