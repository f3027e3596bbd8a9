import type { Problem, ProblemDetails } from "./wire.ts";

/** What ends the command with exit code 1: told on stderr in these lines, never as a stack. */
export class Failure extends Error {
  readonly lines: readonly string[];
  readonly hint: string | undefined;

  constructor(lines: readonly string[], hint?: string) {
    super(lines.join("\n"));
    this.lines = lines;
    this.hint = hint;
  }
}

/** There is no API at the other end, or none that answers. */
export class Unreachable extends Failure {}

/** The API answered, and it was a problem. */
export class Refused extends Failure {
  readonly details: ProblemDetails;

  constructor(details: ProblemDetails) {
    super(problemLines(undefined, details), hints[details.code]);
    this.details = details;
  }
}

const hints: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: "--token-file FILE or UNDERLAY_TOKEN_FILE names the file with your token",
  BROKER_UNAVAILABLE: "the system runs and its broker does not answer; try again soon",
  INTERNAL: "the log of the system says more",
  PROBES_OFF: "the lab of `npm start` has agents; elsewhere PROBE_AGENTS_FILE and PROBE_TOKEN_FILE name them (docs/probes.md)",
  LAB_OFF: "the lab runs with `npm start`, unless CONTROLLERS_FILE or LAB=off says otherwise",
};

const isPassing = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** Worth another try while there is time: what is away now may come back. */
export const mayPass = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof Refused && isPassing(error.details.status));

/** One line a problem: `FILE: document 2, line 14, /Intent/intentExpectations/0: CODE: reason`. */
export function problemLines(file: string | undefined, { code, detail, title, problems = [] }: ProblemDetails): readonly string[] {
  const from = file === undefined ? "" : `${file}: `;
  if (problems.length === 0) return [`${from}${code}: ${detail ?? title}`];
  return problems.map((problem) => `${from}${placeOf(problem)}: ${problem.code}: ${problem.reason}`);
}

const placeOf = ({ document, line, path }: Problem): string =>
  [`document ${String(document)}`, ...(line === undefined ? [] : [`line ${String(line)}`]), ...(path === undefined ? [] : [path])].join(
    ", ",
  );
