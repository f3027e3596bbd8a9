import { ok, type Outcome } from "../../outcome.ts";
import type { Problem } from "../model.ts";
import type { PlanOptions, TsnRefusal } from "../options.ts";
import type { BlockingLink, Certificate, Schedule, Statistics, Verdict } from "../schedule.ts";
import { accessCuts, innerCuts } from "./cuts.ts";
import { emit, streamsOf } from "./emit.ts";
import { blockingLinks } from "./blocking.ts";
import { coreProof, packingProof } from "./hard-proofs.ts";
import { compile, type Job, jobsOf, type Network } from "./network.ts";
import { linkProof, streamProof } from "./preflight.ts";
import type { Placement } from "./occupancy.ts";
import { openRouting } from "./routing.ts";
import { openSearch } from "./search.ts";
import { deep, early, type Found } from "./stages.ts";

/** Attempts before the search stops to ask whether there is anything to be found. */
const FIRST_SEARCH = 1500;

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
  const placements = found.occupancy.placements();
  const { ports, tooLong } = emit(network, placements);
  const undecided = (best: Schedule, jobsLeft: readonly Job[], blocking: BlockingLink[]): Verdict => ({
    verdict: "undecided",
    best,
    unscheduled: [...new Set(jobsLeft.map((j) => j.stream.id))],
    blocking,
    statistics: statistics(found.stage),
  });
  if (tooLong.length > 0) return ok(undecided(...withoutLongLists(network, found, tooLong)));
  const schedule = { streams: streamsOf(network, placements), ports };
  if (found.unplaced.length === 0) return ok({ verdict: "scheduled", schedule, statistics: statistics(found.stage) });
  return ok(undecided(...wholeStreams(network, found, blockingLinks(found.occupancy, found.unplaced, routing))));
}

/** The best schedule leaves out a stream altogether when one of its trees has no place. */
function wholeStreams(network: Network, found: Found, blocking: BlockingLink[]): [Schedule, readonly Job[], BlockingLink[]] {
  const left = new Set(found.unplaced.map((j) => j.stream.id));
  const kept = found.occupancy.placements().filter((p) => !left.has(p.job.stream.id));
  const { ports, tooLong } = emit(network, kept);
  if (tooLong.length > 0) return withoutLongLists(network, found, tooLong);
  return [{ streams: streamsOf(network, kept), ports }, found.unplaced, blocking];
}

/** Leaves out the streams of every port whose list does not fit, and names those ports. */
function withoutLongLists(network: Network, found: Found, tooLong: readonly number[]): [Schedule, readonly Job[], BlockingLink[]] {
  const onLong = (p: Placement): boolean => p.route.links.some((l) => tooLong.includes(l));
  const left = new Set([...found.occupancy.placements().filter(onLong), ...[]].map((p) => p.job.stream.id));
  for (const job of found.unplaced) left.add(job.stream.id);
  const kept = found.occupancy.placements().filter((p) => !left.has(p.job.stream.id));
  const blocking = tooLong.map((l) => ({
    link: network.links[l]?.id ?? "",
    utilisation: found.occupancy.on(l).reduce((sum, b) => sum + b.len / b.period, 0),
    streams: found.occupancy
      .placements()
      .filter((p) => p.route.links.includes(l))
      .map((p) => p.job.stream.id),
  }));
  const { ports } = emit(network, kept);
  const jobsLeft = [...found.occupancy.placements().map((p) => p.job), ...found.unplaced].filter((j) => left.has(j.stream.id));
  return [{ streams: streamsOf(network, kept), ports }, jobsLeft, blocking];
}
