import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asked, at, executed, failed, intentOf, orderOf, refused, resources } from "../../test/support/one-intent.ts";
import { advance, type Happening, type IntentRecord, isSettled, isTerminated, submit } from "./lifecycle.ts";
import type { Order } from "./order.ts";
import { reportOf, stateOf } from "./report.ts";
import { nextToUndo, undo } from "./saga.ts";

const first = (...ids: string[]): IntentRecord => submit(undefined, { ...asked(ids), at: at(0) }).record;
const told = (record: IntentRecord, ...news: readonly Happening[]): IntentRecord =>
  news.reduce((r, h) => undo(advance(r, h, at(1)), at(1)) ?? advance(r, h, at(1)), record);
const left = (record: IntentRecord): readonly string[] =>
  record.orders.filter((r) => r.state === "placed").map((r) => `${r.action} ${r.order.resource}`);

describe("an intent that fails in part", () => {
  it("waits for all of its orders before it takes any back", () => {
    const record = told(first("a", "b", "c"), executed("a", 1), failed("b", 1));
    expect([record.submission, left(record), nextToUndo(record)]).toEqual([1, ["apply c"], undefined]);
  });

  it("takes back what was carried out, the last first, one after the other", () => {
    let record = told(first("a", "b", "c"), executed("a", 1), failed("b", 1), executed("c", 1));
    expect([record.submission, left(record)]).toEqual([2, ["withdraw a", "withdraw c"]]);
    expect(nextToUndo(record)).toMatchObject({ index: 2, action: "withdraw", order: { resource: "c" } });
    record = told(record, executed("c", 2));
    expect(nextToUndo(record)).toMatchObject({ index: 0, action: "withdraw", order: { resource: "a" } });
    record = told(record, executed("a", 2));
    expect([nextToUndo(record), isSettled(record), stateOf(record)]).toEqual([undefined, true, "FULFILMENTFAILED"]);
  });

  it("is reported as failed all the way, with the reason of the one that failed and that the others were undone", () => {
    const under = told(first("a", "b"), executed("a", 1), failed("b", 1));
    const over = told(under, executed("a", 2));
    expect([stateOf(under), isSettled(under), stateOf(over), isSettled(over)]).toEqual([
      "FULFILMENTFAILED",
      false,
      "FULFILMENTFAILED",
      true,
    ]);
    const { intentFulfilmentInfo, expectationFulfilmentResult } = reportOf(over).intentFulfilmentReport;
    expect(intentFulfilmentInfo.notFulfilledReasons).toEqual([
      "NO: because",
      "UNDONE: the intent failed in part, and what it had changed was taken back",
    ]);
    expect(expectationFulfilmentResult.map((e) => e.expectationFulfilmentInfo.notFulfilledReasons)).toEqual([
      ["UNDONE: the intent failed in part, and what it had changed was taken back"],
      ["NO: because"],
    ]);
  });

  it("says what could not be undone either, and still undoes the rest", () => {
    let record = told(first("a", "b", "c"), executed("a", 1), executed("b", 1), failed("c", 1));
    record = told(record, failed("b", 2, ["b of ours"]));
    expect(left(record)).toEqual(["withdraw a"]);
    record = told(record, executed("a", 2));
    expect(reportOf(record).intentFulfilmentReport.intentFulfilmentInfo.notFulfilledReasons).toContain(
      "NO: because (left behind: b of ours)",
    );
    expect(submit(record, { ...asked([]), wanted: "terminated", at: at(3) }).retired.map((o) => o.resource)).toContain("b");
  });

  it("goes back to what stood before it, for what it had changed or withdrawn", () => {
    const before = told(first("a", "b"), executed("a", 1), executed("b", 1));
    const changed: Order = { ...orderOf("a"), payload: { resource: "a", as: "changed" } };
    const { record } = submit(before, { intent: intentOf(["a", "c"]), orders: [changed, orderOf("c")], wanted: "active", at: at(2) });
    const over = told(
      record,
      { ...executed("a", 2), effect: "changed" } as Happening,
      { ...executed("b", 2), effect: "removed" } as Happening,
      failed("c", 2),
    );
    expect(over.orders.map((r) => [r.action, r.order, r.state])).toEqual([
      ["apply", orderOf("a"), "placed"],
      ["apply", orderOf("c"), "failed"],
      ["apply", orderOf("b"), "placed"],
    ]);
  });

  it("takes back also what nobody brings news of, when it is given up", () => {
    const record = told(first("a", "b"), executed("a", 1), refused(1));
    expect([record.submission, left(record)]).toEqual([2, ["withdraw a", "withdraw b"]]);
    expect(told(record, executed("b", 1))).toBe(record);
  });

  it("gives up in the end, when nobody brings news of the undoing either", () => {
    const record = told(first("a", "b"), executed("a", 1), failed("b", 1), refused(2));
    expect([isSettled(record), nextToUndo(record), stateOf(record)]).toEqual([true, undefined, "FULFILMENTFAILED"]);
  });

  it("has nothing to undo where its only order failed whole, where all is well, and where it was to go anyway", () => {
    expect(undo(advance(first("a"), failed("a", 1), at(1)), at(1))).toBeUndefined();
    expect(undo(advance(first("a"), executed("a", 1), at(1)), at(1))).toBeUndefined();
    const ending = submit(told(first("a", "b"), executed("a", 1), executed("b", 1)), {
      ...asked([]),
      wanted: "terminated",
      at: at(2),
    }).record;
    const stuck = told(ending, executed("a", 2), failed("b", 2, ["b"]));
    expect([stuck.submission, isTerminated(stuck)]).toEqual([2, false]);
  });

  it("starts afresh when it is asked again", () => {
    const over = told(first("a", "b"), executed("a", 1), failed("b", 1), executed("a", 2));
    const { record, retired } = submit(over, { ...asked(["a", "b"]), at: at(4) });
    expect([record.submission, record.undoing, retired, stateOf(told(record, executed("a", 3), executed("b", 3)))]).toEqual([
      3,
      undefined,
      [],
      "FULFILLED",
    ]);
  });
});

