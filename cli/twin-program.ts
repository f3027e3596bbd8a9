import { type Command, InvalidArgumentError, Option } from "commander";
import { fuse, type FuseOptions } from "./commands/fuse.ts";
import type { Context, ExitCode } from "./context.ts";

const help = `
For support cases: a twin of what somebody saved, by the same steps that cmdt-fuse takes. Nothing is asked of any server.
What a file does not say is null, and never 0.

Examples:
  underlay twin fuse --pods pods.json
  underlay twin fuse --pods pods.json --usage cadvisor.txt --ksm ksm.txt -o json
  underlay twin fuse --pods pods.json --proxy linkerd.txt --previous earlier.txt --seconds 60
  underlay twin fuse --pods pods.json --proxy web-1=web-1.txt --proxy web-2=web-2.txt
  kubectl get pods -n shop -o json | underlay twin fuse --pods -

How to save them:
  kubectl get pods -A -o json > pods.json
  kubectl get --raw /api/v1/namespaces/NS/pods/POD:4191/proxy/metrics > linkerd.txt
  kubectl get --raw /api/v1/nodes/NODE/proxy/metrics/cadvisor > cadvisor.txt
`;

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError("a number of seconds, more than 0 and at most 86400, is wanted.");
}

function moment(text: string): Date {
  const at = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(at.getTime())) return at;
  throw new InvalidArgumentError("a time is wanted, as 2026-01-01T00:00:00Z.");
}

/** `underlay twin fuse`. */
export function addTwin(program: Command, run: (command: (context: Context) => Promise<ExitCode>) => Promise<void>): void {
  const twin = program.command("twin").summary("make twins from files").description("Works on twins without a server.");
  twin
    .command("fuse")
    .description("Makes twins from files.")
    .requiredOption("--pods <file>", "pods as JSON, as of kubectl or a kubelet; - for stdin")
    .option("--proxy <[pod=]file...>", "what Linkerd's proxies say at :4191/metrics; with several pods, whose it is")
    .option("--previous <[pod=]file...>", "what they said before")
    .addOption(new Option("--seconds <n>", "how long before").argParser(seconds))
    .option("--ksm <file>", "metrics of kube-state-metrics, version 1 or 2")
    .option("--usage <file>", "a kubelet's metrics/cadvisor or metrics/resource, or its stats/summary as JSON")
    .option("--cluster <name>", "what the cluster is called", "files")
    .addOption(new Option("--at <time>", "when it was saved (default: now)").argParser(moment))
    .addOption(new Option("-o, --output <format>", "how to print the answer").choices(["table", "json"]).default("table"))
    .addHelpText("after", help)
    .action((options: FuseOptions) => run((context) => fuse(context, options)));
}
