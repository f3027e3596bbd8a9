import { readFile, stat } from "node:fs/promises";
import type { Read, TextFault } from "../../domain/tsn/formats/text.ts";
import { Failure } from "../failure.ts";

/** A schedule of 10,000 streams over a thousand bridges is two thirds of this, as `plan -o json` prints it. */
const MAX_MIB = 64;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "may not be read",
  ENOTDIR: "no such file",
  EISDIR: "is a directory",
};

/** A file's text, or stdin's for `-`. */
export async function readText(file: string, stdin: () => Promise<Buffer>): Promise<string> {
  const bytes = file === "-" ? await stdin() : await bytesOf(file);
  if (bytes.length > MAX_MIB << 20) throw tooLarge(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Failure([`${nameOf(file)}: is no text in UTF-8`], "save it as UTF-8, or look whether it is the right file");
  }
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    if ((await stat(file)).size > MAX_MIB << 20) throw tooLarge(file);
    return await readFile(file);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new Failure(
      [`${file}: ${reasons[code] ?? (error instanceof Error ? error.message : String(error))}`],
      "`underlay tsn --help` shows what each option takes",
    );
  }
}

const tooLarge = (file: string): Failure =>
  new Failure([`${nameOf(file)}: is larger than the ${String(MAX_MIB)} MiB that are read`], "plan a part of the network at a time");

export const nameOf = (file: string): string => (file === "-" ? "stdin" : file);

/** `FILE:LINE:COLUMN: PLACE: what is wrong`, which editors can follow. */
export const faultLines = (file: string, faults: readonly TextFault[]): readonly string[] =>
  faults.map(({ line, column, path, reason }) => {
    const place = path === undefined || path === "" ? "" : `${path}: `;
    return `${nameOf(file)}:${String(line)}:${String(column)}: ${place}${reason}`;
  });

/** What was read, or a failure that names every place. */
export function must<T>(file: string, read: Read<T>, hint: string): T {
  if (read.ok) return read.value;
  throw new Failure(faultLines(file, read.faults), hint);
}
