import { type Command, Option } from "commander";
import { getScaling, learningKill, learningMode, learningReport, learningRollback, learningStatus } from "./commands/learning.ts";
import type { Context, ExitCode, Output } from "./context.ts";
import { learningHelp as help } from "./learning-help.ts";

interface Wiring {
  readonly program: Command;
  /** The `get` command. */
  readonly get: Command;
  readonly output: () => Option;
  readonly whole: (least: number, most: number) => (text: string) => number;
  run(command: (context: Context) => Promise<ExitCode>): Promise<void>;
}

const WORKLOAD = "the twin's id, as `underlay get scaling` lists it";

/** `get scaling` and `learning …`. */
export function addLearning({ program, get, output, whole, run }: Wiring): void {
  get
    .command("scaling")
    .description("How many replicas workloads should have, and why; with a WORKLOAD, its decisions.")
    .argument("[workload]", WORKLOAD)
    .addOption(new Option("--limit <n>", "how many decisions of one workload").default(20).argParser(whole(1, 1_000)))
    .addOption(output())
    .addHelpText("after", help.scaling)
    .action((workload: string | undefined, options: { output: Output; limit: number }) =>
      run((context) => getScaling(context, workload, options)),
    );

  const learning = program
    .command("learning")
    .summary("what scales replicas, and how far it may go")
    .description("Looks at what scales replicas, and says how far it may go.")
    .addHelpText("after", help.learning);
  learning
    .command("status")
    .description("Mode, model, the round in progress, the chain of models, clusters.")
    .addOption(output())
    .addHelpText("after", help.status)
    .action((options: { output: Output }) => run((context) => learningStatus(context, options)));
  learning
    .command("mode")
    .description("Sets how far the learner may go, from the next decision on.")
    .argument("<mode>", "off, shadow, advise or act")
    .option("--workload <id>", `of one workload: ${WORKLOAD}`)
    .addOption(output())
    .addHelpText("after", help.mode)
    .action((mode: string, options: { output: Output; workload?: string }) => run((context) => learningMode(context, mode, options)));
  learning
    .command("kill")
    .description("Takes all decisions from the learner at once; the HPA's rule goes on.")
    .option("--off", "give them back")
    .addOption(output())
    .addHelpText("after", help.kill)
    .action((options: { output: Output; off?: boolean }) => run((context) => learningKill(context, options)));
  learning
    .command("rollback")
    .description("Makes an earlier model the global one again; the round in progress is void.")
    .option("--to <sha256>", "8 or more digits of its hash; the one before if left out")
    .option("--reason <text>", "for the record")
    .addOption(output())
    .addHelpText("after", help.rollback)
    .action((options: { output: Output; to?: string; reason?: string }) => run((context) => learningRollback(context, options)));
  learning
    .command("report")
    .description("What the learner would have saved or cost against the HPA, from the log of decisions.")
    .argument("[workload]", WORKLOAD)
    .addOption(new Option("--limit <n>", "how many of the newest decisions").default(2_880).argParser(whole(10, 10_080)))
    .addOption(output())
    .addHelpText("after", help.report)
    .action((workload: string | undefined, options: { output: Output; limit: number }) =>
      run((context) => learningReport(context, workload, options)),
    );
}
