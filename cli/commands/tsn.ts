import { deriveTscai } from "../../domain/tsn/fiveg/derive.ts";
import { answerCnc } from "../../domain/tsn/formats/cnc-config.ts";
import type { TsnInput } from "../../domain/tsn/formats/network.ts";
import { readScheduleFile } from "../../domain/tsn/formats/schedule-file.ts";
import type { Refusal } from "../../domain/outcome.ts";
import { admit, plan, type PlanOptions, remove, validate } from "../../domain/tsn/operations.ts";
import type { Schedule, Verdict } from "../../domain/tsn/schedule.ts";
import type { Context, ExitCode, Output } from "../context.ts";
import { Failure } from "../failure.ts";
import { linesOfJson } from "../tsn/json.ts";
import { faultLines, scheduleLines, verdictLines } from "../tsn/describe.ts";
import { must, readText } from "../tsn/files.ts";
import { rendered, type RenderOptions } from "../tsn/rendered.ts";
import { hasSource, readSource, type SourceOptions, withStreams } from "../tsn/source.ts";
import { readTables } from "../tsn/tables.ts";
import { tscaiLines } from "../tsn/tscai-lines.ts";

interface SearchOptions {
  readonly seed: number;
  readonly budget: number;
}

const searchOf = ({ seed, budget }: SearchOptions): PlanOptions => ({ seed, iterationBudget: budget });
const exitCodes: Readonly<Record<Verdict["verdict"], ExitCode>> = { scheduled: 0, infeasible: 1, undecided: 2 };

/** A refusal of the domain as the command's end. */
const refused = ({ code, reason }: Refusal): Failure => new Failure([`${code}: ${reason}`], "docs/errors.md has every code and what to do");

export interface TsnPlanOptions extends SourceOptions, SearchOptions {
  readonly output: Output | "cnc";
}

export async function tsnPlan({ screen, stdin }: Context, options: TsnPlanOptions): Promise<ExitCode> {
  const { input, cnc } = await readSource(options, stdin);
  if (options.output === "cnc" && cnc === undefined)
    throw new Failure(["-o cnc answers a CUC, and these streams come from none"], "give the CUC's request with --config");
  const planned = plan(input.problem, searchOf(options));
  if (!planned.ok) throw refused(planned);
  const verdict = planned.value;
  if (options.output === "json") screen.print(linesOfJson({ ...verdict, input }));
  else if (options.output === "cnc" && cnc !== undefined) screen.json(answerCnc(cnc, verdict));
  else screen.print(...verdictLines(verdict, input, screen.paint));
  return exitCodes[verdict.verdict];
}

export interface ScheduleOptions extends SourceOptions {
  readonly schedule?: string;
  readonly tables?: string;
}

interface Standing {
  readonly schedule: Schedule;
  readonly input: TsnInput;
}

/** A schedule with its problem: the one given beside it, else the one that its file has. */
async function readStanding(options: ScheduleOptions, stdin: () => Promise<Buffer>): Promise<Standing> {
  const { schedule: file, tables } = options;
  if ((file === undefined) === (tables === undefined))
    throw new Failure(["give the schedule: --schedule FILE, or --tables PREFIX"], "`underlay tsn plan … -o json > plan.json` makes one");
  const given = hasSource(options) ? (await readSource(options, stdin)).input : undefined;
  if (tables !== undefined) {
    if (given === undefined) throw new Failure(["the tables have no problem in them"], "give --streams FILE and --topology FILE, too");
    return readTables(given, tables);
  }
  const read = must(
    file ?? "-",
    readScheduleFile(await readText(file ?? "-", stdin)),
    "a schedule looks as `underlay tsn plan … -o json` prints it",
  );
  const input = given ?? read.input;
  if (input === undefined)
    throw new Failure([`${file ?? ""}: has no problem in it`], "give --streams FILE and --topology FILE, or --config FILE, too");
  return { schedule: read.schedule, input };
}

export interface AdmitOptions extends SearchOptions {
  readonly schedule: string;
  readonly streams: string;
  readonly output: Output;
}

