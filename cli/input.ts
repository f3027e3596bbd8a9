import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "./failure.ts";

/** One file as it was given; what is in it is for the API to say. */
export interface Input {
  readonly file: string;
  readonly bytes: Buffer;
}

const STDIN = "-";
const isIntentFile = (name: string): boolean => /\.(yaml|yml|json)$/i.test(name);

/** Files, directories (what is directly in them: *.yaml, *.yml and *.json by name) and `-` for stdin, in the order given. */
export async function readInputs(given: readonly string[], stdin: () => Promise<Buffer>): Promise<readonly Input[]> {
  if (given.indexOf(STDIN) !== given.lastIndexOf(STDIN)) throw new Failure(["- was given twice, and there is one stdin"]);
  const inputs: Input[] = [];
  const lines: string[] = [];
  for (const name of given) {
    try {
      if (name === STDIN) inputs.push({ file: "stdin", bytes: await stdin() });
      else for (const file of await filesOf(name)) inputs.push({ file, bytes: await readFile(file) });
    } catch (error) {
      lines.push(`${name}: ${reasonOf(error)}`);
    }
  }
  if (lines.length > 0) throw new Failure(lines, "-f takes files, directories with *.yaml, *.yml or *.json in them, and - for stdin");
  return inputs;
}

async function filesOf(name: string): Promise<readonly string[]> {
  if (!(await stat(name)).isDirectory()) return [name];
  const inside = (await readdir(name, { withFileTypes: true })).filter((entry) => !entry.isDirectory() && isIntentFile(entry.name));
  if (inside.length === 0) throw new Failure(["no *.yaml, *.yml or *.json in it"]);
  return inside
    .map((entry) => entry.name)
    .toSorted()
    .map((entry) => join(name, entry));
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "may not be read",
  ENOTDIR: "no such file",
  EISDIR: "is a directory",
};

/** Why a file cannot be read, in a person's words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return reasons[code] ?? error.message;
}
