import { describe, expect, it } from "vitest";
import { openLedger } from "./ledger.ts";

describe("the ledger", () => {
  it("numbers its entries, dates them and never rewrites one", () => {
    const ledger = openLedger(() => 0);
    ledger.enter("tfs", "created", "service/a", "bare");
    const before = ledger.entries();
    ledger.enter("tfs", "changed", "service/a");
    expect(before).toEqual([
      { seq: 1, at: "1970-01-01T00:00:00.000Z", peer: "tfs", effect: "created", object: "service/a", detail: "bare" },
    ]);
    expect(ledger.entries().map((e) => e.seq)).toEqual([1, 2]);
  });

  it("has in its inventory what was created and not removed, by peer", () => {
    const ledger = openLedger();
    ledger.enter("cluster:one", "created", "l2networks/default/a");
    ledger.enter("cluster:two", "created", "l2networks/default/a");
    ledger.enter("cluster:one", "removed", "l2networks/default/a");
    expect(ledger.objects()).toEqual([{ peer: "cluster:two", object: "l2networks/default/a" }]);
  });

  it("counts requests apart from effects", () => {
    const ledger = openLedger();
    ledger.requested("tfs", "tfs-api.get");
    ledger.requested("tfs", "tfs-api.get");
    ledger.crashed("l2sm-md");
    expect(ledger.counters()).toEqual({ requests: { tfs: { "tfs-api.get": 2 } }, crashes: { "l2sm-md": 1 } });
    expect(ledger.entries()).toEqual([]);
  });

  it("is empty after a reset", () => {
    const ledger = openLedger();
    ledger.enter("tfs", "created", "service/a");
    ledger.requested("tfs", "tfs-api.create");
    ledger.reset();
    expect([ledger.entries(), ledger.objects(), ledger.counters()]).toEqual([[], [], { requests: {}, crashes: {} }]);
  });
});
