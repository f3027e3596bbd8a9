import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { delimiter, join, relative } from "node:path";

/** What a gate found. It passes when there is nothing to say and it looked at something. */
export interface Finding {
  readonly looked: number;
  readonly at: string;
  readonly problems: string;
}

/** What a finding has against the tree; empty when the gate passes. */
export const verdict = ({ looked, problems }: Finding): string => (problems === "" && looked === 0 ? "it looked at nothing" : problems);

export interface Gate {
  readonly name: string;
  readonly run: (root: string) => Promise<Finding>;
}

const FOLDERS = ["cli", "domain", "events", "functions", "lab", "load", "runtime", "scripts", "services", "state", "test"];
const BIN = join(import.meta.dirname, "../../node_modules/.bin");

/** Every source file that a gate has to have looked at; asked before the tool runs, so that a file written meanwhile is no fault. */
const sources = (root: string): readonly string[] =>
  globSync(`{${FOLDERS.join(",")}}/**/*.ts`, { cwd: root }).filter((path) => !path.endsWith(".d.ts"));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly all: string;
}

async function run(root: string, tool: string, ...args: readonly string[]): Promise<Ran> {
  // The tools' own first line asks for `node`: ours comes first, whoever calls.
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env["PATH"] ?? ""}`, NO_COLOR: "1", FORCE_COLOR: undefined };
  const child = spawn(join(BIN, tool), args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const all: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    out.push(chunk);
    all.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => all.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, out: Buffer.concat(out).toString(), all: Buffer.concat(all).toString().trim() };
}

const failing = ({ code, all }: Ran): string => (code === 0 ? "" : all === "" ? `exit code ${String(code)}, and not a word` : all);
const count = (pattern: RegExp, text: string): number => Number(pattern.exec(text)?.[1] ?? 0);

/** Names what should have been looked at and was not: a tool that sees less than there is stays green for ever. */
function overlooked(expected: readonly string[], seen: ReadonlySet<string>): string {
  const missed = expected.filter((path) => !seen.has(path));
  return missed.length === 0 ? "" : `${String(missed.length)} files were not looked at:\n${missed.map((path) => `  ${path}`).join("\n")}`;
}

const fewer = (looked: number, expected: readonly string[]): string =>
  looked < expected.length ? `${String(looked)} files were looked at, and there are ${String(expected.length)}` : "";

const joined = (...problems: readonly string[]): string => problems.filter((text) => text !== "").join("\n");

const format: Gate = {
  name: "format",
  async run(root) {
    const ran = await run(root, "oxfmt", "--check");
    const looked = count(/on (\d+) files/, ran.all);
    return { looked, at: `${String(looked)} files`, problems: failing(ran) };
  },
};

const lint: Gate = {
  name: "lint",
  async run(root) {
    const expected = sources(root);
    const ran = await run(root, "oxlint", "--type-aware", "--deny-warnings", "--report-unused-disable-directives");
    const looked = count(/on (\d+) files/, ran.all);
    return {
      looked,
      at: `${String(looked)} files, ${String(count(/with (\d+) rules/, ran.all))} rules`,
      problems: joined(failing(ran), fewer(looked, expected)),
    };
  },
};

const types: Gate = {
  name: "types",
  async run(root) {
    const expected = sources(root);
    const { code, out, all } = await run(root, "tsc", "--noEmit", "--pretty", "false", "--listFiles");
    const isFile = (line: string): boolean => line.startsWith("/") || /^[A-Za-z]:[/\\]/.test(line);
    const listed = out
      .split("\n")
      .filter(isFile)
      .map((path) => relative(root, path.trim()));
    const seen = new Set(listed.filter((path) => !path.includes("node_modules")));
    const said = all
      .split("\n")
      .filter((line) => !isFile(line))
      .join("\n");
    return {
      looked: seen.size,
      at: `${String(seen.size)} files`,
      problems: joined(failing({ code, out, all: said }), overlooked(expected, seen)),
    };
  },
};

interface Cruise {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly unknown[] }[];
  readonly summary: {
    readonly error: number;
    readonly ruleSetUsed?: { readonly forbidden?: readonly unknown[] };
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[];
  };
}

const directions: Gate = {
  name: "directions",
  async run(root) {
    const expected = sources(root);
    const folders = FOLDERS.filter((folder) => globSync(`${folder}/**/*.{ts,js}`, { cwd: root }).length > 0);
    const ran = await run(root, "depcruise", "--output-type", "json", ...folders);
    if (!ran.out.startsWith("{")) return { looked: 0, at: "nothing", problems: failing(ran) };
    const { modules, summary } = JSON.parse(ran.out) as Cruise;
    const seen = new Set(modules.map(({ source }) => source));
    const own = modules.filter(
      ({ source }) => !source.includes("node_modules") && folders.some((folder) => source.startsWith(`${folder}/`)),
    );
    const rules = summary.ruleSetUsed?.forbidden?.length ?? 0;
    const said = summary.violations.map(({ from, to, rule }) => (from === to ? `${rule.name}: ${from}` : `${rule.name}: ${from} → ${to}`));
    const noRules = rules === 0 ? "there are no rules" : "";
    const silent = ran.code !== 0 && said.length === 0 ? failing(ran) : "";
    return {
      looked: own.length,
      at: `${String(own.length)} modules, ${String(own.reduce((sum, { dependencies }) => sum + dependencies.length, 0))} imports, ${String(rules)} rules`,
      problems: joined(...said, noRules, silent, overlooked(expected, seen)),
    };
  },
};

const deadCode: Gate = {
  name: "dead code",
  async run(root) {
    const expected = sources(root);
    const counter = join(import.meta.dirname, "knip-count.ts");
    const ran = await run(root, "knip", "--no-progress", "--reporter", "symbols", "--reporter", counter);
    const looked = count(/looked at \d+ of (\d+) files/, ran.out);
    return { looked, at: `${String(looked)} files`, problems: joined(failing(ran), fewer(looked, expected)) };
  },
};

const generated: Gate = {
  name: "generated",
  async run(root) {
    const { drift } = await import("../gen.ts");
    const { files, drifts } = await drift(root);
    const said = drifts.map(({ path, state }) => `${state}: ${path}`);
    return {
      looked: files,
      at: `${String(files)} files`,
      problems: said.length === 0 ? "" : joined(...said, "npm run gen, and commit what it writes"),
    };
  },
};

/** The long ones first, so that two cores end together. */
export const gates: readonly Gate[] = [lint, types, deadCode, directions, generated, format];
