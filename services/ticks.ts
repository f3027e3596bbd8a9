import type { Probing } from "../domain/probe/schedule.ts";
import type { ClockEvents } from "../runtime/host/clock.ts";
import { clockEvents } from "./clock.ts";
import { learningTicks } from "./learning/clock.ts";

/** Every clock of the system: what is due for a function when its `every` ticks. Without probing nothing is measured. */
export function ticks(parts: {
  readonly now: () => Date;
  readonly probing: Probing | undefined;
  /** Whose learning is due. */
  readonly client: () => string;
}): ClockEvents {
  const { now, probing, client } = parts;
  const clock = clockEvents(now, new Set(probing === undefined ? ["probe-measure"] : []));
  return (fn) => [...clock(fn), ...learningTicks(fn, now(), client)];
}
