import type { Link } from "../model.ts";
import type { Fault, PortSchedule } from "../schedule.ts";

/** The states of a port's gates at any time. */
export interface Gates {
  readonly cycleNs: number;
  /** The first time in [from, to) at which the test fails, or undefined. `from` may be negative and `to` beyond the cycle. */
  firstFailure(from: number, to: number, holds: (gateStates: number, operation: string) => boolean): number | undefined;
}

export function openGates(port: PortSchedule): Gates {
  const { cycleNs, entries } = port;
  const begins: number[] = [];
  let at = 0;
  for (const { intervalNs } of entries) {
    begins.push(at);
    at += intervalNs;
  }
  /** The entry in force at a time of the cycle. */
  const entryAt = (time: number): number => {
    let [low, high] = [0, begins.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((begins[middle] as number) <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    cycleNs,
    firstFailure(from, to, holds) {
      let turn = Math.floor(from / cycleNs) * cycleNs;
      let i = entryAt(from - turn);
      for (let time = from; time < to;) {
        const entry = entries[i];
        if (entry === undefined || !holds(entry.gateStates, entry.operation)) return time;
        i++;
        if (i === entries.length) {
          i = 0;
          turn += cycleNs;
        }
        time = turn + (begins[i] as number);
      }
      return undefined;
    },
  };
}

/** What the list is by itself: does it fill its cycle, and can the port do it? */
export function checkList(link: Link, port: PortSchedule): readonly Fault[] {
  const faults: Fault[] = [];
  const { gates } = link;
  const limit = (reason: string): void => void faults.push({ kind: "gate-limit-exceeded", link: link.id, reason });
  const sum = port.entries.reduce((total, e) => total + e.intervalNs, 0);
  if (sum !== port.cycleNs)
    faults.push({
      kind: "cycle-mismatch",
      link: link.id,
      reason: `the entries add up to ${String(sum)} ns, the cycle is ${String(port.cycleNs)} ns`,
    });
  if (port.entries.length > gates.maxEntries)
    limit(`${String(port.entries.length)} entries, and the port holds ${String(gates.maxEntries)}`);
  if (port.cycleNs > gates.maxCycleNs) limit(`a cycle of ${String(port.cycleNs)} ns, and the port does ${String(gates.maxCycleNs)}`);
  for (const [i, { intervalNs }] of port.entries.entries()) {
    if (intervalNs > gates.maxIntervalNs || intervalNs < gates.minIntervalNs)
      limit(`entry ${String(i)} lasts ${String(intervalNs)} ns, outside ${String(gates.minIntervalNs)} to ${String(gates.maxIntervalNs)}`);
    if (intervalNs % gates.tickNs !== 0)
      limit(`entry ${String(i)} lasts ${String(intervalNs)} ns, off the tick of ${String(gates.tickNs)}`);
  }
  return faults;
}
