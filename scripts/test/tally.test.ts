import { expect, it } from "vitest";
import { type Report, tally } from "./tally.ts";

const run = (statuses: readonly string[], file = "passed"): Report => ({
  success: !statuses.includes("failed"),
  testResults: [
    {
      name: "a.test.ts",
      status: file,
      message: "",
      assertionResults: statuses.map((status, i) => ({ fullName: `test ${String(i)}`, status })),
    },
  ],
});

it("counts what passed and what failed", () => {
  expect(tally(run(["passed", "failed", "passed"], "failed"), 1)).toMatchObject({ passed: 2, failed: 1 });
  expect(tally(run(["passed"]), 0)).toEqual({ passed: 1, failed: 0, notes: [] });
});

it("fails a run without a test, without a report, or that ended badly although every test passed", () => {
  expect(tally(run([]), 0)).toMatchObject({ failed: 1, notes: ["no test ran"] });
  expect(tally(undefined, 1)).toMatchObject({ passed: 0, failed: 1 });
  expect(tally(run(["passed"]), 1)).toMatchObject({ passed: 1, failed: 1 });
});

it("counts a file that does not load as one failure", () => {
  expect(tally(run([], "failed"), 1)).toMatchObject({ passed: 0, failed: 1 });
});

it("counts skipped and unwritten tests as failed, unless a filter by name left them out", () => {
  expect(tally(run(["passed", "skipped", "todo"]), 0)).toMatchObject({ passed: 1, failed: 2 });
  expect(tally(run(["passed", "skipped"]), 0, { filtered: true })).toMatchObject({ passed: 1, failed: 0 });
});
