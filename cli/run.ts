import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { openClient } from "./client.ts";
import type { ExitCode } from "./context.ts";
import { Failure } from "./failure.ts";
import { buildProgram, type GlobalOptions } from "./program.ts";
import { openScreen, type Sink } from "./screen.ts";

/** Of the process, or of a test. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  stdin(): Promise<Buffer>;
  interrupted(): AbortSignal;
}

const DEFAULT_SERVER = "http://127.0.0.1:8080";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

/** One command line, from its words to its exit code. */
export async function run(words: readonly string[], { env, stdout, stderr, stdin, interrupted }: World): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const isWanted = env["NO_COLOR"] === undefined || env["NO_COLOR"] === "";
  const screenOf = (color: boolean) => openScreen({ stdout, stderr, isColoured: color && isWanted && env["TERM"] !== "dumb" });
  const program = buildProgram({
    version,
    stdout,
    stderr,
    async run(command, { server, tokenFile, color }: GlobalOptions) {
      const api = openClient(serverOf(server ?? env["UNDERLAY_URL"]), tokenIn(tokenFile ?? env["UNDERLAY_TOKEN_FILE"]));
      exitCode = await command({ api, screen: screenOf(color), stdin, interrupted });
    },
  });
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    // Commander has said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    const { lines, hint } = error instanceof Failure ? error : new Failure([error instanceof Error ? error.message : String(error)]);
    screenOf(false).warn(...lines, ...(hint === undefined ? [] : [`hint: ${hint}`]));
    return 1;
  }
  return exitCode;
}

/** A token comes from a file: what is in a variable or on the command line, others on the machine can read. */
function tokenIn(file: string | undefined): string | undefined {
  if (file === undefined || file === "") return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Failure(
      [`${file}: ${error instanceof Error ? error.message : String(error)}`],
      "--token-file FILE or UNDERLAY_TOKEN_FILE names the file with your token",
    );
  }
  if (/^[\x21-\x7E]{1,512}$/.test(text)) return text;
  throw new Failure([`${file} does not hold one token`], "one line, without spaces");
}

/** With a slash at the end, so that an API behind a path keeps it. */
export function serverOf(given: string | undefined): URL {
  const text = given === undefined || given === "" ? DEFAULT_SERVER : given;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new Failure([`${text} is not the URL of a server`], `it looks like ${DEFAULT_SERVER}`);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
