import type { Event } from "../events/define.ts";
import { TwinDue } from "../events/twin.ts";
import type { ClockEvents } from "../runtime/host/clock.ts";

const TWIN_ROUND_MS = 30_000;

/** What is due when the clock of a function ticks. The ids name the period, so that the ticks of two hosts are one event. */
const dues: Readonly<Record<string, (now: Date) => Event>> = {
  "cmdt-fuse": (now) => {
    const round = Math.round(now.getTime() / TWIN_ROUND_MS);
    const data = { round, dueAt: new Date(round * TWIN_ROUND_MS).toISOString() };
    return TwinDue.make({ source: "/clock", subject: "twins", id: `twins ${String(round)}`, data });
  },
};

export const clockEvents =
  (now: () => Date): ClockEvents =>
  (fn) => {
    const due = dues[fn];
    return due === undefined ? [] : [due(now())];
  };
