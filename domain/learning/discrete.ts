import type { Random } from "./model.ts";
import { ENVIRONMENT, type Environment, newWorkload, observe, type Policy, scaleTo, type Tick } from "./simulate.ts";

/*
 * The same workload request by request: Poisson arrivals, exponential service, one request a pod at a time, first come first served. It knows
 * queues, which the fluid does not; the fluid is fast enough to learn in.
 */

export interface RequestRun {
  /** Requests that arrived, and how many of them had to wait. */
  readonly arrived: number;
  readonly waited: number;
  readonly meanWaitSeconds: number;
  /** Requests in the queue or in service, at the end of each tick. */
  readonly inSystem: readonly number[];
  /** Busy pod-seconds over ready pod-seconds, each tick. */
  readonly utilisation: readonly number[];
  readonly pods: readonly number[];
}

const exponential = (random: Random, rate: number): number => (rate > 0 ? -Math.log(1 - random()) / rate : Number.POSITIVE_INFINITY);

/**
 * @param demand pods of work a tick: arrivals come at demand × `podRequestsPerSecond`.
 * @param podRequestsPerSecond what one pod serves when it is always busy.
 */
export function simulateRequests(
  policy: Policy,
  demand: Float32Array,
  podRequestsPerSecond: number,
  random: Random,
  environment: Environment = ENVIRONMENT,
): RequestRun {
  const seconds = environment.tickMs / 1000;
  const workload = newWorkload(environment);
  const queue: number[] = [];
  let busy = 0;
  let arrived = 0;
  let waited = 0;
  let waitedSeconds = 0;
  const run = { inSystem: [] as number[], utilisation: [] as number[], pods: [] as number[] };
  const begin = (now: number): void => {
    while (busy < workload.ready && queue.length > 0) {
      waitedSeconds += now - (queue.shift() as number);
      busy += 1;
    }
  };

  demand.forEach((work, t) => {
    const end = (t + 1) * seconds;
    const { ready } = workload;
    const arrivalRate = work * podRequestsPerSecond;
    let busySeconds = 0;
    let now = t * seconds;
    begin(now);
    // Exponential times have no memory: whatever comes next is drawn anew after each event.
    for (;;) {
      const serving = Math.min(busy, ready);
      const next = now + exponential(random, arrivalRate + serving * podRequestsPerSecond);
      busySeconds += serving * (Math.min(next, end) - now);
      if (next >= end) break;
      now = next;
      if (random() * (arrivalRate + serving * podRequestsPerSecond) < arrivalRate) {
        arrived += 1;
        if (busy >= ready) waited += 1;
        queue.push(now);
      } else busy -= 1;
      begin(now);
    }
    run.inSystem.push(queue.length + busy);
    run.utilisation.push(busySeconds / (ready * seconds));
    run.pods.push(ready + workload.starting.reduce((sum, pods) => sum + pods, 0));
    const tick: Tick = {
      pods: run.pods.at(-1) as number,
      ready,
      demand: work,
      utilisation: busySeconds / (ready * seconds),
      violated: false,
    };
    workload.ready += workload.starting.shift() ?? 0;
    if (environment.startUpTicks > 0) workload.starting.push(0);
    scaleTo(workload, policy(observe(workload, tick, t, environment)), environment);
    // Pods that are taken away give their requests back to the head of the queue.
    for (; busy > workload.ready; busy -= 1) queue.unshift(end);
  });
  return { arrived, waited, meanWaitSeconds: waitedSeconds / Math.max(1, arrived), ...run };
}
