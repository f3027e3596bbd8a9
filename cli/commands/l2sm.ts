import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { ApiException, CoreV1Api, KubeConfig, type V1Secret } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { z } from "zod";
import type { Context, ExitCode } from "../context.ts";
import { Failure } from "../failure.ts";

export interface ApplyCertOptions {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly clustername: string;
}

/**
 * Keeps the CA of a managed cluster where L2S-M's multi-domain server looks for it: a Secret with the label `l2sm-cert=<cluster>` in the manager
 * cluster (D2.3 4.2.3.1, Fig. 22). One that is there already is replaced.
 */
export async function applyCert({ screen }: Pick<Context, "screen">, file: string, options: ApplyCertOptions): Promise<ExitCode> {
  const pem = await readText(file);
  const certificate = certificateIn(file, pem);
  const { namespace, clustername } = options;
  const secret: V1Secret = {
    apiVersion: "v1",
    kind: "Secret",
    type: "Opaque",
    metadata: { name: `${clustername}-cert`, namespace, labels: { "l2sm-cert": clustername } },
    data: { "cert-value": Buffer.from(pem).toString("base64") },
  };
  const api = coreApi(options.kubeconfig);
  const done = await keep(api, secret, namespace).catch((error: unknown) => {
    throw explained(error, namespace);
  });
  screen.print(
    `${done} secret ${namespace}/${clustername}-cert: ${certificate.subject.replaceAll("\n", ", ")}, until ${certificate.validTo}`,
  );
  return 0;
}

async function keep(api: CoreV1Api, secret: V1Secret, namespace: string): Promise<"created" | "replaced"> {
  const name = secret.metadata?.name ?? "";
  try {
    await api.createNamespacedSecret({ namespace, body: secret });
    return "created";
  } catch (error) {
    if (!(error instanceof ApiException) || error.code !== 409) throw error;
    await api.replaceNamespacedSecret({ namespace, name, body: secret });
    return "replaced";
  }
}

function coreApi(kubeconfig: string | undefined): CoreV1Api {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new Failure([`${kubeconfig ?? "the default kubeconfig"} cannot be read: ${messageOf(error)}`]);
  }
  if (config.getCurrentCluster() === null)
    throw new Failure(["no cluster to keep it in"], "--kubeconfig FILE or KUBECONFIG names the kubeconfig of the manager cluster");
  return config.makeApiClient(CoreV1Api);
}

function explained(error: unknown, namespace: string): Failure {
  if (!(error instanceof ApiException)) return new Failure([`no answer from the manager cluster: ${messageOf(error)}`]);
  const hint = error.code === 403 || error.code === 401 ? `its user has to create and update secrets in ${namespace}` : undefined;
  return new Failure([`the manager cluster answered ${String(error.code)}: ${statusMessage(error.body)}`], hint);
}

const Status = z.object({ message: z.string() });

function statusMessage(body: unknown): string {
  const parsed = Status.safeParse(typeof body === "string" ? parseJson(body) : body);
  return parsed.success ? parsed.data.message : "";
}

function certificateIn(file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Failure(
      [`${file}: no X.509 certificate in PEM`],
      "kubectl config view --raw shows a cluster's certificate-authority-data, in base64",
    );
  }
}

/** L2S-M's TopologySpec. */
const Topology = z.strictObject({
  nodes: z.array(z.string().min(1)).min(1),
  links: z.array(z.strictObject({ endpointA: z.string().min(1), endpointB: z.string().min(1) })).optional(),
});

export interface GenerateCrOptions {
  readonly input: string;
  readonly output?: string;
  readonly name: string;
  readonly provider: string;
  readonly domain: string;
  readonly generation: "1.2.8" | "1.2.12";
}

/** An Overlay resource from a topology: every pair of nodes where no links are given. */
export async function generateCr({ screen, stdin }: Pick<Context, "screen" | "stdin">, options: GenerateCrOptions): Promise<ExitCode> {
  const text = options.input === "-" ? (await stdin()).toString("utf8") : await readText(options.input);
  const topology = topologyIn(options.input, text);
  const { provider: name, domain } = options;
  const controller = options.generation === "1.2.8" ? { networkController: { name, domain } } : { provider: { name, domain: [domain] } };
  const manifest = stringify({
    apiVersion: "l2sm.l2sm.k8s.local/v1",
    kind: "Overlay",
    metadata: { name: options.name },
    spec: { ...controller, topology },
  });
  if (options.output === undefined) screen.print(manifest.trimEnd());
  else await writeFile(options.output, manifest).catch((error: unknown) => fail(`${options.output ?? ""} cannot be written`, error));
  return 0;
}

function topologyIn(file: string, text: string): z.infer<typeof Topology> {
  const parsed = Topology.safeParse(parseJson(text));
  if (!parsed.success)
    throw new Failure([`${file}: not {"nodes": […], "links": [{"endpointA", "endpointB"}]}`, z.prettifyError(parsed.error)]);
  const { nodes, links = nodes.flatMap((endpointA, i) => nodes.slice(i + 1).map((endpointB) => ({ endpointA, endpointB }))) } = parsed.data;
  const stray = links.flatMap(({ endpointA, endpointB }) => [endpointA, endpointB]).find((end) => !nodes.includes(end));
  if (stray !== undefined) throw new Failure([`${file}: a link ends at ${stray}, which is none of the nodes`]);
  return { nodes, links };
}

const readText = (file: string): Promise<string> => readFile(file, "utf8").catch((error: unknown) => fail(`${file} cannot be read`, error));

const fail = (what: string, error: unknown): never => {
  throw new Failure([`${what}: ${messageOf(error)}`]);
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
