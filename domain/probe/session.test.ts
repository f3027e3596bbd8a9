import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Echo, evaluate } from "./session.ts";

const MS = 1_000_000n;
const START = 1_800_000_000_000_000_000n;

interface Path {
  readonly there?: (i: number) => number;
  readonly back?: (i: number) => number;
  /** How far the reflector's clock is ahead when packet i arrives, and the sender's when it leaves; in ms. */
  readonly theirs?: (i: number) => number;
  readonly ours?: (i: number) => number;
  readonly gapMs?: number;
  readonly lostThere?: (i: number) => boolean;
  readonly lostBack?: (i: number) => boolean;
  readonly copies?: (i: number) => number;
  readonly clockErrorNs?: number;
}

const ns = (ms: number): bigint => BigInt(Math.round(ms * 1e6));

/** What a network with a stateful reflector at its end makes of so many packets: the echoes in order of arrival, and the reflector's count. */
function send(count: number, path: Path): { readonly echoes: readonly Echo[]; readonly reached: number } {
  const { there = () => 5, back = () => 5, theirs = () => 0, ours = () => 0, gapMs = 15, copies = () => 1 } = path;
  const arriving = Array.from({ length: count }, (_, i) => ({ i, at: i * gapMs + there(i) })).filter(
    ({ i }) => path.lostThere?.(i) !== true,
  );
  const numbered = arriving.toSorted((a, b) => a.at - b.at).map((packet, number) => ({ ...packet, number }));
  const returning = numbered
    .filter(({ i }) => path.lostBack?.(i) !== true)
    .map(({ i, at, number }) => ({ i, number, at, home: at + 0.1 + back(i) }))
    .toSorted((a, b) => a.home - b.home);
  const echoes = returning.flatMap(({ i, number, at, home }) => {
    const sentAt = i * gapMs;
    const echo: Echo = {
      senderSequence: i,
      reflectorSequence: number,
      t1Ns: START + ns(sentAt + ours(i)),
      t2Ns: START + ns(at + theirs(i)),
      t3Ns: START + ns(at + 0.1 + theirs(i)),
      t4Ns: START + ns(home + ours(i)),
      elapsedNs: Number(ns(home - sentAt)),
      ...(path.clockErrorNs === undefined ? {} : { clockErrorNs: path.clockErrorNs }),
    };
    return Array.from({ length: copies(i) }, () => echo);
  });
  return { echoes, reached: numbered.length };
}

const chosen = (set: readonly number[]) => (i: number) => set.includes(i);

describe("what a session says", () => {
  it("is exact in loss, in either direction, and in copies, whatever was lost, doubled or overtaken", () => {
    const places = fc.uniqueArray(fc.nat({ max: 59 }));
    fc.assert(
      fc.property(
        places,
        places,
        places,
        fc.infiniteStream(fc.double({ min: 1, max: 200, noNaN: true })),
        (there, back, doubled, delays) => {
          const delay = Array.from({ length: 60 }, () => delays.next().value as number);
          const path = {
            there: (i: number) => delay[i] ?? 1,
            lostThere: chosen(there),
            lostBack: chosen(back),
            copies: (i: number) => (doubled.includes(i) ? 3 : 1),
          };
          const { echoes, reached } = send(60, path);
          const lostBack = back.filter((i) => !there.includes(i)).length;
          const alive = (i: number) => !there.includes(i) && !back.includes(i);
          expect(evaluate({ sent: 60, echoes, reached })).toMatchObject({
            sent: 60,
            received: 60 - there.length - lostBack,
            lost: there.length + lostBack,
            lostForward: there.length,
            lostBackward: lostBack,
            duplicates: 2 * doubled.filter(alive).length,
            isClockStepped: false,
          });
        },
      ),
    );
  });

  it("does not guess which way packets were lost when the reflector's count is not known, or cannot be", () => {
    const { echoes } = send(20, { lostThere: chosen([3]), lostBack: chosen([5]) });
    for (const reached of [{}, { reached: 17 }, { reached: 21 }]) {
      const result = evaluate({ sent: 20, echoes, ...reached });
      expect(result.lost).toBe(2);
      expect(result).not.toHaveProperty("lostForward");
    }
  });

  it("tells round trips without the reflector's own time", () => {
    const { echoes, reached } = send(100, { there: (i) => 2 + i / 100, back: () => 3 });
    const { roundTripMs } = evaluate({ sent: 100, echoes, reached });
    expect(roundTripMs).toMatchObject({ n: 100, min: 5, p50: 5.49, p99: 5.98, max: 5.99 });
  });

  it("leaves the first packets out of the delays, and never out of the losses", () => {
    const { echoes, reached } = send(10, { there: (i) => (i < 3 ? 100 : 1), back: () => 1, lostThere: chosen([0]) });
    const result = evaluate({ sent: 10, echoes, reached, warmUp: 3 });
    expect(result).toMatchObject({ sent: 10, lost: 1, roundTripMs: { n: 7, max: 2 } });
  });

  it("tells reordering on the way on which it happened", () => {
    const late = (set: readonly number[]) => (i: number) => (set.includes(i) ? 40 : 5);
    const onTheWayThere = send(20, { there: late([4, 9]) });
    expect(evaluate({ sent: 20, ...onTheWayThere }).reordered).toEqual({ forward: 2, backward: 0 });
    const onTheWayBack = send(20, { back: late([4, 9, 12]) });
    expect(evaluate({ sent: 20, ...onTheWayBack }).reordered).toEqual({ forward: 0, backward: 3 });
  });

  it("has no delays when nothing came back, rather than zeros", () => {
    const result = evaluate({ sent: 100, echoes: [], reached: 40 });
    expect(result).toMatchObject({ received: 0, lost: 100, lostForward: 60, lostBackward: 40 });
    expect(result).not.toHaveProperty("roundTripMs");
    expect(result).not.toHaveProperty("jitterMs");
  });
});

