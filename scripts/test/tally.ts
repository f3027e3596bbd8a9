/** What Vitest's JSON reporter writes, as far as the count needs it. */
export interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What fails the run besides failed tests, in words. */
  readonly notes: readonly string[];
}

/** Counts a run so that it cannot look better than it was: a file that does not load, a skipped test and an empty run are failures. */
export function tally(report: Report | undefined, exitCode: number, { filtered = false } = {}): Tally {
  if (report === undefined) return { passed: 0, failed: 1, notes: ["vitest left no report"] };
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === "passed").length;
  const broken = tests.filter(({ status }) => status === "failed").length;
  const suites = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
  );
  // A filter by name leaves everything else out on purpose.
  const skipped = filtered ? [] : tests.filter(({ status }) => status !== "passed" && status !== "failed");
  const notes = [
    ...suites.map(({ name, message }) => `suite failed: ${name}${message === "" ? "" : `: ${message.split("\n")[0] ?? ""}`}`),
    ...skipped.map(({ fullName }) => `skipped, which counts as failed: ${fullName}`),
  ];
  const counted = broken + suites.length + skipped.length;
  if (passed + counted === 0) return { passed, failed: 1, notes: [...notes, "no test ran"] };
  if (counted === 0 && (exitCode !== 0 || !report.success))
    return { passed, failed: 1, notes: ["every test passed, and the run itself failed: see above"] };
  return { passed, failed: counted, notes };
}
