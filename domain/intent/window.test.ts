import { describe, expect, it } from "vitest";
import { asked, at, executed, failed, orderOf } from "../../test/support/one-intent.ts";
import { advance, expected, type IntentRecord, isSettled, submit } from "./lifecycle.ts";
import type { Order } from "./order.ts";
import { stateOf } from "./report.ts";
import { undo } from "./saga.ts";
import { nextTurn, startable, turned, turnedOrders } from "./window.ts";

const windowed = (resource: string, from?: number, until?: number): Order => ({
  ...orderOf(resource),
  window: { ...(from === undefined ? {} : { from: at(from) }), ...(until === undefined ? {} : { until: at(until) }) },
});
const submitted = (...orders: readonly Order[]): IntentRecord =>
  submit(undefined, { ...asked(orders.map((o) => o.resource)), orders, at: at(0) }).record;
const states = (record: IntentRecord) => record.orders.map((o) => `${o.action} ${o.order.resource} ${o.state}`);

describe("an order with a window", () => {
  it("waits for its start, and meanwhile its intent is settled and nothing of it is expected anywhere", () => {
    const record = submitted(windowed("a", 10), orderOf("b"));
    expect(states(record)).toEqual(["apply a waiting", "apply b placed"]);
    const settled = advance(record, executed("b", 1), at(1));
    expect([isSettled(settled), stateOf(settled), expected(settled).map((o) => o.resource), nextTurn(settled)]).toEqual([
      true,
      "COMPLIANT",
      ["b"],
      at(10),
    ]);
    expect(turned(settled, at(9))).toBe(settled);
  });

  it("is asked for when its start has come, in the same submission, and is whole then", () => {
    const record = submitted(windowed("a", 10));
    expect([stateOf(record), startable([windowed("a", 10), orderOf("b")], at(9)).map((o) => o.resource)]).toEqual(["ACKNOWLEDGED", ["b"]]);
    const opened = turned(record, at(10));
    expect([opened.submission, states(opened), turnedOrders(record, opened)]).toMatchObject([
      1,
      ["apply a placed"],
      [{ index: 0, action: "apply", order: { resource: "a" } }],
    ]);
    expect(stateOf(advance(opened, executed("a", 1), at(11)))).toBe("FULFILLED");
    expect(turned(opened, at(10))).toBe(opened);
  });

  it("is taken back when its window is over, in a submission of its own, and the rest of the intent stays", () => {
    const record = [executed("a", 1), executed("b", 1)].reduce(
      (r, h) => advance(r, h, at(1)),
      submitted(windowed("a", undefined, 20), orderOf("b")),
    );
    expect([nextTurn(record), turned(record, at(19))]).toEqual([at(20), record]);
    const closing = turned(record, at(20));
    expect([closing.submission, states(closing), turnedOrders(record, closing).map((o) => o.index)]).toEqual([
      2,
      ["withdraw a placed", "apply b executed"],
      [0],
    ]);
    const closed = advance(closing, executed("a", 2), at(21));
    expect([isSettled(closed), expected(closed).map((o) => o.resource), nextTurn(closed)]).toEqual([true, ["b"], undefined]);
    expect(turned(closed, at(30))).toBe(closed);
  });

  it("is taken note of also when a clock that runs ahead had it carried out already", () => {
    expect(states(advance(submitted(windowed("a", 10)), executed("a", 1), at(9)))).toEqual(["apply a executed"]);
  });

  it("never comes about when another order of the intent fails before its start", () => {
    const record = submitted(windowed("a", 10), orderOf("b"), orderOf("c"));
    const failing = [executed("b", 1), failed("c", 1)].reduce((r, h) => advance(r, h, at(1)), record);
    const undoing = undo(failing, at(1));
    expect(undoing && states(undoing)).toEqual(["withdraw a executed", "withdraw b placed", "apply c failed"]);
    expect(undoing && nextTurn(undoing)).toBeUndefined();
  });

  it("is not asked for when its intent was suspended or terminated meanwhile", () => {
    const record = submitted(windowed("a", 10));
    const { record: ending } = submit(record, { ...asked([]), wanted: "terminated", at: at(5) });
    expect([nextTurn(ending), turned(ending, at(10))]).toEqual([undefined, ending]);
  });
});
