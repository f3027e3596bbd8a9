import { describe, expect, it } from "vitest";
import type { Reply } from "../invoke.ts";
import { backOffMs, persist, PERSISTENCE, type Persistence } from "./persist.ts";

const quick: Persistence = { attempts: 4, bugAttempts: 2, patienceMs: 60, firstWaitMs: 1, longestWaitMs: 4 };
const retry: Reply = { kind: "retry", code: "DOWN", reason: "down" };
const hinted = (retryAfterMs: number): Reply => ({ ...retry, code: "PENDING", retryAfterMs });
const bug: Reply = { kind: "bug", code: "INTERNAL", cause: new Error("secret") };
const done: Reply = { kind: "done", events: [] };

async function told(replies: (tries: number) => Reply, persistence = quick, signal = new AbortController().signal) {
  const lasts: boolean[] = [];
  const outcome = await persist<Exclude<Reply, { kind: "retry" | "bug" }>>(
    (last) => {
      lasts.push(last);
      return Promise.resolve(replies(lasts.length));
    },
    persistence,
    signal,
  );
  return { outcome, lasts };
}

describe("persist", () => {
  it("asks once where there is an answer", async () => {
    expect(await told(() => done)).toEqual({ outcome: done, lasts: [false] });
  });

  it("tries faults as often as it is told, and says which try is the last", async () => {
    expect(await told(() => retry)).toEqual({
      outcome: { kind: "exhausted", fault: { code: "DOWN", reason: "down" } },
      lasts: [false, false, false, true],
    });
    expect((await told(() => retry, { ...quick, attempts: 1 })).lasts).toEqual([true]);
  });

  it("tries a bug less often, and keeps what it said to itself", async () => {
    const { outcome, lasts } = await told(() => bug);
    expect(lasts).toEqual([false, true]);
    expect(outcome).toEqual({ kind: "exhausted", fault: { code: "INTERNAL", reason: "the function failed unexpectedly" } });
  });

  it("keeps its word about the last try, whatever its fault", async () => {
    expect((await told((tries) => (tries === 1 ? bug : retry))).lasts).toEqual([false, true]);
    expect((await told((tries) => (tries < 4 ? retry : hinted(1)))).lasts).toEqual([false, false, false, true]);
  });

  it("does not count tries that were told when to come back", async () => {
    const { outcome, lasts } = await told((tries) => (tries < 9 ? hinted(1) : done), { ...quick, patienceMs: 10_000 });
    expect(outcome).toEqual(done);
    expect(lasts).toEqual(Array.from({ length: 9 }, () => false));
  });

  it("waits no less than it was told each time, until its patience ends", async () => {
    const since = performance.now();
    const { outcome, lasts } = await told(() => hinted(25));
    const took = performance.now() - since;
    // At 0, 25, 50, and at 60 for the last time; a machine that is late may leave some of those between out.
    expect(lasts.slice(0, -1)).toEqual(lasts.slice(1).map(() => false));
    expect(lasts.at(-1)).toBe(true);
    expect(lasts.length).toBeGreaterThanOrEqual(2);
    expect(lasts.length).toBeLessThanOrEqual(4);
    expect(outcome).toMatchObject({ kind: "exhausted", fault: { code: "PENDING" } });
    expect(took).toBeGreaterThanOrEqual(59);
  });

  it("waits no longer than its patience, and tries once more then", async () => {
    const since = performance.now();
    expect((await told(() => hinted(60_000))).lasts).toEqual([false, true]);
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  it("ends a wait when the host stops", async () => {
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 10);
    const { outcome } = await told(() => hinted(60_000), { ...quick, patienceMs: 100_000 }, stopping.signal);
    expect(outcome).toEqual({ kind: "stopped" });
  });

  it("backs off by doubling, up to a bound, never all at the same instant", () => {
    for (const [tries, most] of [
      [1, 100],
      [2, 200],
      [4, 800],
      [7, 5_000],
      [100, 5_000],
    ] as const) {
      const waits = Array.from({ length: 50 }, () => backOffMs(tries, PERSISTENCE));
      expect(Math.max(...waits)).toBeLessThanOrEqual(most);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(most / 2);
      expect(new Set(waits).size).toBeGreaterThan(10);
    }
  });
});
