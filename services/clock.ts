import { CostMapDue } from "../events/cost-map.ts";
import type { Event } from "../events/define.ts";
import { ProbeDue } from "../events/probe.ts";
import { TwinDue } from "../events/twin.ts";
import type { ClockEvents } from "../runtime/host/clock.ts";

const TWIN_ROUND_MS = 30_000;

const minuteOf = (now: Date): string => now.toISOString().slice(0, 16);

/** What is due when the clock of a function ticks. The ids name the period, so that the ticks of two hosts in it are one event. */
const dues: Readonly<Record<string, (now: Date) => Event>> = {
  "cmdt-fuse": (now) => {
    const round = Math.round(now.getTime() / TWIN_ROUND_MS);
    const data = { round, dueAt: new Date(round * TWIN_ROUND_MS).toISOString() };
    return TwinDue.make({ source: "/clock", subject: "twins", id: `twins ${String(round)}`, data });
  },
  "nemex-publish": (now) => CostMapDue.make({ source: "/clock", subject: "cost-map", id: `cost-map ${minuteOf(now)}`, data: {} }),
  "probe-measure": (now) =>
    ProbeDue.make({ source: "/clock", subject: "probe", id: `probe ${minuteOf(now)}`, data: { trigger: "period", throughput: true } }),
};

/** Functions that have nothing to do here are `idle`. */
export const clockEvents =
  (now: () => Date, idle: ReadonlySet<string> = new Set()): ClockEvents =>
  (fn) => {
    const due = idle.has(fn) ? undefined : dues[fn];
    return due === undefined ? [] : [due(now())];
  };
