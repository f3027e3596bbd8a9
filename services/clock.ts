import type { Event } from "../events/define.ts";
import { CostMapDue } from "../events/cost-map.ts";
import { ProbeDue } from "../events/probe.ts";
import type { ClockEvents } from "../runtime/host/clock.ts";

/** What is due when the clock of a function ticks. `tick` names the minute: the same for every host that ticks in it. */
const dues: Readonly<Record<string, (tick: string) => Event>> = {
  "nemex-publish": (tick) => CostMapDue.make({ source: "/clock", subject: "cost-map", id: `cost-map ${tick}`, data: {} }),
  "probe-measure": (tick) =>
    ProbeDue.make({ source: "/clock", subject: "probe", id: `probe ${tick}`, data: { trigger: "period", throughput: true } }),
};

/** The ids name the minute, so that the ticks of two hosts are one event. Functions that have nothing to do here are `idle`. */
export const clockEvents =
  (now: () => Date, idle: ReadonlySet<string> = new Set()): ClockEvents =>
  (fn) => {
    const due = idle.has(fn) ? undefined : dues[fn];
    return due === undefined ? [] : [due(now().toISOString().slice(0, 16))];
  };
