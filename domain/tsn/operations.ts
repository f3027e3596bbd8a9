import type { Outcome } from "../outcome.ts";
import type { Problem, Stream } from "./model.ts";
import { type Change, type PlanOptions, planDefaults, type Removal, type TsnRefusal } from "./options.ts";
import type { Fault, Schedule, Verdict } from "./schedule.ts";
import { admitOne, removeSome } from "./solver/change.ts";
import { planAll } from "./solver/plan.ts";
import { verify } from "./verify/verify.ts";

export { planDefaults } from "./options.ts";
export type { Change, PlanOptions, Removal, TsnRefusal } from "./options.ts";

/** Schedules every stream of the problem from nothing. */
export const plan = (problem: Problem, options: PlanOptions = planDefaults): Outcome<Verdict, TsnRefusal> => planAll(problem, options);

/**
 * Adds one stream to a schedule of `problem.streams`; those keep every offset and every queue that they have. `infeasible` is about all
 * streams together, wherever they were placed; a stream that only the present offsets keep out is `undecided`.
 */
export const admit = (
  problem: Problem,
  schedule: Schedule,
  stream: Stream,
  options: PlanOptions = planDefaults,
): Outcome<Change, TsnRefusal> => admitOne(problem, schedule, stream, options);

/** Takes streams out of a schedule; the others keep their offsets, and windows that nobody uses any more are closed. */
export const remove = (problem: Problem, schedule: Schedule, streamIds: readonly string[]): Outcome<Removal, TsnRefusal> =>
  removeSome(problem, schedule, streamIds);

/** Walks every frame of anybody's schedule through the gates. No fault means that it is valid. */
export const validate = (problem: Problem, schedule: Schedule): readonly Fault[] => verify(problem, schedule);
