import { Cron } from "croner";
import type { Events, HostedFunction } from "../function.ts";

/** The events that a tick of a function's clock stands for. Their ids should name the period, so that two hosts' ticks are one event. */
export type ClockEvents = (fn: string) => Events;

/** Ticks for every function that has `every`, until stopped. A tick that lasts is not overtaken by the next one. */
export function startClock<B>(functions: readonly HostedFunction<B>[], tick: (fn: HostedFunction<B>) => Promise<void>): { stop(): void } {
  const jobs = functions.flatMap((fn) => (fn.every === undefined ? [] : [new Cron(fn.every, { protect: true }, () => tick(fn))]));
  return {
    stop: () => {
      for (const job of jobs) job.stop();
    },
  };
}
