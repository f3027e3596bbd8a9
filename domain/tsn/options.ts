import type { Schedule, Verdict } from "./schedule.ts";

/** Why an operation is not carried out at all; a network that cannot carry the streams is a verdict instead. */
export type TsnRefusal = "TSN_PROBLEM_INVALID" | "TSN_SCHEDULE_INVALID" | "TSN_STREAM_UNKNOWN" | "TSN_STREAM_EXISTS";

/** Equal problem, seed and budget give equal bytes, on any machine. One iteration is one attempt to place one stream on one or two routes. */
export interface PlanOptions {
  readonly seed: number;
  readonly iterationBudget: number;
}

export const planDefaults: PlanOptions = { seed: 1, iterationBudget: 4_000 };

/** What became of a schedule, and the links whose gate control lists are not what they were. */
export interface Change {
  readonly verdict: Verdict;
  readonly touchedLinks: readonly string[];
}

export interface Removal {
  readonly schedule: Schedule;
  readonly touchedLinks: readonly string[];
}
