import { Command, InvalidArgumentError, Option } from "commander";
import { type ApplyOptions, apply } from "./commands/apply.ts";
import { type DeleteOptions, remove } from "./commands/delete.ts";
import { getDrift, repair, type RepairOptions } from "./commands/drift.ts";
import { type EventFilter, getEvents, getIntents, getOrders, labLedger, report } from "./commands/get.ts";
import { getCostMap, getNodes } from "./commands/network.ts";
import { plan, type PlanOptions } from "./commands/plan.ts";
import { getTwin, getTwins, type TwinFilter, watchTwins } from "./commands/twins.ts";
import { probe, type ProbeOptions } from "./commands/probe.ts";
import { watch } from "./commands/watch.ts";
import type { Context, ExitCode, Output } from "./context.ts";
import { help } from "./help.ts";
import { addLearning } from "./learning-program.ts";
import type { Sink } from "./screen.ts";
import { addTwin } from "./twin-program.ts";
import { addL2sm } from "./l2sm-program.ts";
import { addTsn } from "./tsn/program.ts";
import { whole } from "./whole.ts";

export interface GlobalOptions {
  readonly server?: string;
  readonly tokenFile?: string;
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

function hash(text: string): string {
  if (/^[0-9a-f]{16}$/.test(text)) return text;
  throw new InvalidArgumentError("16 hexadecimal digits are wanted, as `underlay plan` prints them.");
}

const output = () => new Option("-o, --output <format>", "how to print the answer").choices(["table", "json"]).default("table");
const files = () => new Option("-f, --file <file...>", "intent files, YAML or JSON; a directory; - for stdin").makeOptionMandatory();
const timeout = () => new Option("--timeout <seconds>", "how long to wait").default(120).argParser(whole(1, 86_400));
const type = () => new Option("--type <type>", "only events of this kind, as `order` or `intent.reported`");
const cluster = () => new Option("--cluster <name>", "only of this cluster");
const intent = () => new Option("--intent <id>", "only events of this intent");
const twinFilters = (command: Command): Command =>
  command
    .option("--user <id>", "whose; a tenant has their own only")
    .option("--workload <id>", "of this workload, or `unmapped`")
    .option("--cluster <name>", "in this cluster")
    .option("--namespace <name>", "in this namespace");

export function buildProgram({ version, stdout, stderr, run }: Wiring): Command {
  const program = new Command("underlay")
    .description("Intents for the network: plan them, apply them, see what became of them.")
    .version(version, "-V, --version", "print the version")
    .option("--server <url>", "where the API is (default: UNDERLAY_URL, else http://127.0.0.1:8080)")
    .option("--token-file <file>", "the file with your token (default: UNDERLAY_TOKEN_FILE)")
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

  const get = program
    .command("get")
    .summary("list intents, orders, drift, events, twins, nodes or costs")
    .description("Lists intents, orders, drift, events, twins of workloads, nodes or costs.");
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
    .command("drift")
    .description("What controllers have otherwise than the intents that were carried out there; looked at now.")
    .argument("[id]", INTENT_ID)
    .addOption(output())
    .addHelpText("after", help.drift)
    .action((id: string | undefined, options: { output: Output }) => run((context) => getDrift(context, id, options), globals()));
  get
    .command("events")
    .description("The newest events, oldest first.")
    .addOption(type())
    .addOption(intent())
    .addOption(new Option("--limit <n>", "how many").default(100).argParser(whole(1, 1_000)))
    .addOption(output())
    .addHelpText("after", help.events)
    .action((options: EventFilter & { output: Output; limit: number }) => run((context) => getEvents(context, options), globals()));
  twinFilters(get.command("twins"))
    .description("The twins of workloads' components: their states, restarts and anomalies; wide: their traffic and resources too.")
    .addOption(new Option("--status <status>", "in this state").choices(["Running", "Restart", "Ready", "Failure"]))
    .addOption(new Option("-o, --output <format>", "how to print the answer").choices(["table", "wide", "json"]).default("table"))
    .addHelpText("after", help.twins)
    .action((options: TwinFilter & { output: Output | "wide"; status?: string }) =>
      run((context) => getTwins(context, options), globals()),
    );
  get
    .command("twin")
    .description("The twins of one workload, with their pods and last changes.")
    .argument("<id>", "id of the workload, `unmapped`, or of one twin: CLUSTER/NAMESPACE/KIND/NAME")
    .addOption(output())
    .addHelpText("after", help.twin)
    .action((id: string, options: { output: Output }) => run((context) => getTwin(context, id, options), globals()));
  get
    .command("nodes")
    .description("Nodes under one identity: what Kubernetes and the probes know of them.")
    .addOption(cluster())
    .addOption(output())
    .addHelpText("after", help.nodes)
    .action((options: { output: Output; cluster?: string }) => run((context) => getNodes(context, options), globals()));
  get
    .command("cost-map")
    .description("What was measured between the nodes of each cluster, and what is missing.")
    .addOption(cluster())
    .addOption(output())
    .addHelpText("after", help.costMap)
    .action((options: { output: Output; cluster?: string }) => run((context) => getCostMap(context, options), globals()));

  program
    .command("report")
    .summary("show how far an intent is fulfilled")
    .description("The intent's IntentReport (3GPP TS 28.312): how far it and each of its targets are fulfilled.")
    .argument("<id>", INTENT_ID)
    .addOption(output())
    .addHelpText("after", help.report)
    .action((id: string, options: { output: Output }) => run((context) => report(context, id, options), globals()));

  program
    .command("repair")
    .summary("put right what has drifted")
    .description("Asks once more for everything that intents want, and waits until it is there.")
    .argument("<id...>", "ids of intents")
    .addOption(timeout())
    .addOption(output())
    .addHelpText("after", help.repair)
    .action((ids: readonly string[], options: RepairOptions) => run((context) => repair(context, ids, options), globals()));

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
    .command("probe")
    .summary("measure a link now")
    .description("Measures the link from node A to node B now: delay, jitter, loss, throughput, failures, energy.")
    .argument("<a>", "the node that measures")
    .argument("<b>", "the node that is measured")
    .option("--no-throughput", "leave the throughput test out")
    .addOption(output())
    .addHelpText("after", help.probe)
    .action((a: string, b: string, options: ProbeOptions) => run((context) => probe(context, a, b, options), globals()));

  const watching = program
    .command("watch")
    .summary("show events as they come")
    .description("Shows events as they come.")
    .addOption(intent())
    .addOption(type())
    .addOption(output())
    .addHelpText("after", help.watch)
    .action((options: EventFilter & { output: Output }) => run((context) => watch(context, options), globals()));
  twinFilters(watching.command("twins"))
    .description("Shows what becomes of workloads, as it comes.")
    .option("--type <type>", "only events of this kind: status, anomaly or snapshot")
    .addOption(output())
    .addHelpText("after", help.watchTwins)
    // Commander gives options that `watch` has too to `watch`.
    .action((_: unknown, command: Command) =>
      run((context) => watchTwins(context, command.optsWithGlobals<TwinFilter & { output: Output; type?: string }>()), globals()),
    );

  addTwin(program, (command) => run(command, globals()));

  addL2sm(program, (command) => run(command, globals()));

  addTsn(program, (command) => run(command, globals()));

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
