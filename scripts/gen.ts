import { globSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asyncApi } from "./gen/asyncapi.ts";
import { environment } from "./gen/environment.ts";
import type { Generator } from "./gen/files.ts";
import { catalogueIndex, functionsIndex, luaScripts } from "./gen/indexes.ts";
import { knative } from "./gen/knative.ts";
import { rabbitMqDefinitions } from "./gen/rabbitmq.ts";
import { eventSchemas, SCHEMAS } from "./gen/schemas.ts";
import { stackPro } from "./gen/stack-pro.ts";
import { stack } from "./gen/stack.ts";

/** The indexes read names only; the catalogues import the sources, which import the indexes. */
const stages: readonly (readonly Generator[])[] = [
  [catalogueIndex, functionsIndex, luaScripts],
  [eventSchemas, asyncApi, stack, stackPro, knative, rabbitMqDefinitions, environment],
];

export interface Drift {
  readonly path: string;
  readonly state: "changed" | "missing" | "left over";
}

/** Runs every generator and hands each stage's files to `take` before the next begins. Answers how many files there are. */
async function generate(root: string, take: (path: string, content: string) => Promise<void>): Promise<ReadonlySet<string>> {
  const paths = new Set<string>();
  for (const stage of stages) {
    for (const files of await Promise.all(stage.map((generator) => generator(root)))) {
      for (const [path, content] of files) {
        paths.add(path);
        await take(path, content);
      }
    }
  }
  return paths;
}

const leftOver = (root: string, paths: ReadonlySet<string>): readonly string[] =>
  globSync(`${SCHEMAS}/*`, { cwd: root }).filter((path) => !paths.has(path));

/** How the tree differs from what the generators make of it; nothing is written. */
export async function drift(root: string): Promise<{ readonly files: number; readonly drifts: readonly Drift[] }> {
  const drifts: Drift[] = [];
  const paths = await generate(root, async (path, content) => {
    const old = await readFile(join(root, path), "utf8").catch(() => undefined);
    if (old !== content) drifts.push({ path, state: old === undefined ? "missing" : "changed" });
  });
  for (const path of leftOver(root, paths)) drifts.push({ path, state: "left over" });
  return { files: paths.size, drifts };
}

/** Makes the tree what the generators say, and answers what had to change. */
export async function write(root: string): Promise<{ readonly files: number; readonly drifts: readonly Drift[] }> {
  const drifts: Drift[] = [];
  const paths = await generate(root, async (path, content) => {
    const at = join(root, path);
    const old = await readFile(at, "utf8").catch(() => undefined);
    if (old === content) return;
    drifts.push({ path, state: old === undefined ? "missing" : "changed" });
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, content);
  });
  for (const path of leftOver(root, paths)) {
    drifts.push({ path, state: "left over" });
    await rm(join(root, path));
  }
  return { files: paths.size, drifts };
}

if (import.meta.main) {
  const { files, drifts } = await write(join(import.meta.dirname, ".."));
  for (const { path, state } of drifts)
    console.log(state === "missing" ? `added    ${path}` : `${state === "changed" ? "changed " : "removed "} ${path}`);
  console.log(`${String(files)} generated files, ${String(drifts.length)} had to change`);
}