/** All of the streams or none: they are admitted one after the other, and the first that finds no place ends it. */
export async function tsnAdmit({ screen, stdin }: Context, options: AdmitOptions): Promise<ExitCode> {
  const standing = await readStanding({ schedule: options.schedule }, stdin);
  const wanted = await withStreams(standing.input, options.streams, stdin);
  const streams = wanted.problem.streams.slice(standing.input.problem.streams.length);
  if (streams.length === 0) throw new Failure([`${options.streams}: has no stream in it`]);
  let { schedule } = standing;
  let { problem } = standing.input;
  const touched = new Set<string>();
  let verdict: Verdict | undefined;
  for (const stream of streams) {
    const change = admit(problem, schedule, stream, searchOf(options));
    if (!change.ok) throw refused(change);
    ({ verdict } = change.value);
    for (const link of change.value.touchedLinks) touched.add(link);
    problem = { ...problem, streams: [...problem.streams, stream] };
    if (verdict.verdict !== "scheduled") break;
    ({ schedule } = verdict);
  }
  if (verdict === undefined) throw new Failure(["there was nothing to admit"]);
  const input = { ...standing.input, problem };
  const touchedLinks = [...touched].toSorted();
  if (options.output === "json") screen.print(linesOfJson({ ...verdict, touchedLinks, input }));
  else screen.print(...verdictLines(verdict, input, screen.paint), "", touchedText(touchedLinks, schedule));
  return exitCodes[verdict.verdict];
}

const touchedText = (touched: readonly string[], { ports }: Schedule): string =>
  `${String(touched.length)} of ${String(ports.length)} ports get another gate control list; all other streams keep their offsets`;

export interface RemoveOptions {
  readonly schedule: string;
  readonly output: Output;
}

export async function tsnRemove(
  { screen, stdin }: Context,
  ids: readonly string[],
  { schedule: file, output }: RemoveOptions,
): Promise<ExitCode> {
  const { schedule, input } = await readStanding({ schedule: file }, stdin);
  const removed = remove(input.problem, schedule, ids);
  if (!removed.ok) throw refused(removed);
  const left = input.problem.streams.filter(({ id }) => !ids.includes(id));
  const after = { ...input, problem: { ...input.problem, streams: left } };
  const { touchedLinks } = removed.value;
  if (output === "json") screen.print(linesOfJson({ verdict: "scheduled", schedule: removed.value.schedule, touchedLinks, input: after }));
  else
    screen.print(
      ...scheduleLines(removed.value.schedule, after.problem, screen.paint),
      "",
      touchedText(touchedLinks, removed.value.schedule),
    );
  return 0;
}

export interface ValidateOptions extends ScheduleOptions {
  readonly output: Output;
}

export async function tsnValidate({ screen, stdin }: Context, options: ValidateOptions): Promise<ExitCode> {
  const { schedule, input } = await readStanding(options, stdin);
  const faults = validate(input.problem, schedule);
  if (options.output === "json") screen.print(linesOfJson({ valid: faults.length === 0, faults }));
  else screen.print(...faultLines(faults, schedule, screen.paint));
  return faults.length === 0 ? 0 : 1;
}

export interface TscaiOptions extends ScheduleOptions {
  readonly baseTime: bigint;
  readonly output: Output;
}

export async function tsnTscai({ screen, stdin }: Context, options: TscaiOptions): Promise<ExitCode> {
  const { schedule, input } = await readStanding(options, stdin);
  const derived = deriveTscai(input, schedule, { baseTimeNs: options.baseTime });
  if (!derived.ok) throw refused(derived);
  if (options.output === "json") screen.json({ bridges: derived.value });
  else screen.print(...derived.value.flatMap((answer, i) => [...(i === 0 ? [] : [""]), ...tscaiLines(answer, screen.paint)]));
  return 0;
}

export async function tsnRender({ screen, stdin }: Context, options: ScheduleOptions & RenderOptions): Promise<ExitCode> {
  const { schedule, input } = await readStanding(options, stdin);
  screen.print(...(await rendered(input, schedule, options)));
  return 0;
}
