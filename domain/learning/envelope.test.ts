import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { envelope, podsNeeded, type Surroundings } from "./envelope.ts";
import { EnvelopeSettings, type Observation } from "./model.ts";

const GIB = 2 ** 30;
const observation = (more: Partial<Observation> = {}): Observation => ({
  atMs: 1_000_000,
  periodMs: 30_000,
  replicas: { ready: 4, starting: 0 },
  usage: { cpuCores: 0.4, ramBytes: 0.4 * GIB },
  limits: { cpuCores: 1, ramBytes: GIB },
  ...more,
});
const settings = EnvelopeSettings.parse({});
const hold = (wish: number, more: Partial<Surroundings> = {}) =>
  envelope(wish, { observation: observation(), changes: [], ...more }, settings);
const plenty = { allocatable: { cpuCores: 64, ramBytes: 64 * GIB }, pods: 110, usable: true };

describe("the envelope", () => {
  it("lets a wish stand that nothing speaks against", () => expect(hold(5)).toEqual({ replicas: 5, reasons: [] }));
  it("goes 4 up and 2 down at a time", () => {
    expect(hold(11)).toEqual({ replicas: 8, reasons: ["STEP"] });
    expect(hold(1)).toEqual({ replicas: 2, reasons: ["STEP"] });
  });
  it("takes nothing away within the cooldown after a scale-up, and then does", () => {
    expect(hold(3, { changes: [{ atMs: 950_000, by: 1 }] })).toEqual({ replicas: 4, reasons: ["COOLDOWN"] });
    expect(hold(3, { changes: [{ atMs: 940_000, by: 1 }] })).toEqual({ replicas: 3, reasons: [] });
    expect(hold(3, { changes: [{ atMs: 999_000, by: -1 }] })).toEqual({ replicas: 3, reasons: [] });
  });
  it("takes no pod away whose CPU would be missing", () => {
    const busy = observation({ usage: { cpuCores: 3.5, ramBytes: 0 } });
    expect(hold(2, { observation: busy })).toEqual({ replicas: 4, reasons: ["CPU"] });
  });
  it("takes no pod away whose RAM the others cannot hold", () => {
    const full = observation({ usage: { cpuCores: 0.1, ramBytes: 2.8 * GIB } });
    expect(hold(2, { observation: full })).toEqual({ replicas: 3, reasons: ["RAM"] });
  });
  it("keeps to what the cluster has room for, and takes nothing away for it", () => {
    expect(hold(8, { capacity: { ...plenty, allocatable: { cpuCores: 6.5, ramBytes: 64 * GIB } } })).toEqual({
      replicas: 6,
      reasons: ["CAPACITY"],
    });
    expect(hold(8, { capacity: { ...plenty, pods: 5 } })).toEqual({ replicas: 5, reasons: ["CAPACITY"] });
    expect(hold(5, { capacity: { ...plenty, allocatable: { cpuCores: 2, ramBytes: GIB } } })).toEqual({
      replicas: 4,
      reasons: ["CAPACITY"],
    });
  });
  it("scales nothing up on a cluster that the hub does not accept, and lets it shrink", () => {
    expect(hold(6, { capacity: { ...plenty, usable: false } })).toEqual({ replicas: 4, reasons: ["CLUSTER_UNUSABLE"] });
    expect(hold(3, { capacity: { ...plenty, usable: false } })).toEqual({ replicas: 3, reasons: [] });
  });
  it("stays within minimum and maximum", () => {
    expect(hold(0, { observation: observation({ replicas: { ready: 2, starting: 0 }, usage: { cpuCores: 0, ramBytes: 0 } }) })).toEqual({
      replicas: 1,
      reasons: ["MIN_REPLICAS"],
    });
    expect(hold(14, { observation: observation({ replicas: { ready: 11, starting: 0 } }) })).toEqual({
      replicas: 12,
      reasons: ["MAX_REPLICAS"],
    });
  });

  it("whatever is wished and whatever is the case: whole pods, within the maximum, the step and the room; enough for CPU and RAM where that is allowed", () => {
    const anything = fc.record({
      wish: fc.integer({ min: -50, max: 50 }),
      ready: fc.integer({ min: 1, max: 12 }),
      starting: fc.integer({ min: 0, max: 4 }),
      cpuCores: fc.integer({ min: 0, max: 2000 }).map((hundredths) => hundredths / 100),
      ram: fc.integer({ min: 0, max: 2000 }).map((hundredths) => hundredths / 100),
      cools: fc.boolean(),
      room: fc.option(fc.record({ cpu: fc.integer({ min: 0, max: 20 }), usable: fc.boolean() }), { nil: undefined }),
    });
    fc.assert(
      fc.property(anything, ({ wish, ready, starting, cpuCores, ram, cools, room }) => {
        const here = observation({ replicas: { ready, starting }, usage: { cpuCores, ramBytes: ram * GIB } });
        const current = ready + starting;
        const { replicas } = envelope(
          wish,
          {
            observation: here,
            changes: cools ? [{ atMs: here.atMs - 1000, by: 1 }] : [],
            ...(room === undefined
              ? {}
              : { capacity: { ...plenty, allocatable: { cpuCores: room.cpu, ramBytes: 1e3 * GIB }, usable: room.usable } }),
          },
          settings,
        );
        expect(Number.isInteger(replicas)).toBe(true);
        expect(replicas).toBeLessThanOrEqual(Math.max(settings.minReplicas, Math.min(settings.maxReplicas, current + settings.maxStepUp)));
        expect(replicas).toBeGreaterThanOrEqual(settings.minReplicas);
        const { cpu, ram: held } = podsNeeded(here, settings);
        const possible = Math.min(
          settings.maxReplicas,
          current + (room?.usable === false ? 0 : settings.maxStepUp),
          Math.max(current, room?.cpu ?? 99),
        );
        expect(replicas).toBeGreaterThanOrEqual(Math.min(Math.max(cpu, held), possible));
        if (cools) expect(replicas).toBeGreaterThanOrEqual(Math.min(current, settings.maxReplicas));
        if (room !== undefined && replicas > current) expect([room.usable, replicas <= room.cpu]).toEqual([true, true]);
      }),
    );
  });
});
