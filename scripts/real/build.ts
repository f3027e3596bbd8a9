import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { findProgram } from "../services/programs.ts";
import type { Part } from "./parts.ts";

const root = join(import.meta.dirname, "../..");

/** A part's program, or why there is none. */
export type Found = { readonly path: string; readonly how: string } | { readonly why: string };

const cache = (): string => join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "underlay/real");

/** Where a part's program is kept once it is built: outside the tree, by version, so that a build is paid once a machine. */
const keptAt = ({ name, version }: Part): string => join(cache(), `${name}@${version}`, name);

/** A program that somebody named or that was built before; undefined where it has to be built. */
export function existing(part: Part): Found | undefined {
  const named = process.env[part.variable];
  if (named !== undefined && named !== "")
    return existsSync(named)
      ? { path: named, how: `named by ${part.variable}` }
      : { why: `${part.variable} names ${named}, which is not there` };
  const path = keptAt(part);
  return existsSync(path) ? { path, how: "built before" } : undefined;
}

/** Finds or builds a part. What cannot be built is no fault of ours: the reason is the last that `go` said. */
export async function provide(part: Part, say: (line: string) => void): Promise<Found> {
  const found = existing(part);
  if (found !== undefined) return found;
  const go = findProgram("go", ["/usr/local/go/bin"]);
  if (go === undefined) return { why: "there is no Go on PATH to build it" };
  say(`building ${part.name} ${part.version}, once and for minutes …`);
  const path = keptAt(part);
  await mkdir(cache(), { recursive: true });
  const work = await mkdtemp(join(cache(), "building-"));
  try {
    const since = performance.now();
    const built = join(work, "program");
    await build(go, part, work, built);
    await mkdir(dirname(path), { recursive: true });
    await rename(built, path); // whole or not at all, whoever else builds it meanwhile
    return { path, how: `built in ${String(Math.round((performance.now() - since) / 1000))} s` };
  } catch (fault) {
    if (fault instanceof GoError) return { why: fault.message };
    throw fault;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const Downloaded = z.object({ Dir: z.string(), Sum: z.string() });

async function build(go: string, part: Part, work: string, built: string): Promise<void> {
  const { source, flags = [] } = part;
  if ("folder" in source) {
    await run(go, ["build", ...flags, "-o", built, "."], join(root, source.folder), "-mod=readonly");
    return;
  }
  // A module of ours that asks for theirs, with their go.sum: what `go install` does, without its questions about other versions.
  const answer = await run(go, ["mod", "download", "-json", `${source.module}@${part.version}`], work, "-mod=mod");
  const { Dir, Sum } = Downloaded.parse(JSON.parse(answer));
  if (source.sum !== undefined && Sum !== source.sum)
    throw new GoError(`${source.module} ${part.version} has the hash ${Sum}, not ${source.sum}`);
  await cp(join(Dir, "go.sum"), join(work, "go.sum"));
  await writeFile(join(work, "go.mod"), `module underlay.invalid/real\n\ngo 1.24\n\nrequire ${source.module} ${part.version}\n`);
  const target = source.package === "." ? source.module : `${source.module}/${source.package}`;
  await run(go, ["build", ...flags, "-o", built, target], work, "-mod=mod");
}

class GoError extends Error {}

/** Leaves the machine to others, takes the Go that is there, and gives what was printed. */
async function run(go: string, args: readonly string[], cwd: string, mode: string): Promise<string> {
  const child = spawn("nice", ["-n", "15", go, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, GOFLAGS: mode, GOTOOLCHAIN: "local", GOWORK: "off", CGO_ENABLED: "0" },
  });
  let out = "";
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return out;
  const lines = `${out}\n${said}`.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("go: downloading"));
  const refusal = lines.find((line) => line.includes('"Error"')) ?? lines.slice(-2).join(" ");
  throw new GoError(`go ${args[0] ?? ""} failed: ${refusal.trim()}`);
}
