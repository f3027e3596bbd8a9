import { expect, it } from "vitest";
import { openGate } from "./gate.ts";

function gated(answers: readonly boolean[]) {
  const stop = new AbortController();
  const seen = { asked: 0, waits: 0 };
  const isReady = () => Promise.resolve(answers[(seen.asked += 1) - 1] ?? true);
  return { stop, seen, gate: openGate(isReady, stop.signal, () => (seen.waits += 1)) };
}

it("lets everybody through until somebody found nobody there", async () => {
  const { gate, seen } = gated([]);
  expect(await gate.open()).toBe(true);
  expect(seen.asked).toBe(0);
});

it("asks on behalf of all who wait, until the function is ready, and says once that it is not", async () => {
  const { gate, seen } = gated([false, false, true]);
  gate.shut();
  gate.shut();
  expect(await Promise.all([gate.open(), gate.open()])).toEqual([true, true]);
  expect(seen).toEqual({ asked: 3, waits: 1 });
  expect(await gate.open()).toBe(true);
  expect(seen.asked).toBe(3);
});

it("sends who waits away when the bridge stops", async () => {
  const { gate, stop, seen } = gated(Array.from({ length: 100 }, () => false));
  gate.shut();
  const waiting = gate.open();
  stop.abort();
  expect(await waiting).toBe(false);
  expect(seen.asked).toBe(0);
});
