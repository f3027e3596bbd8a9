import type { Observation } from "./model.ts";

/*
 * A workload behind a load balancer, as a fluid: demand is work that flows in, pods drain it, what they cannot drain waits. A pod that is
 * asked for is paid for at once and serves after its start-up; a pod that is taken away is gone at once, the youngest first.
 */

/** What it costs to run, in pods × ticks. */
export interface Environment {
  readonly tickMs: number;
  /** Ticks from the decision to the first request served. */
  readonly startUpTicks: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly initialReplicas: number;
  /** Offered load over ready capacity, beyond which the objective is missed. */
  readonly violationUtilisation: number;
  readonly violationCost: number;
  /** Per pod that is started or stopped. */
  readonly moveCost: number;
  /** Work that waits, at most, in ticks of the ready capacity: the rest is given up by those who sent it. */
  readonly backlogTicks: number;
}

export const ENVIRONMENT: Environment = {
  tickMs: 30_000,
  startUpTicks: 2,
  minReplicas: 1,
  maxReplicas: 12,
  initialReplicas: 3,
  violationUtilisation: 0.8,
  violationCost: 20,
  moveCost: 0.2,
  backlogTicks: 4,
};

export interface Workload {
  ready: number;
  /** By the ticks that are left: the first is ready after this tick. */
  readonly starting: number[];
  backlog: number;
}

export const newWorkload = (environment: Environment): Workload => ({
  ready: environment.initialReplicas,
  starting: Array<number>(environment.startUpTicks).fill(0),
  backlog: 0,
});

const sum = (values: readonly number[]): number => {
  let total = 0;
  for (const x of values) total += x;
  return total;
};

export const podsOf = ({ ready, starting }: Workload): number => ready + sum(starting);

/** Starts or stops pods, within min and max. @returns how many. */
export function scaleTo(workload: Workload, wanted: number, { minReplicas, maxReplicas }: Environment): number {
  const replicas = Math.min(Math.max(wanted, minReplicas), maxReplicas);
  const by = replicas - podsOf(workload);
  const { starting } = workload;
  if (by > 0 && starting.length > 0) starting[starting.length - 1] = (starting.at(-1) ?? 0) + by;
  else if (by > 0) workload.ready += by;
  let left = -by;
  for (let i = starting.length - 1; i >= 0 && left > 0; i -= 1) {
    const stopped = Math.min(left, starting[i] ?? 0);
    starting[i] = (starting[i] ?? 0) - stopped;
    left -= stopped;
  }
  if (left > 0) workload.ready -= left;
  return Math.abs(by);
}

export interface Tick {
  readonly pods: number;
  /** Pods that served, which are fewer than those that are paid for. */
  readonly ready: number;
  readonly demand: number;
  /** Offered load over ready capacity. */
  readonly utilisation: number;
  readonly violated: boolean;
}

/** Lets one tick pass: `demand` pods of work arrive, ready pods serve, starting ones come nearer. */
export function serve(workload: Workload, demand: number, environment: Environment): Tick {
  const { ready, backlog, starting } = workload;
  const utilisation = (demand + backlog) / ready;
  const tick = { pods: podsOf(workload), ready, demand, utilisation, violated: utilisation > environment.violationUtilisation };
  workload.backlog = Math.min(Math.max(demand + backlog - ready, 0), environment.backlogTicks * ready);
  workload.ready += starting.shift() ?? 0;
  if (environment.startUpTicks > 0) starting.push(0);
  return tick;
}

export const costOf = (tick: Tick, moved: number, { violationCost, moveCost }: Environment): number =>
  tick.pods + (tick.violated ? violationCost : 0) + moveCost * moved;

/** One pod of the simulation: a core, a GiB, and a hundred requests a second. */
const POD = { limits: { cpuCores: 1, ramBytes: 2 ** 30 }, podRequestsPerSecond: 100 };

/** What the last tick looks like to those who decide about the next one. CPU is clipped, as it is in Kubernetes; the request rate is not. */
export const observe = (workload: Workload, last: Tick, index: number, { tickMs }: Environment): Observation => ({
  ...POD,
  atMs: index * tickMs,
  periodMs: tickMs,
  replicas: { ready: workload.ready, starting: sum(workload.starting) },
  usage: { cpuCores: Math.min(last.utilisation, 1) * last.ready, ramBytes: 0.3 * last.ready * POD.limits.ramBytes },
  requestsPerSecond: last.demand * POD.podRequestsPerSecond,
});

/** Answers how many pods there should be, tick after tick, from what was. Remembers as it likes. */
export type Policy = (observation: Observation) => number;

/** What a policy made of a demand. Everything per tick, so that days can be cut out of it. */
export interface Run {
  readonly cost: Float32Array;
  readonly pods: Uint8Array;
  readonly violated: Uint8Array;
  readonly moves: Uint8Array;
}

/** Runs a policy through a demand in pods of work a tick. The first tick is served by the initial replicas: nothing has been observed yet. */
export function simulate(policy: Policy, demand: Float32Array, environment: Environment = ENVIRONMENT): Run {
  const workload = newWorkload(environment);
  const run = emptyRun(demand.length);
  let moved = 0;
  demand.forEach((work, t) => {
    const tick = serve(workload, work, environment);
    record(run, t, tick.pods, tick.violated, moved, environment);
    moved = scaleTo(workload, policy(observe(workload, tick, t, environment)), environment);
  });
  return run;
}

export const emptyRun = (ticks: number): Run => ({
  cost: new Float32Array(ticks),
  pods: new Uint8Array(ticks),
  violated: new Uint8Array(ticks),
  moves: new Uint8Array(ticks),
});

export function record(run: Run, t: number, pods: number, violated: boolean, moved: number, environment: Environment): void {
  run.pods[t] = pods;
  run.violated[t] = violated ? 1 : 0;
  run.moves[t] = moved;
  run.cost[t] = pods + (violated ? environment.violationCost : 0) + environment.moveCost * moved;
}

/** Totals of a run, or of ticks `from` to `to` of it. A pod-minute is one pod for one minute; cost is per tick. */
export interface Totals {
  readonly cost: number;
  readonly violationMinutes: number;
  readonly podMinutes: number;
  /** Pods started or stopped. */
  readonly moves: number;
}

export function totalsOf(run: Run, environment: Environment, from = 0, to = run.cost.length): Totals {
  const minutes = environment.tickMs / 60_000;
  const total = (values: Float32Array | Uint8Array): number => {
    let all = 0;
    for (let t = from; t < to; t += 1) all += values[t] as number;
    return all;
  };
  return {
    cost: total(run.cost) / Math.max(1, to - from),
    violationMinutes: total(run.violated) * minutes,
    podMinutes: total(run.pods) * minutes,
    moves: total(run.moves),
  };
}
