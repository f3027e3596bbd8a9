import { setTimeout as sleep } from "node:timers/promises";
import { openLoop } from "../bench/open-loop.ts";
import { builtIn } from "./metrics.ts";
import type { Scenario } from "./options.ts";
import { current } from "./virtual-user.ts";

let lastUser = 0;

/** Starts every iteration when it is due on a free user, and counts those that found none. Answers what iterations threw. */
export async function runScenario(name: string, scenario: Scenario, iterate: () => unknown): Promise<readonly Error[]> {
  const { rate, timeUnit, duration, preAllocatedVUs, maxVUs = preAllocatedVUs, startTime, gracefulStop } = scenario;
  const errors: Error[] = [];
  const free: { readonly user: number; iterations: number }[] = [];
  const running = new Set<Promise<void>>();
  let users = 0;
  let inTest = 0;

  const take = (): (typeof free)[number] | undefined => {
    const user = free.pop();
    if (user !== undefined || users >= maxVUs) return user;
    users += 1;
    lastUser += 1;
    return { user: lastUser, iterations: 0 };
  };

  async function start(dueAt: number): Promise<void> {
    const user = take();
    if (user === undefined) return builtIn.droppedIterations.add(1);
    const iteration = { user: user.user, iteration: user.iterations, inTest, scenario: name };
    user.iterations += 1;
    inTest += 1;
    const from = performance.now();
    try {
      await current.run(iteration, iterate);
    } catch (error) {
      errors.push(error instanceof Error ? error : new Error("an iteration threw something that is no error"));
    }
    const now = performance.now();
    builtIn.iterations.add(1);
    builtIn.iterationDuration.add(now - from);
    builtIn.iterationFromIntended.add(now - dueAt);
    free.push(user);
  }

  await sleep(startTime);
  await openLoop((rate * 1000) / timeUnit, duration, (dueAt) => {
    const run: Promise<void> = start(dueAt).finally(() => running.delete(run));
    running.add(run);
  });
  const patience = sleep(gracefulStop, undefined, { ref: false }).then(() => {
    if (running.size > 0) errors.push(new Error(`${String(running.size)} iterations were still under way`));
  });
  await Promise.race([Promise.all(running), patience]);
  return errors;
}
