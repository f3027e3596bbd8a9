import { type Command, InvalidArgumentError, Option } from "commander";
import type { Context, ExitCode, Output } from "../context.ts";
import { help } from "../help.ts";
import {
  type AdmitOptions,
  type RemoveOptions,
  type ScheduleOptions,
  type TscaiOptions,
  tsnAdmit,
  tsnPlan,
  type TsnPlanOptions,
  tsnRemove,
  tsnRender,
  tsnTscai,
  tsnValidate,
  type ValidateOptions,
} from "../commands/tsn.ts";
import type { RenderOptions } from "./rendered.ts";
import { whole } from "../whole.ts";

type Run = (command: (context: Context) => Promise<ExitCode>) => Promise<void>;

/** Ns from the PTP epoch, or a date and time, which counts as one of the PTP time scale. */
function baseTime(text: string): bigint {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  const ms = Date.parse(text);
  if (Number.isFinite(ms) && ms >= 0) return BigInt(ms) * 1_000_000n;
  throw new InvalidArgumentError("nanoseconds from the PTP epoch, or a date such as 2026-01-01T00:00:00Z, are wanted.");
}

const output = () =>
  new Option("-o, --output <format>", "how to print the answer").choices(["table", "json"] satisfies Output[]).default("table");
const begin = () =>
  new Option("--base-time <time>", "no schedule begins before: ns of PTP, or a date").default(0n, "0").argParser(baseTime);

const withSource = (command: Command): Command =>
  command
    .option("-s, --streams <file>", "streams as a table (CSV)")
    .option("-t, --topology <file>", "the network as a table (CSV) or as JSON")
    .option("-c, --config <file>", "a CUC's ieee802-dot1q-cnc-config, or network and streams as JSON")
    .addOption(new Option("--guard-band <kind>", "how best effort is kept out of windows").choices(["none", "frame", "preempt", "hold"]))
    .addOption(new Option("--sync-error <ns>", "of every clock, either way, where the topology is a table").argParser(whole(0, 1_000_000)));

const withSearch = (command: Command): Command =>
  command
    .addOption(
      new Option("--seed <n>", "of the search; the same seed gives the same schedule").default(1).argParser(whole(0, 4_294_967_295)),
    )
    .addOption(
      new Option("--budget <n>", "attempts to place a stream, before it is left undecided")
        .default(20_000)
        .argParser(whole(1, 100_000_000)),
    );

const withSchedule = (command: Command): Command =>
  withSource(
    command.argument("[schedule]", "the same as --schedule").option("-f, --schedule <file>", "a schedule, as plan prints it with -o json"),
  ).option("--tables <prefix>", "a schedule as tsnkit's tables: PREFIX-GCL.csv and its neighbours");

/** The option wins, so that a script that sets it means it. */
const named = <O extends ScheduleOptions>(file: string | undefined, options: O): O =>
  file === undefined || options.schedule !== undefined ? options : { ...options, schedule: file };

/** `underlay tsn …`: works on files, and asks no server. */
export function addTsn(program: Command, run: Run): void {
  const tsn = program
    .command("tsn")
    .summary("schedule time-sensitive streams")
    .description(
      "Gate schedules for time-sensitive streams (IEEE 802.1Qbv), with a proof where there is none. Works on files; no server is asked.",
    )
    .addHelpText("after", help.tsn);

  withSearch(withSource(tsn.command("plan").description("Schedules all streams from nothing.")))
    .addOption(
      new Option("-o, --output <format>", "how to print the answer; cnc answers a CUC").choices(["table", "json", "cnc"]).default("table"),
    )
    .addHelpText("after", help.tsnPlan)
    .action((options: TsnPlanOptions) => run((context) => tsnPlan(context, options)));

  withSearch(tsn.command("admit").description("Adds streams to a schedule; those that are there keep every offset."))
    .requiredOption("-f, --schedule <file>", "a schedule, as plan prints it with -o json")
    .requiredOption("-s, --streams <file>", "the streams to add, as a table (CSV)")
    .addOption(output())
    .addHelpText("after", help.tsnAdmit)
    .action((options: AdmitOptions) => run((context) => tsnAdmit(context, options)));

  tsn
    .command("remove")
    .description("Takes streams out of a schedule, and closes their windows.")
    .argument("<id...>", "ids of streams")
    .requiredOption("-f, --schedule <file>", "a schedule, as plan prints it with -o json")
    .addOption(output())
    .addHelpText("after", help.tsnRemove)
    .action((ids: readonly string[], options: RemoveOptions) => run((context) => tsnRemove(context, ids, options)));

  withSchedule(tsn.command("validate").description("Walks every frame of anybody's schedule through the gates."))
    .addOption(output())
    .addHelpText("after", help.tsnValidate)
    .action((file: string | undefined, options: ValidateOptions) => run((context) => tsnValidate(context, named(file, options))));

  withSchedule(tsn.command("tscai").description("What a 5G core has to be asked for, for the streams that cross it."))
    .addOption(begin())
    .addOption(output())
    .addHelpText("after", help.tsnTscai)
    .action((file: string | undefined, options: TscaiOptions) => run((context) => tsnTscai(context, named(file, options))));

  withSchedule(tsn.command("render").description("A schedule as a picture, as configuration of bridges, or as tables."))
    .addOption(new Option("-o, --output <format>", "what to make of it").choices(["svg", "yang", "taprio", "csv"]).default("svg"))
    .option("--bridge <name>", "only this bridge; a picture shows the ports around it")
    .option("--out <dir>", "write files there, instead of one to stdout")
    .option("--title <text>", "of the picture")
    .addOption(new Option("--from <µs>", "show the cycle from here").argParser(whole(0, 10_000_000_000)))
    .addOption(new Option("--to <µs>", "… to here").argParser(whole(1, 10_000_000_000)))
    .addOption(begin())
    .addHelpText("after", help.tsnRender)
    .action((file: string | undefined, options: ScheduleOptions & RenderOptions) =>
      run((context) => tsnRender(context, named(file, options))),
    );
}
