import { ok, type Outcome, refuse } from "../../outcome.ts";
import type { Problem, Stream } from "../model.ts";
import type { Change, PlanOptions, Removal, TsnRefusal } from "../options.ts";
import type { PortSchedule, Schedule, Statistics, Verdict } from "../schedule.ts";
import { adopt } from "./adopt.ts";
import { blockingLinks } from "./blocking.ts";
import { accessCuts, innerCuts } from "./cuts.ts";
import { emit, streamsOf } from "./emit.ts";
import { compile, jobsOf } from "./network.ts";
import type { Occupancy, Placement } from "./occupancy.ts";
import { linkProof, streamProof } from "./preflight.ts";
import { openRouting } from "./routing.ts";
import { openSearch, place } from "./search.ts";

/** See operations.ts. */
export function admitOne(problem: Problem, schedule: Schedule, stream: Stream, options: PlanOptions): Outcome<Change, TsnRefusal> {
  if (problem.streams.some((s) => s.id === stream.id)) return refuse("TSN_STREAM_EXISTS", `there is a stream ${stream.id} already`);
  const compiled = compile({ ...problem, streams: [...problem.streams, stream] });
  if (!compiled.ok) return compiled;
  const network = compiled.value;
  const jobs = jobsOf(network, network.problem.streams);
  const old = jobs.filter((j) => j.stream !== stream);
  const added = jobs.filter((j) => j.stream === stream);
  const adopted = adopt(network, old, schedule);
  if (!adopted.ok) return adopted;
  const occupancy = adopted.value;
  const routing = openRouting(network);
  const search = openSearch(network, jobs, routing, options.seed);
  const statistics = (stage: Statistics["stage"]): Statistics => ({ ...options, iterations: search.spent, stage });
  const unchanged = (verdict: Verdict): Outcome<Change, TsnRefusal> => ok({ verdict, touchedLinks: [] });

  const proof = streamProof(network, added, routing);
  if (proof !== undefined) return unchanged({ verdict: "infeasible", certificate: proof, statistics: statistics("preflight") });
  const placed: Placement[] = [];
  for (const job of added) {
    const placement = place(search, occupancy, job);
    if (placement === undefined) break;
    occupancy.put(placement);
    placed.push(placement);
  }
  const touched = linksOf(placed);
  const ports = placed.length < added.length ? undefined : renewed(occupancy, schedule, touched);
  if (ports !== undefined && ports.tooLong.length === 0) {
    const streams = [...schedule.streams, ...streamsOf(network, placed)];
    const touchedLinks = network.links.filter((_, i) => touched.has(i)).map((l) => l.id);
    return ok({
      verdict: { verdict: "scheduled", schedule: { streams, ports: ports.ports }, statistics: statistics("admission") },
      touchedLinks,
    });
  }
  const harder = linkProof(network, accessCuts(network, jobs)) ?? linkProof(network, innerCuts(network, jobs, routing));
  if (harder !== undefined) return unchanged({ verdict: "infeasible", certificate: harder, statistics: statistics("preflight") });
  for (const { job } of placed) occupancy.take(job.index);
  return unchanged({
    verdict: "undecided",
    best: schedule,
    unscheduled: [stream.id],
    blocking: blockingLinks(occupancy, added, routing),
    statistics: statistics("admission"),
  });
}

/** See operations.ts. */
export function removeSome(problem: Problem, schedule: Schedule, streamIds: readonly string[]): Outcome<Removal, TsnRefusal> {
  const gone = new Set(streamIds);
  const unknown = streamIds.find((id) => !schedule.streams.some((s) => s.id === id));
  if (unknown !== undefined) return refuse("TSN_STREAM_UNKNOWN", `the schedule has no stream ${unknown}`);
  const compiled = compile(problem);
  if (!compiled.ok) return compiled;
  const network = compiled.value;
  const jobs = jobsOf(network, problem.streams);
  const adopted = adopt(network, jobs, schedule);
  if (!adopted.ok) return adopted;
  const occupancy = adopted.value;
  const taken = jobs.filter((j) => gone.has(j.stream.id)).flatMap((j) => occupancy.take(j.index) ?? []);
  const touched = linksOf(taken);
  const { ports, tooLong } = renewed(occupancy, schedule, touched);
  if (tooLong.length > 0) return refuse("TSN_SCHEDULE_INVALID", "the gate control lists that are left do not fit their ports");
  return ok({
    schedule: { streams: schedule.streams.filter((s) => !gone.has(s.id)), ports },
    touchedLinks: network.links.filter((_, i) => touched.has(i)).map((l) => l.id),
  });
}

const linksOf = (placements: readonly Placement[]): ReadonlySet<number> => new Set(placements.flatMap((p) => p.route.links));

/** Gate control lists anew on the touched links, and as they were on the others. */
function renewed(occupancy: Occupancy, schedule: Schedule, touched: ReadonlySet<number>) {
  const { network } = occupancy;
  const kept = new Map<string, PortSchedule>();
  for (const port of schedule.ports) if (!touched.has(network.linkOf.get(port.link) ?? -1)) kept.set(port.link, port);
  return emit(occupancy, kept);
}
