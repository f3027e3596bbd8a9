import type { TsnInput } from "../../domain/tsn/formats/network.ts";
import { readTsnkitSchedule } from "../../domain/tsn/formats/tsnkit-schedule.ts";
import type { Schedule } from "../../domain/tsn/schedule.ts";
import { Failure } from "../failure.ts";
import { faultLines, readText } from "./files.ts";

const noStdin = (): Promise<Buffer> => Promise.resolve(Buffer.alloc(0));

/** A schedule that one of tsnkit's methods left as PREFIX-GCL.csv and its neighbours. They know no guard band, so none is looked for. */
export async function readTables(given: TsnInput, prefix: string): Promise<{ readonly schedule: Schedule; readonly input: TsnInput }> {
  const fileOf = (table: string): string => `${prefix}-${table}.csv`;
  const text = (table: string): Promise<string> => readText(fileOf(table), noStdin);
  const [GCL, OFFSET, ROUTE, QUEUE] = await Promise.all([text("GCL"), text("OFFSET"), text("ROUTE"), text("QUEUE")]);
  const input: TsnInput = { ...given, problem: { ...given.problem, guardBand: "none" } };
  const read = readTsnkitSchedule(input.problem, { GCL, OFFSET, ROUTE, QUEUE });
  if (!read.ok) throw new Failure(faultLines(fileOf(read.table), read.faults), "docs/tsn.md has the tables, column by column");
  const { schedule, scheduledClasses } = read.value;
  return { schedule, input: { ...input, problem: { ...input.problem, scheduledClasses } } };
}
