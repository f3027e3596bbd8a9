import type { Model } from "../learning/model.ts";
import { hpaPolicy, learnedPolicy } from "../learning/policies.ts";
import { fork, poisson } from "../learning/random.ts";
import { ENVIRONMENT, type Policy, simulate, totalsOf } from "../learning/simulate.ts";

/** Cost a tick in the simulator, lower is better. */
export interface Canary {
  readonly candidate: number;
  readonly current: number;
  readonly hpa: number;
}

const TICKS = 720;
const HPA_TARGET = 0.6;
/** By so much a candidate may be worse than the model before, while it is better than the HPA. */
const TOLERANCE = 1.02;

/** Six hours each of loads that a model has to get along with: a smooth wave, a noisy one, flash crowds, steps, an idle service. */
const loads: readonly ((t: number) => number)[] = [
  (t) => 3.5 + 2.5 * Math.sin((2 * Math.PI * t) / 720),
  (t) => 2.5 + 1.5 * Math.sin((2 * Math.PI * t) / 360),
  (t) => 1.5 + (t % 320 < 24 ? 5 * Math.exp(-(t % 320) / 10) : 0),
  (t) => (t % 480 < 240 ? 1.2 : 5.5),
  () => 0.15,
];
const podRequestsPerTick: readonly number[] = [2_000, 30, 300, 600, 60];

/** The same for everybody and always: rounds are compared with each other. */
export const canaryLoads = (): readonly Float32Array[] =>
  loads.map((load, i) => {
    const random = fork(20_260_101, i);
    const served = podRequestsPerTick[i] ?? 1;
    return Float32Array.from({ length: TICKS }, (_, t) => poisson(random, load(t) * served) / served);
  });

const costOf = (policy: Policy, demand: Float32Array): number => totalsOf(simulate(policy, demand), ENVIRONMENT).cost;
const mean = (costs: readonly number[]): number => costs.reduce((sum, cost) => sum + cost, 0) / costs.length;

/** Always the same, and as much work as a model's. */
let hpaCost: number | undefined;

/**
 * Plays a candidate through the loads before anything is scaled by it, beside the model that it would replace and the HPA. It is a second of work:
 * it pauses after every load, so that whoever runs it can let others in between.
 */
export function* canarySteps(candidate: Model, current: Model): Generator<void, Canary> {
  const costs: Record<"candidate" | "current" | "hpa", number[]> = { candidate: [], current: [], hpa: [] };
  for (const demand of canaryLoads()) {
    costs.candidate.push(costOf(learnedPolicy(candidate), demand));
    yield;
    costs.current.push(costOf(learnedPolicy(current), demand));
    yield;
    if (hpaCost === undefined) costs.hpa.push(costOf(hpaPolicy(HPA_TARGET), demand));
  }
  hpaCost ??= mean(costs.hpa);
  return { candidate: mean(costs.candidate), current: mean(costs.current), hpa: hpaCost };
}

/** All of it at once. */
export function canary(candidate: Model, current: Model): Canary {
  const steps = canarySteps(candidate, current);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** No worse than what there is; or hardly worse, and better than the HPA, which is what many small steps down end at. */
export const passes = ({ candidate, current, hpa }: Canary): boolean =>
  candidate <= current || (candidate <= TOLERANCE * current && candidate <= hpa);
