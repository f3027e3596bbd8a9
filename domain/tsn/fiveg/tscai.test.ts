import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aggregate, type Burst, ranTscai, trafficPattern } from "./tscai.ts";

const entries = (...parts: readonly (readonly [isOpen: boolean, us: number])[]) =>
  parts.map(([isOpen, us]) => ({ isOpen, intervalNs: us * 1000 }));
const base = 1_767_225_600_000_000_000n;

describe("the traffic pattern of a PSFP gate (TS 23.501 Annex I)", () => {
  it("is the cycle from the first opening, where there is one", () => {
    expect(trafficPattern({ baseTimeNs: base, cycleNs: 1_000_000, entries: entries([false, 200], [true, 50], [false, 750]) })).toEqual({
      ok: true,
      value: { burstArrivalNs: base + 200_000n, periodicityNs: 1_000_000 },
    });
  });

  it("begins at the base time where the first entry is open", () => {
    expect(trafficPattern({ baseTimeNs: base, cycleNs: 1_000_000, entries: entries([true, 50], [false, 950]) })).toMatchObject({
      value: { burstArrivalNs: base, periodicityNs: 1_000_000 },
    });
  });

  it("is from one opening to the next, where they are equally far apart", () => {
    const list = entries([false, 100], [true, 50], [false, 450], [true, 50], [false, 350]);
    expect(trafficPattern({ baseTimeNs: base, cycleNs: 1_000_000, entries: list })).toMatchObject({
      value: { burstArrivalNs: base + 100_000n, periodicityNs: 500_000 },
    });
  });

  it("takes adjacent open entries for one opening", () => {
    const list = entries([false, 100], [true, 20], [true, 30], [false, 850]);
    expect(trafficPattern({ baseTimeNs: 0n, cycleNs: 1_000_000, entries: list })).toMatchObject({ value: { periodicityNs: 1_000_000 } });
  });

  it("is refused where the openings are not equally far apart: the next burst would come after 750 µs, not 250", () => {
    const list = entries([false, 100], [true, 50], [false, 200], [true, 50], [false, 600]);
    expect(trafficPattern({ baseTimeNs: 0n, cycleNs: 1_000_000, entries: list })).toMatchObject({
      ok: false,
      code: "PSFP_GATE_UNEVEN",
      reason: expect.stringContaining("250000, 750000"),
    });
  });

  it("is refused where the gate never opens, and where its entries do not fill the cycle", () => {
    expect(trafficPattern({ baseTimeNs: 0n, cycleNs: 1000, entries: entries([false, 1]) })).toMatchObject({ code: "PSFP_GATE_CLOSED" });
    expect(trafficPattern({ baseTimeNs: 0n, cycleNs: 1001, entries: entries([true, 1]) })).toMatchObject({ code: "PSFP_CYCLE_MISMATCH" });
  });
});

const burst = (stream: string, atNs: number, more: Partial<Burst> = {}): Burst => ({
  stream,
  tree: 0,
  trafficClass: 7,
  ingressPort: 1,
  egressPort: 2,
  burstArrivalNs: BigInt(atNs),
  periodicityNs: 1_000_000,
  burstBytes: 100,
  ...more,
});

describe("aggregation", () => {
  it("joins bursts of one class, port pair and period that come close together: the earliest arrival, all octets", () => {
    const [one, ...others] = aggregate([burst("b", 150_000), burst("a", 100_000), burst("c", 1_120_000)], 100_000);
    expect(others).toEqual([]);
    expect(one).toMatchObject({ burstArrivalNs: 100_000n, periodicityNs: 1_000_000, burstBytes: 300 });
    expect(one?.streams.map(({ stream }) => stream)).toEqual(["a", "c", "b"]);
  });

  it.each<[string, Partial<Burst>]>([
    ["class", { trafficClass: 6 }],
    ["egress port", { egressPort: 3 }],
    ["ingress port", { ingressPort: 3 }],
    ["period", { periodicityNs: 2_000_000 }],
    ["arrival too late", { burstArrivalNs: 300_000n }],
  ])("keeps another %s apart", (_, more) => {
    expect(aggregate([burst("a", 100_000), burst("b", 100_000, more)], 100_000)).toHaveLength(2);
  });

  it("leaves no burst out, adds none, and never spreads an aggregate wider than it may", () => {
    const some = fc.array(
      fc.record({
        at: fc.nat(3_000_000),
        period: fc.constantFrom(500_000, 1_000_000),
        port: fc.integer({ min: 2, max: 3 }),
        bytes: fc.integer({ min: 1, max: 500 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(some, fc.nat(400_000), (all, within) => {
        const bursts = all.map(({ at, period, port, bytes }, i) =>
          burst(String(i), at, { periodicityNs: period, egressPort: port, burstBytes: bytes }),
        );
        const sets = aggregate(bursts, within);
        expect(sets.flatMap(({ streams }) => streams.map(({ stream }) => stream)).toSorted()).toEqual(
          bursts.map(({ stream }) => stream).toSorted(),
        );
        for (const { streams, burstArrivalNs, periodicityNs, burstBytes } of sets) {
          const members = streams.map(({ stream }) => bursts[Number(stream)] ?? burst("", 0));
          const phase = (ns: bigint): number => Number(ns % BigInt(periodicityNs));
          for (const member of members) {
            expect(member.periodicityNs).toBe(periodicityNs);
            const late = phase(member.burstArrivalNs) - phase(burstArrivalNs);
            expect(late).toBeGreaterThanOrEqual(0);
            expect(late).toBeLessThanOrEqual(within);
          }
          expect(burstBytes).toBe(members.reduce((sum, member) => sum + member.burstBytes, 0));
        }
      }),
    );
  });
});

describe("what the radio network is told", () => {
  it("is the arrival after the way to the gNB, cut to µs", () => {
    expect(ranTscai({ burstArrivalNs: 1_234_567n, periodicityNs: 1_000_000 }, 2_000_000)).toEqual({
      burstArrivalUs: 3234n,
      periodicityUs: 1000,
    });
  });
});
