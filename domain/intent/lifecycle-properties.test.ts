import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asked, at, executed, failed, intentOf, keyOf, refused, resources } from "../../test/support/one-intent.ts";
import { advance, type Happening, IntentRecord, isSettled, isTerminated, submit } from "./lifecycle.ts";
import { IntentReport, reportOf, stateOf } from "./report.ts";

const ids = fc.subarray([...resources]);
const news = fc.record({
  resource: fc.constantFrom(...resources, "strange"),
  /** 0: of the submission under way, 1: of the one before, -1: of one that this record does not know of yet. */
  behind: fc.constantFrom(0, 0, 0, 0, 1, 2, -1),
  kind: fc.constantFrom("executed", "executed", "executed", "failed", "refused"),
});
const action = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("submit" as const), ids, priority: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("suspend" as const), ids }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("terminate" as const) }) },
  { weight: 8, arbitrary: news.map((told) => ({ do: "tell" as const, told })) },
);
type Doing = typeof action extends fc.Arbitrary<infer T> ? T : never;

const happeningOf = ({ resource, behind, kind }: { resource: string; behind: number; kind: string }, submission: number): Happening => {
  const of = submission - behind;
  return kind === "executed" ? executed(resource, of) : kind === "failed" ? failed(resource, of, ["something"]) : refused(of);
};

/** What an outsider knows who watched it all: what may stand on a controller. Written without a look at the record. */
function follow(mayStand: Set<string>, before: IntentRecord, happening: Happening): void {
  if (happening.kind !== "executed" || happening.submission !== before.submission) return;
  const asked = before.orders.find((o) => keyOf(o.order) === keyOf(happening));
  if (asked?.action === "withdraw" && asked.state !== "failed") mayStand.delete(keyOf(happening));
}

describe("whatever is asked of an intent and happens to it", () => {
  const run = (
    doings: readonly Doing[],
    check: (seen: { before: IntentRecord | undefined; record: IntentRecord; doing: Doing; mayStand: ReadonlySet<string> }) => void,
  ) => {
    const mayStand = new Set<string>();
    let record: IntentRecord | undefined;
    let second = 0;
    for (const doing of doings) {
      second += 1;
      const before: IntentRecord | undefined = record;
      if (doing.do === "tell") {
        if (before === undefined) continue;
        const happening = happeningOf(doing.told, before.submission);
        follow(mayStand, before, happening);
        record = advance(before, happening, at(second));
      } else {
        const wanted = doing.do === "submit" ? "active" : doing.do === "suspend" ? "suspended" : "terminated";
        const now =
          doing.do === "terminate"
            ? { intent: before?.intent ?? intentOf([]), orders: [] }
            : asked(doing.ids, wanted, "priority" in doing ? doing.priority : 1);
        const submission = submit(before, { ...now, wanted, at: at(second) });
        record = submission.record;
        if (wanted === "active") for (const order of now.orders) mayStand.add(keyOf(order));
        const placed = record.orders.filter((o) => o.action === "withdraw").map((o) => o.order);
        expect(submission.retired).toEqual(placed);
      }
      check({ before, record, doing, mayStand });
    }
  };
  const holds = (check: Parameters<typeof run>[1]) => {
    let seen = 0;
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (doings) =>
        run(doings, (state) => {
          seen += 1;
          check(state);
        }),
      ),
      { numRuns: 500 },
    );
    expect(seen).toBeGreaterThan(1_000);
  };

  it("forgets nothing that may stand: it is among the orders until its withdrawal is executed", () => {
    holds(({ record, mayStand }) => {
      const known = new Set(record.orders.map((o) => keyOf(o.order)));
      expect([...mayStand].filter((key) => !known.has(key))).toEqual([]);
      if (isTerminated(record)) expect([...mayStand]).toEqual([]);
    });
  });

  it("has every resource among its orders once", () => {
    holds(({ record }) => expect(new Set(record.orders.map((o) => keyOf(o.order))).size).toBe(record.orders.length));
  });

  it("counts every submission, and a generation for every change of meaning", () => {
    holds(({ before, record, doing }) => {
      if (doing.do === "tell") return expect([record.submission, record.generation]).toEqual([before?.submission, before?.generation]);
      expect(record.submission).toBe((before?.submission ?? 0) + 1);
      const isSame = JSON.stringify(record.intent) === JSON.stringify(before?.intent);
      expect(record.generation).toBe(before === undefined || isTerminated(before) ? 1 : before.generation + (isSame ? 0 : 1));
    });
  });

  it("is not moved by news of another submission, or of something that it never asked for", () => {
    holds(({ before, record, doing }) => {
      if (doing.do !== "tell" || before === undefined) return;
      if (doing.told.behind !== 0 || (doing.told.resource === "strange" && doing.told.kind !== "refused")) expect(record).toBe(before);
    });
  });

  it("is told the same news again without effect", () => {
    holds(({ before, record, doing }) => {
      if (doing.do === "tell" && before !== undefined)
        expect(advance(record, happeningOf(doing.told, record.submission), at(59))).toBe(record);
    });
  });

  it("never leaves a settled state, but for TERMINATED, until something is asked again", () => {
    holds(({ before, record, doing }) => {
      if (doing.do !== "tell" || before === undefined || !isSettled(before)) return;
      expect(isSettled(record)).toBe(true);
      if (!isTerminated(record)) expect(stateOf(record)).toBe(stateOf(before));
    });
  });

  it("is in a state that its orders bear out", () => {
    holds(({ record }) => {
      const states = record.orders.map((o) => o.state);
      const settled = record.refusal !== undefined || !states.includes("placed");
      expect(isSettled(record)).toBe(settled);
      const isDone = states.every((s) => s === "executed") && record.refusal === undefined;
      const bearsOut: Readonly<Record<ReturnType<typeof stateOf>, boolean>> = {
        FULFILLED: record.wanted === "active" && isDone,
        SUSPENDED: record.wanted === "suspended" && isDone,
        TERMINATED: isTerminated(record),
        FULFILMENTFAILED: record.refusal !== undefined || states.includes("failed"),
        ACKNOWLEDGED: !settled && !states.includes("executed"),
        COMPLIANT: !settled && states.includes("executed"),
        DEGRADED: false,
      };
      expect([stateOf(record), bearsOut[stateOf(record)]]).toEqual([stateOf(record), true]);
    });
  });

  it("always has a record and a report that their schemas take", () => {
    holds(({ record }) => {
      expect(IntentRecord.parse(record)).toEqual(record);
      const report = reportOf(record);
      expect(IntentReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
      const { fulfilmentStatus, notFullfilledState } = report.intentFulfilmentReport.intentFulfilmentInfo;
      expect(fulfilmentStatus === "FULFILLED" ? "FULFILLED" : notFullfilledState).toBe(stateOf(record));
    });
  });
});
