import { describe, expect, it } from "vitest";
import { asked, at, executed, failed, orderOf, refused } from "../../test/support/one-intent.ts";
import { advance, type Happening, type IntentRecord, isSettled, isTerminated, submit, type Wanted } from "./lifecycle.ts";
import type { Intent } from "./model.ts";
import { reportOf, stateOf } from "./report.ts";

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
