import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { problems } from "../../test/support/tsn-problems.ts";
import { admit, plan, remove, validate } from "./operations.ts";
import { Verdict } from "./schedule.ts";
import { checkCertificate } from "./verify/certificate.ts";

const options = { seed: 3, iterationBudget: 300 };

describe("plan", () => {
  it("emits no schedule, whole or partial, in which the verifier finds a fault, and no proof that the checker does not confirm", () => {
    const seen = { scheduled: 0, infeasible: 0, undecided: 0 };
    fc.assert(
      fc.property(problems(), (problem) => {
        const planned = plan(problem, options);
        if (!planned.ok) throw new Error(planned.reason);
        const verdict = planned.value;
        seen[verdict.verdict] += 1;
        if (verdict.verdict === "infeasible") expect(checkCertificate(problem, verdict.certificate)).toMatchObject({ holds: true });
        else if (verdict.verdict === "scheduled") expect(validate(problem, verdict.schedule)).toEqual([]);
        else {
          const left = new Set(verdict.unscheduled);
          expect(validate({ ...problem, streams: problem.streams.filter((s) => !left.has(s.id)) }, verdict.best)).toEqual([]);
        }
      }),
      { numRuns: Number(process.env["TSN_RUNS"] ?? 150) },
    );
    expect(seen.scheduled).toBeGreaterThan(20);
    expect(seen.infeasible).toBeGreaterThan(5);
  });
});
