import { AsyncLocalStorage } from "node:async_hooks";

/** What one iteration may ask about itself. */
export interface Iteration {
  readonly user: number;
  /** Counts within the user, as `__ITER`. */
  readonly iteration: number;
  readonly inTest: number;
  readonly scenario: string;
}

export const current = new AsyncLocalStorage<Iteration>();

export function here(): Iteration {
  const iteration = current.getStore();
  if (iteration === undefined) throw new Error("this is known only inside of an iteration");
  return iteration;
}

/** k6's globals. In k6 each user has an interpreter of its own; here they share one, and the storage tells them apart. */
export function defineGlobals(env: Readonly<Record<string, string>>): void {
  Object.defineProperties(globalThis, {
    __ENV: { value: env, configurable: true },
    __VU: { get: () => current.getStore()?.user ?? 0, configurable: true },
    __ITER: { get: () => here().iteration, configurable: true },
  });
}
