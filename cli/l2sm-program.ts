import { type Command, InvalidArgumentError, Option } from "commander";
import type { Context, ExitCode } from "./context.ts";

const applyCertHelp = `
The server reads every Secret with the label l2sm-cert, in all namespaces, and trusts a cluster by the certificate of its name.

Examples:
  underlay l2sm apply-cert ca.pem --clustername kind-worker-cluster-1
  underlay l2sm apply-cert ca.pem --clustername edge-1 --namespace nemo-net --kubeconfig manager.yaml
`;

const generateCrHelp = `
The input is L2S-M's topology: {"nodes": ["a", "b"], "links": [{"endpointA": "a", "endpointB": "b"}]}. Without links every pair is linked.

Examples:
  underlay l2sm generate-cr --input topology.json --provider uc3m --domain 172.18.0.2
  underlay l2sm generate-cr --input topology.json --provider uc3m --domain 172.18.0.2 --output overlay.yaml
  underlay l2sm generate-cr --input - --provider uc3m --domain 172.18.0.2 --generation 1.2.8 < topology.json | kubectl apply -f -
`;

function label(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("an RFC 1123 label of at most 59 characters is wanted.");
}

/** `underlay l2sm`: the two tools of D2.3 4.2.3.1, which need no server of ours. */
export function addL2sm(program: Command, run: (command: (context: Context) => Promise<ExitCode>) => Promise<void>): void {
  const l2sm = program.command("l2sm").summary("tools for L2S-M").description("Tools for who runs L2S-M.");
  l2sm
    .command("apply-cert")
    .description("Makes the CA of a managed cluster known to L2S-M's multi-domain server.")
    .argument("<file>", "the certificate, PEM")
    .requiredOption("--clustername <name>", "the cluster, as intents call it", label)
    .option("--namespace <name>", "where the Secret is kept", label, "default")
    .option("--kubeconfig <file>", "of the manager cluster; absent: as kubectl would")
    .addHelpText("after", applyCertHelp)
    .action((file: string, options: { clustername: string; namespace: string; kubeconfig?: string }) =>
      run(async (context) => {
        // The Kubernetes client takes a while to load, which the other commands need not wait for.
        const { applyCert } = await import("./commands/l2sm.ts");
        return applyCert(context, file, options);
      }),
    );
  l2sm
    .command("generate-cr")
    .description("Writes an Overlay resource from a topology.")
    .requiredOption("--input <file>", "the topology, JSON; - for stdin")
    .requiredOption("--provider <name>", "the provider's name")
    .requiredOption("--domain <host>", "where the provider answers")
    .option("--name <name>", "of the Overlay", label, "overlay-sample")
    .option("--output <file>", "absent: stdout")
    .addOption(new Option("--generation <version>", "of L2S-M's definitions").choices(["1.2.8", "1.2.12"] as const).default("1.2.12"))
    .addOption(new Option("--resource <kind>", "only this one").choices(["Overlay"]).default("Overlay"))
    .addHelpText("after", generateCrHelp)
    .action((options: { input: string; provider: string; domain: string; name: string; output?: string; generation: "1.2.8" | "1.2.12" }) =>
      run(async (context) => {
        const { generateCr } = await import("./commands/l2sm.ts");
        return generateCr(context, options);
      }),
    );
}
