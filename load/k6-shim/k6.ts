import { builtIn } from "./metrics.ts";

type Checkers<T> = Readonly<Record<string, (value: T) => boolean>>;

interface CheckCount {
  passes: number;
  fails: number;
}

export const checkCounts = new Map<string, CheckCount>();

/** Every condition is tried; one that throws is one that fails. */
export function check<T>(value: T, conditions: Checkers<T>): boolean {
  const holds = Object.entries(conditions).map(([name, condition]) => {
    const count = checkCounts.get(name) ?? { passes: 0, fails: 0 };
    checkCounts.set(name, count);
    let ok = false;
    try {
      ok = condition(value);
    } catch {
      ok = false;
    }
    if (ok) count.passes += 1;
    else count.fails += 1;
    builtIn.checks.add(ok);
    return ok;
  });
  return holds.every(Boolean);
}

export function fail(message = ""): never {
  throw new Error(`fail(): ${message}`);
}

/** All users share one thread here, so one that slept would stop them all. */
export function sleep(): never {
  throw new Error("sleep() is not in this shim: the executor decides when an iteration starts");
}
