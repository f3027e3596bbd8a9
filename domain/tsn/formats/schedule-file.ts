import { z } from "zod";
import { Schedule, Statistics } from "../schedule.ts";
import { faultsOf, parseJson } from "./json-text.ts";
import { TsnInput } from "./network.ts";
import { faulty, type Read, readOk } from "./text.ts";

/** What `plan` prints, as far as others need it; of anybody's making. */
const PlanFile = z.object({
  verdict: z.enum(["scheduled", "undecided"]),
  schedule: Schedule.optional(),
  /** Of an undecided problem: what there is. */
  best: Schedule.optional(),
  statistics: Statistics.optional(),
  input: TsnInput.optional(),
});

export interface ScheduleFile {
  readonly schedule: Schedule;
  /** The problem that it is a schedule of, where the file has it. */
  readonly input: TsnInput | undefined;
}

/** A schedule: as `plan` prints it, or bare as `{"streams": …, "ports": …}`. */
export function readScheduleFile(text: string): Read<ScheduleFile> {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const { value, placeOf } = parsed.value;
  const isObject = typeof value === "object" && value !== null;
  if (isObject && "ports" in value) {
    const bare = Schedule.safeParse(value);
    return bare.success ? readOk({ schedule: bare.data, input: undefined }) : faulty(...faultsOf(bare.error.issues, placeOf));
  }
  if (isObject && "verdict" in value && value.verdict === "infeasible")
    return faulty({ ...placeOf(["verdict"]), path: "/verdict", reason: "is infeasible: there is no schedule in it" });
  const plan = PlanFile.safeParse(value);
  if (!plan.success) return faulty(...faultsOf(plan.error.issues, placeOf));
  const schedule = plan.data.schedule ?? plan.data.best;
  if (schedule === undefined) return faulty({ ...placeOf([]), reason: "has neither a schedule nor the best of one" });
  return readOk({ schedule, input: plan.data.input });
}
