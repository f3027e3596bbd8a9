import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import type { Client, Reply } from "./client.ts";

export const root = join(import.meta.dirname, "../../..");

export const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
export type Manifest = z.infer<typeof Manifest>;

const Kustomization = z.object({ resources: z.array(z.string()) });

/** The objects of a YAML file; of a folder those that its kustomization names, or of every file where there is none, as `kubectl apply -f` takes them. */
export function manifestsIn(path: string): readonly Manifest[] {
  const at = join(root, path);
  if (!statSync(at).isDirectory())
    return parseAllDocuments(readFileSync(at, "utf8"))
      .map((document) => document.toJS() as unknown)
      .filter((object) => object !== null)
      .map((object) => Manifest.parse(object));
  const files = globSync("*.yaml", { cwd: at }).toSorted();
  const named = files.includes("kustomization.yaml")
    ? Kustomization.parse(parse(readFileSync(join(at, "kustomization.yaml"), "utf8"))).resources
    : files;
  return named.flatMap((name) => manifestsIn(join(path, name)));
}

const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** The collection that an object belongs to, as the server's discovery has it. */
export async function collectionOf(client: Client, { apiVersion, kind, metadata }: Manifest): Promise<string> {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { resources } = await client.done(Resources, "GET", base);
  const found = resources.find((resource) => resource.kind === kind && !resource.name.includes("/"));
  if (found === undefined) throw new Error(`${apiVersion} has no ${kind}`);
  return found.namespaced ? `${base}/namespaces/${metadata.namespace ?? "default"}/${found.name}` : `${base}/${found.name}`;
}

/** Server-side apply, with every field checked: one that the API does not know is refused, where `kubectl` would only warn. */
export async function tryApply(client: Client, manifest: Manifest, { dryRun = false } = {}): Promise<Reply> {
  return client.call("PATCH", `${await collectionOf(client, manifest)}/${manifest.metadata.name}`, {
    body: manifest,
    type: "application/apply-patch+yaml",
    query: { fieldManager: "test", force: "true", fieldValidation: "Strict", ...(dryRun ? { dryRun: "All" } : {}) },
  });
}

/** Namespaces first, so that files may come in any order. Throws at the first that is refused. */
export async function apply(client: Client, manifests: readonly Manifest[]): Promise<void> {
  const isNamespace = ({ kind }: Manifest): boolean => kind === "Namespace";
  for (const manifest of [...manifests.filter(isNamespace), ...manifests.filter((one) => !isNamespace(one))]) {
    const { status, body } = await tryApply(client, manifest);
    if (status >= 300) throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${String(status)} ${JSON.stringify(body)}`);
  }
}

const Definition = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }).optional(),
});

/** Applies CustomResourceDefinitions, and waits until the server serves what they define. */
export async function define(client: Client, definitions: readonly Manifest[]): Promise<void> {
  await apply(client, definitions);
  for (const definition of definitions) {
    const path = `${await collectionOf(client, definition)}/${definition.metadata.name}`;
    for (let tries = 0; ; tries += 1) {
      const { status } = await client.done(Definition, "GET", path);
      if (status?.conditions.some((condition) => condition.type === "Established" && condition.status === "True") === true) break;
      if (tries > 100) throw new Error(`${definition.metadata.name} is not served after 10 s`);
      await sleep(100);
    }
  }
}
