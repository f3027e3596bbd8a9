import { Command, InvalidArgumentError, Option } from "commander";
import { type ApplyOptions, apply } from "./commands/apply.ts";
import { type DeleteOptions, remove } from "./commands/delete.ts";
import { type EventFilter, getEvents, getIntents, getOrders, labLedger, report } from "./commands/get.ts";
import { plan, type PlanOptions } from "./commands/plan.ts";
import { watch } from "./commands/watch.ts";
import type { Context, ExitCode, Output } from "./context.ts";
import { help } from "./help.ts";
import { addLearning } from "./learning-program.ts";
import type { Sink } from "./screen.ts";

export interface GlobalOptions {
  readonly server?: string;
  readonly color: boolean;
}

interface Wiring {
  readonly version: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Runs a command with what the global options make of it, and keeps its exit code. */
  run(command: (context: Context) => Promise<ExitCode>, global: GlobalOptions): Promise<void>;
}

const INTENT_ID = "id of the intent";

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number from ${String(least)} to ${String(most)} is wanted.`);
  };

function hash(text: string): string {
  if (/^[0-9a-f]{16}$/.test(text)) return text;
  throw new InvalidArgumentError("16 hexadecimal digits are wanted, as `underlay plan` prints them.");
}

const output = () => new Option("-o, --output <format>", "how to print the answer").choices(["table", "json"]).default("table");
const files = () => new Option("-f, --file <file...>", "intent files, YAML or JSON; a directory; - for stdin").makeOptionMandatory();
const timeout = () => new Option("--timeout <seconds>", "how long --wait waits").default(120).argParser(whole(1, 86_400));
const type = () => new Option("--type <type>", "only events of this kind, as `order` or `intent.reported`");
const intent = () => new Option("--intent <id>", "only events of this intent");

export function buildProgram({ version, stdout, stderr, run }: Wiring): Command {
  const program = new Command("underlay")
    .description("Intents for the network: plan them, apply them, see what became of them.")
    .version(version, "-V, --version", "print the version")
    .option("--server <url>", "where the API is (default: UNDERLAY_URL, else http://127.0.0.1:8080)")
    .option("--no-color", "no colours; as NO_COLOR=1")
    .addHelpText("after", help.underlay)
    .showHelpAfterError("hint: `underlay --help` and `underlay COMMAND --help` show how")
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .exitOverride();
  const globals = () => program.opts<GlobalOptions>();

  program
    .command("plan")
    .summary("show what apply would do")
    .description("Shows what apply would create, change and delete.")
    .addOption(files())
    .addOption(output())
    .addHelpText("after", help.plan)
    .action((options: PlanOptions) => run((context) => plan(context, options), globals()));

  program
    .command("apply")
    .summary("make it so")
    .description("Hands intents over, to be carried out.")
    .addOption(files())
    .option("--wait", "wait until every intent is settled")
    .addOption(timeout())
    .addOption(new Option("--plan <hash>", "apply only if the plan still has this hash").argParser(hash))
    .addOption(output())
    .addHelpText("after", help.apply)
    .action((options: ApplyOptions) => run((context) => apply(context, options), globals()));

  const get = program.command("get").summary("list intents, orders or events").description("Lists intents, orders or events.");
  get
    .command("intents")
    .description("Intents and their states; with an ID, that one and its orders.")
    .argument("[id]", INTENT_ID)
    .addOption(output())
    .addHelpText("after", help.intents)
    .action((id: string | undefined, options: { output: Output }) => run((context) => getIntents(context, id, options), globals()));
  get
    .command("orders")
    .description("What the executioners were asked to do, and what became of it.")
    .argument("[id]", INTENT_ID)
    .addOption(output())
    .addHelpText("after", help.orders)
    .action((id: string | undefined, options: { output: Output }) => run((context) => getOrders(context, id, options), globals()));
  get
    .command("events")
    .description("The newest events, oldest first.")
    .addOption(type())
    .addOption(intent())
    .addOption(new Option("--limit <n>", "how many").default(100).argParser(whole(1, 1_000)))
    .addOption(output())
    .addHelpText("after", help.events)
    .action((options: EventFilter & { output: Output; limit: number }) => run((context) => getEvents(context, options), globals()));

  program
    .command("report")
    .summary("show how far an intent is fulfilled")
    .description("The intent's IntentReport (3GPP TS 28.312): how far it and each of its targets are fulfilled.")
    .argument("<id>", INTENT_ID)
    .addOption(output())
    .addHelpText("after", help.report)
    .action((id: string, options: { output: Output }) => run((context) => report(context, id, options), globals()));

  program
    .command("delete")
    .summary("take intents back")
    .description("Terminates intents.")
    .argument("<id...>", "ids of intents")
    .option("--wait", "wait until everything is withdrawn")
    .addOption(timeout())
    .addOption(output())
    .addHelpText("after", help.delete)
    .action((ids: readonly string[], options: DeleteOptions) => run((context) => remove(context, ids, options), globals()));

  program
    .command("watch")
    .summary("show events as they come")
    .description("Shows events as they come.")
    .addOption(intent())
    .addOption(type())
    .addOption(output())
    .addHelpText("after", help.watch)
    .action((options: EventFilter & { output: Output }) => run((context) => watch(context, options), globals()));

  const lab = program
    .command("lab")
    .summary("look into the lab")
    .description("Looks into the lab, the simulators that `npm start` brings along.");
  lab
    .command("ledger")
    .description("What the simulators were made to do, and what they hold now.")
    .addOption(output())
    .addHelpText("after", help.ledger)
    .action((options: { output: Output }) => run((context) => labLedger(context, options), globals()));

  addLearning({ program, get, output, whole, run: (command) => run(command, globals()) });

  program
    .command("version")
    .summary("print the version")
    .description("Prints the version.")
    .action(() => run(({ screen }) => Promise.resolve(screen.print(`underlay ${version}`)).then(() => 0 as const), globals()));

  return program;
}
