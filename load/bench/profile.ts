import { readFileSync, rmSync } from "node:fs";
import type { Profiler } from "node:inspector/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Profiled } from "./run.ts";

export interface Share {
  readonly name: string;
  /** Of the time that the process was busy. */
  readonly share: number;
  /** CPU of one intent: its share of what the system says that the process used. */
  readonly us: number;
}

export interface ProfileSummary {
  readonly intents: number;
  /** CPU of one intent in this process. */
  readonly us: number;
  /** By folder of ours, by package of others, by Node's own parts: time in their own code. */
  readonly modules: readonly Share[];
  /** By function: time in its own code. */
  readonly functions: readonly Share[];
  /** By function of ours: time in it and in all that it called before it returned; a function that waits is counted up to its first wait, and after each. */
  readonly within: readonly Share[];
}

/** Functions that were made from text at run time have neither file nor name: zod's compiled schemas, fastify's serialisers. */
const GENERATED = "generated code (zod's compiled schemas)";
const ROOT = `${process.cwd()}/`;

function placeOf({ url, functionName }: { readonly url: string; readonly functionName: string }): string {
  if (url === "") return functionName.startsWith("(") ? functionName : functionName === "" ? GENERATED : "node: native";
  if (url.startsWith("node:"))
    return `node:${
      url
        .slice(5)
        .replace(/^internal\//, "")
        .split("/", 1)[0] ?? ""
    }`;
  const path = url.startsWith("file:") ? relative(ROOT, fileURLToPath(url)) : url;
  const pack = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return pack === undefined ? path : `npm ${pack}`;
}

const isOurs = (place: string): boolean => /^(?:runtime|functions|domain|events|state|services)\//.test(place);

interface Costs {
  readonly self: Map<string, number>;
  readonly total: Map<string, number>;
}

const add = (to: Map<string, number>, name: string, us: number): unknown => to.set(name, (to.get(name) ?? 0) + us);

function costsOf(profile: Profiler.Profile): { readonly modules: Map<string, number>; readonly byFunction: Costs } {
  const selfOf = new Map<number, number>();
  for (const [i, id] of (profile.samples ?? []).entries())
    selfOf.set(id, (selfOf.get(id) ?? 0) + Math.max(0, profile.timeDeltas?.[i] ?? 0));
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const modules = new Map<string, number>();
  const byFunction: Costs = { self: new Map(), total: new Map() };

  /** Answers what the subtree took; `above` are the functions that are being counted already. */
  function walk(id: number, above: ReadonlySet<string>): number {
    const node = nodes.get(id);
    if (node === undefined) return 0;
    const place = placeOf(node.callFrame);
    const { functionName, lineNumber } = node.callFrame;
    const name = functionName.startsWith("(")
      ? functionName
      : `${functionName === "" ? `(line ${String(lineNumber + 1)})` : functionName}  ${place}`;
    const own = selfOf.get(id) ?? 0;
    add(modules, place, own);
    add(byFunction.self, name, own);
    const below = above.has(name) ? above : new Set([...above, name]);
    const total = own + (node.children ?? []).reduce((sum, child) => sum + walk(child, below), 0);
    if (!above.has(name) && isOurs(place)) add(byFunction.total, name, total);
    return total;
  }
  const [root] = profile.nodes;
  if (root !== undefined) walk(root.id, new Set());
  return { modules, byFunction };
}

const isIdle = (name: string): boolean => name === "(idle)" || name === "(root)" || name.includes("node:inspector");
/** Time of the process that is no JavaScript: system calls, mostly. */
const RENAMED: Readonly<Record<string, string>> = {
  "(program)": "(system calls and native code)",
  "(garbage collector)": "(garbage collector)",
};

export function summarise({ file, intents, cpuUs }: Profiled): ProfileSummary {
  const profile = JSON.parse(readFileSync(file, "utf8")) as Profiler.Profile;
  rmSync(file);
  const { modules, byFunction } = costsOf(profile);
  const busyUs = [...modules].reduce((sum, [name, us]) => (isIdle(name) ? sum : sum + us), 0);
  const ranked = (costs: ReadonlyMap<string, number>, most: number): readonly Share[] =>
    [...costs]
      .filter(([name, us]) => us > 0 && !isIdle(name))
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(([name, us]) => ({ name: RENAMED[name] ?? name, share: us / busyUs, us: (us / busyUs) * (cpuUs / intents) }));
  const folders = new Map<string, number>();
  for (const [place, us] of modules) add(folders, isOurs(place) ? place.split("/").slice(0, 2).join("/") : place, us);
  return {
    intents,
    us: cpuUs / intents,
    modules: ranked(folders, 25),
    functions: ranked(byFunction.self, 40),
    within: ranked(byFunction.total, 40),
  };
}

const line = ({ name, us, share }: Share): string => `${(100 * share).toFixed(1).padStart(6)} %  ${us.toFixed(1).padStart(7)} µs  ${name}`;

export const describeProfile = ({ intents, us, modules, functions, within }: ProfileSummary): string =>
  [
    `${String(intents)} intents, ${us.toFixed(0)} µs CPU each in the process under test`,
    "",
    "by module, time in its own code:",
    ...modules.map(line),
    "",
    "by function, time in its own code:",
    ...functions.map(line),
    "",
    "by function of ours, time in it and in what it called:",
    ...within.map(line),
  ].join("\n");
