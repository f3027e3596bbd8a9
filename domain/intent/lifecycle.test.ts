import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advance, type Happening, IntentRecord, isSettled, isTerminated, submit, type Wanted } from "./lifecycle.ts";
import type { Intent } from "./model.ts";
import type { Order } from "./order.ts";
import { IntentReport, reportOf, stateOf } from "./report.ts";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

const resources = ["a", "b", "c", "d"] as const;
const orderOf = (resource: string): Order => ({
  executioner: "x",
  resource,
  expectationIds: [resource],
  origins: [],
  payload: { resource },
});
const keyOf = ({ executioner, resource }: { executioner: string; resource: string }): string => `${executioner} ${resource}`;

const intentOf = (asked: readonly string[], priority = 1): Intent => ({
  id: "i",
  userLabel: "l",
  intentExpectations: (asked.length === 0 ? ["none"] : asked).map((id) => ({
    expectationId: id,
    expectationVerb: "DELIVER",
    expectationObject: { objectType: "T", objectContexts: [] },
    expectationTargets: [{ targetName: "latency", targetCondition: "IS_LESS_THAN", targetValueRange: 1 }],
    expectationContexts: [],
  })),
  intentContexts: [],
  intentAdminState: "ACTIVATED",
  intentPriority: priority,
});

const asked = (ids: readonly string[], wanted: Wanted = "active", priority = 1) => ({
  intent: intentOf(ids, priority),
  orders: ids.map(orderOf),
  wanted,
});
const executed = (resource: string, submission: number): Happening => ({
  kind: "executed",
  executioner: "x",
  resource,
  submission,
  effect: "created",
  declared: { latency: 0.5 },
});
const failed = (resource: string, submission: number, residue: readonly string[] = []): Happening => ({
  kind: "failed",
  executioner: "x",
  resource,
  submission,
  code: "NO",
  reason: "because",
  residue,
});
const refused = (submission: number): Happening => ({ kind: "refused", submission, code: "NO", reason: "because" });

const first = (ids: readonly string[], wanted: Wanted = "active"): IntentRecord =>
  submit(undefined, { ...asked(ids, wanted), at: at(0) }).record;
const after = (record: IntentRecord, ...news: readonly Happening[]): IntentRecord => news.reduce((r, h) => advance(r, h, at(1)), record);
const again = (record: IntentRecord, ids: readonly string[], wanted: Wanted = "active", priority = 1) =>
  submit(record, { ...asked(ids, wanted, priority), at: at(2) });