/** What happens to one order on its controller: carried out, refused, refused with something left, or carried out but never told of. */
const fate = fc.constantFrom("done", "done", "done", "refused", "residue", "lost", "lost-undone");
const version = fc.constantFrom(1, 2);
const wish = fc.dictionary(fc.constantFrom(...resources), version, { maxKeys: 4 });

describe("whatever happens to the orders of a submission", () => {
  const ordersOf = (wanted: Readonly<Record<string, number>>): Order[] =>
    Object.entries(wanted).map(([resource, v]) => ({ ...orderOf(resource), payload: { v } }));

  it("leaves the controllers as they were before, or as it asked", () => {
    let failures = 0;
    fc.assert(
      fc.property(wish, wish, fc.array(fate, { minLength: 8, maxLength: 8 }), (was, wanted, fates) => {
        const world = new Map<string, unknown>();
        const carryOut = ({ action, order }: { action: string; order: Order }): Happening => {
          const had = world.get(order.resource);
          if (action === "apply") world.set(order.resource, order.payload["v"]);
          else world.delete(order.resource);
          const effect =
            action === "withdraw"
              ? had === undefined
                ? "absent"
                : "removed"
              : had === undefined
                ? "created"
                : had === order.payload["v"]
                  ? "unchanged"
                  : "changed";
          return { kind: "executed", executioner: "x", resource: order.resource, submission: record.submission, effect, declared: {} };
        };
        let record = submit(undefined, { intent: intentOf(Object.keys(was)), orders: ordersOf(was), wanted: "active", at: at(0) }).record;
        for (const placed of record.orders) record = advance(record, carryOut(placed), at(0));
        const before = new Map(world);

        record = submit(record, { intent: intentOf(Object.keys(wanted)), orders: ordersOf(wanted), wanted: "active", at: at(1) }).record;
        const news = record.orders.flatMap((placed, i): Happening[] => {
          switch (fates[i]) {
            case "done":
              return [carryOut(placed)];
            case "refused":
              return [failed(placed.order.resource, 2)];
            case "residue":
              if (placed.action === "apply") world.set(placed.order.resource, "half");
              return [failed(placed.order.resource, 2, ["half"])];
            case "lost":
              carryOut(placed);
              return [];
            case "lost-undone":
            case undefined:
            default:
              return [];
          }
        });
        for (const happening of [...news, refused(2)]) record = advance(record, happening, at(2));
        const undone = undo(record, at(3));
        if (undone !== undefined) failures += 1;
        record = undone ?? record;
        for (let next = nextToUndo(record); next !== undefined; next = nextToUndo(record)) record = advance(record, carryOut(next), at(4));
        expect(isSettled(record)).toBe(true);
        expect(world).toEqual(stateOf(record) === "FULFILLED" ? new Map(Object.entries(wanted)) : before);
      }),
      { numRuns: 1_000 },
    );
    expect(failures).toBeGreaterThan(300);
  });
});