describe("one-way delays", () => {
  const uneven = { there: () => 8, back: () => 2 };

  it("are told where both clocks are said to follow UTC, with what they may be wrong by", () => {
    const { oneWayMs } = evaluate({ sent: 50, ...send(50, { ...uneven, clockErrorNs: 30_000 }) });
    expect(oneWayMs).toMatchObject({ forward: { p50: 8 }, backward: { p50: 2 }, clockErrorMs: 0.03 });
  });

  it("are not told where a single packet does not say so", () => {
    const { echoes, reached } = send(50, { ...uneven, clockErrorNs: 30_000 });
    const [first, ...rest] = echoes;
    if (first === undefined) throw new Error("nothing came back");
    const { clockErrorNs: _c, ...free } = first;
    expect(evaluate({ sent: 50, reached, echoes: [free, ...rest] })).not.toHaveProperty("oneWayMs");
  });
});

describe("a clock that is set meanwhile", () => {
  const stepAt = (at: number, byMs: number) => (i: number) => (i < at ? 0 : byMs);
  const steady = { clockErrorNs: 1_000 };

  it.each([
    ["the reflector's, forwards", { theirs: stepAt(25, 500) }],
    ["the reflector's, backwards", { theirs: stepAt(25, -500) }],
    ["the sender's, forwards", { ours: stepAt(25, 500) }],
    ["the sender's, backwards", { ours: stepAt(25, -500) }],
  ])("is noticed (%s), spoils no round trip, and takes with it what depends on both clocks", (_, step) => {
    const result = evaluate({ sent: 50, ...send(50, { ...steady, ...step }) });
    expect(result).toMatchObject({ isClockStepped: true, lost: 0, roundTripMs: { min: 10, p50: 10, max: 10 } });
    expect(result).not.toHaveProperty("oneWayMs");
    expect(result).not.toHaveProperty("jitterMs");
  });

  it("is believed to the sender that saw it, though it is smaller than the round trip", () => {
    expect(evaluate({ sent: 50, wasOwnClockSet: true, ...send(50, steady) }).isClockStepped).toBe(true);
  });

  it("is not seen in clocks that are far apart, drift 500 ppm, or in delays that vary wildly", () => {
    const drift = (i: number) => 86_400_000 + i * 15 * 0.0005;
    const wild = { there: (i: number) => 1 + ((i * 7_919) % 97), back: (i: number) => 1 + ((i * 104_729) % 89) };
    expect(evaluate({ sent: 100, ...send(100, { theirs: drift }) }).isClockStepped).toBe(false);
    expect(evaluate({ sent: 100, ...send(100, { ...wild, theirs: drift }) }).isClockStepped).toBe(false);
    // In ten seconds the clocks drift apart by far more than the round trip is.
    const near = { there: () => 0.1, back: () => 0.1, gapMs: 100, theirs: (i: number) => i * 100 * 0.0005 };
    expect(evaluate({ sent: 100, ...send(100, near) }).isClockStepped).toBe(false);
  });
});

describe("jitter", () => {
  it("is what RFC 3550 makes of the transit times, a sixteenth of each change at a time, whatever the clocks are apart", () => {
    const there = (i: number) => (i % 2 === 0 ? 5 : 6);
    const expected = (changes: number): number => {
      let jitter = 0;
      for (let i = 0; i < changes; i += 1) jitter += (1 - jitter) / 16;
      return jitter;
    };
    const result = evaluate({ sent: 40, ...send(40, { there, theirs: () => -3_600_000 }) });
    expect(result.jitterMs?.forward).toBeCloseTo(expected(39), 6);
    expect(result.jitterMs?.backward).toBeCloseTo(0, 6);
  });
});

it("counts in nanoseconds that a double could not hold", () => {
  expect(Number(START / MS)).toBeGreaterThan(Number.MAX_SAFE_INTEGER / 1e7);
  const { oneWayMs } = evaluate({ sent: 10, ...send(10, { there: () => 0.000_001 * 250, back: () => 1, clockErrorNs: 1 }) });
  expect(oneWayMs?.forward.p50).toBe(0.000_25);
});