describe("an intent's life", () => {
  it("goes from ACKNOWLEDGED over COMPLIANT to FULFILLED as its orders are executed", () => {
    const record = first(["a", "b"]);
    const one = after(record, executed("a", 1));
    const both = after(one, executed("b", 1));
    expect([record, one, both].map(stateOf)).toEqual(["ACKNOWLEDGED", "COMPLIANT", "FULFILLED"]);
    expect([record, one, both].map(isSettled)).toEqual([false, false, true]);
  });

  it("is FULFILMENTFAILED as soon as one order failed, and says why and what was left behind", () => {
    const record = after(first(["a", "b"]), failed("a", 1, ["thing 7"]));
    expect(stateOf(record)).toBe("FULFILMENTFAILED");
    expect(isSettled(record)).toBe(false);
    const { intentFulfilmentReport: report } = reportOf(after(record, executed("b", 1)));
    expect(report.intentFulfilmentInfo).toEqual({
      fulfilmentStatus: "NOT_FULFILLED",
      notFullfilledState: "FULFILMENTFAILED",
      notFulfilledReasons: ["NO: because (left behind: thing 7)"],
    });
    expect(report.expectationFulfilmentResult.map((e) => [e.expectaitonId, e.expectationFulfilmentInfo.fulfilmentStatus])).toEqual([
      ["a", "NOT_FULFILLED"],
      ["b", "FULFILLED"],
    ]);
  });

  it("is refused as a whole, and then waits for nothing", () => {
    const record = after(first(["a"]), { ...refused(1), path: "/intentExpectations/0" } as Happening);
    expect([stateOf(record), isSettled(record), record.refusal]).toEqual([
      "FULFILMENTFAILED",
      true,
      { code: "NO", reason: "because", path: "/intentExpectations/0" },
    ]);
  });

  it("is not refused any more when everything that it asked for was carried out", () => {
    const record = after(first(["a"]), executed("a", 1));
    expect(advance(record, refused(1), at(9))).toBe(record);
  });

  it("withdraws when suspended what it brought about, and applies it anew when activated", () => {
    const record = after(first(["a", "b"]), executed("a", 1), executed("b", 1));
    const suspended = again(record, ["a", "b"], "suspended");
    expect(suspended.retired).toEqual([orderOf("a"), orderOf("b")]);
    const gone = after(suspended.record, executed("a", 2), executed("b", 2));
    expect([stateOf(suspended.record), stateOf(gone), isTerminated(gone)]).toEqual(["ACKNOWLEDGED", "SUSPENDED", false]);
    const back = again(gone, ["a", "b"]);
    expect(back.retired).toEqual([]);
    expect(back.record.orders.map((o) => [o.action, o.order.resource])).toEqual([
      ["apply", "a"],
      ["apply", "b"],
    ]);
  });

  it("is TERMINATED when the last withdrawal is executed, and starts anew as generation 1", () => {
    const record = after(first(["a"]), executed("a", 1));
    const ending = again(record, [], "terminated");
    expect([stateOf(ending.record), isTerminated(ending.record)]).toEqual(["ACKNOWLEDGED", false]);
    const ended = after(ending.record, executed("a", 2));
    expect([stateOf(ended), isTerminated(ended)]).toEqual(["TERMINATED", true]);
    expect(again(ended, ["a"]).record).toMatchObject({ generation: 1, submission: 3 });
  });

  it("is TERMINATED also when its withdrawal was overdue and came after all", () => {
    const record = after(again(after(first(["a"]), executed("a", 1)), [], "terminated").record, refused(2));
    expect(stateOf(record)).toBe("FULFILMENTFAILED");
    expect(stateOf(after(record, executed("a", 2)))).toBe("TERMINATED");
  });

  it("keeps an order whose withdrawal failed, so that the next submission tries again", () => {
    const record = after(
      again(after(first(["a", "b"]), executed("a", 1), executed("b", 1)), ["a"]).record,
      executed("a", 2),
      failed("b", 2, ["b"]),
    );
    expect(again(record, ["a"]).retired).toEqual([orderOf("b")]);
    expect(again(after(again(record, ["a"]).record, executed("b", 3)), ["a"]).retired).toEqual([]);
  });

  it("withdraws also what was only placed or has failed: nobody knows what of it stands", () => {
    expect(again(first(["a"]), ["b"]).retired).toEqual([orderOf("a")]);
    expect(again(after(first(["a"]), failed("a", 1)), ["b"]).retired).toEqual([orderOf("a")]);
  });

  it("keeps its generation when the same is asked again, whatever the order of the keys, and grows it when the meaning changes", () => {
    const record = first(["a"]);
    const { intent, ...rest } = asked(["a"]);
    const shuffled = Object.fromEntries(Object.entries(intent).toReversed()) as unknown as Intent;
    expect(submit(record, { ...rest, intent: shuffled, at: at(3) }).record).toMatchObject({ generation: 1, submission: 2 });
    expect(again(record, ["a"], "active", 2).record).toMatchObject({ generation: 2, submission: 2 });
  });

  it("tells targets as declared by the controller, not as measured", () => {
    const report = reportOf(after(first(["a"]), executed("a", 1)));
    expect(report.intentFulfilmentReport.expectationFulfilmentResult[0]?.targetFulfilmentResult).toEqual([
      {
        targetName: "latency",
        targetFulfilmentInfo: { fulfilmentStatus: "FULFILLED" },
        targetAchievedValue: 0.5,
        targetAchievedValueSource: "DECLARED",
      },
    ]);
  });
});

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
      switch (stateOf(record)) {
        case "FULFILLED":
          return expect([record.wanted, record.refusal, states.every((s) => s === "executed")]).toEqual(["active", undefined, true]);
        case "TERMINATED":
          return expect(isTerminated(record)).toBe(true);
        case "SUSPENDED":
          return expect([record.wanted, states.every((s) => s === "executed")]).toEqual(["suspended", true]);
        case "FULFILMENTFAILED":
          return expect(record.refusal !== undefined || states.includes("failed")).toBe(true);
        default:
          return expect([settled, states.includes("placed")]).toEqual([false, true]);
      }
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
