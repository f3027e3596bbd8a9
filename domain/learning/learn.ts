import { best, normalise } from "./act.ts";
import { type Activations, activationsFor, backward, forward } from "./network.ts";
import type { Normalisation, Transition, Weights } from "./model.ts";

/** Adam's running moments (Kingma and Ba 2015). */
export interface Optimiser {
  readonly first: Float32Array;
  readonly second: Float32Array;
  steps: number;
}

export const newOptimiser = (parameters: number): Optimiser => ({
  first: new Float32Array(parameters),
  second: new Float32Array(parameters),
  steps: 0,
});

export interface LearnSettings {
  /** Discount per step. */
  readonly gamma: number;
  readonly learningRate: number;
  /** How far the target network follows a step, 0 to 1 (soft update, Lillicrap et al. 2016). */
  readonly follow: number;
  /** What the error counts that all actions from one state have in common, 0 to 1. */
  readonly commonWeight: number;
}

export const LEARN_DEFAULTS: LearnSettings = { gamma: 0.95, learningRate: 5e-4, follow: 0.005, commonWeight: 0.05 };

/** What learning changes in place. */
export interface Learner {
  readonly weights: Weights;
  readonly target: Weights;
  readonly optimiser: Optimiser;
}

export const newLearner = (weights: Weights): Learner => ({
  weights,
  target: { layout: weights.layout, values: weights.values.slice() },
  optimiser: newOptimiser(weights.values.length),
});

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;

/** One step of Adam; `gradient` is of the batch's mean loss. */
export function adam(values: Float32Array, gradient: Float32Array, optimiser: Optimiser, learningRate: number): void {
  optimiser.steps += 1;
  const { first, second, steps } = optimiser;
  const rate = (learningRate * Math.sqrt(1 - BETA_2 ** steps)) / (1 - BETA_1 ** steps);
  for (let i = 0; i < values.length; i += 1) {
    const g = gradient[i] as number;
    const m = BETA_1 * (first[i] as number) + (1 - BETA_1) * g;
    const v = BETA_2 * (second[i] as number) + (1 - BETA_2) * g * g;
    first[i] = m;
    second[i] = v;
    values[i] = (values[i] as number) - (rate * m) / (Math.sqrt(v) + EPSILON);
  }
}

/** Room for one step, made once and reused by those who take many. */
export interface Workspace {
  readonly input: Float32Array;
  readonly activations: Activations;
  readonly aside: Activations;
  readonly slopes: Activations;
  readonly gradient: Float32Array;
}

export const workspaceFor = ({ layout, values }: Weights): Workspace => ({
  input: new Float32Array(layout[0] ?? 0),
  activations: activationsFor(layout),
  aside: activationsFor(layout),
  slopes: activationsFor(layout),
  gradient: new Float32Array(values.length),
});

/** Transitions from one state, side by side: those that share their features. */
function* groupsOf(batch: readonly Transition[]): Generator<readonly Transition[]> {
  for (let from = 0; from < batch.length;) {
    let to = from + 1;
    while (to < batch.length && batch[to]?.features === batch[from]?.features) to += 1;
    yield batch.slice(from, to);
    from = to;
  }
}

/**
 * One step of Double DQN (van Hasselt et al. 2016) with n-step targets on a batch of transitions: the network chooses the next action, the
 * target network says what it is worth. Squared error, not clipped: a rare expensive violation must weigh what it costs.
 *
 * Where neighbours in the batch share their `features` object they are several actions tried from one state on one demand (practice.ts). What
 * they all got wrong alike is then the chance of the demand and hardly counts; what they got wrong against each other is the advantage of one
 * action over another, and that is what decides.
 *
 * Changes `learner` in place.
 * @returns the mean squared temporal-difference error before the step.
 */
export function learn(
  learner: Learner,
  batch: readonly Transition[],
  normalisation: Normalisation,
  settings: LearnSettings = LEARN_DEFAULTS,
  workspace: Workspace = workspaceFor(learner.weights),
): { readonly loss: number } {
  const { weights, target, optimiser } = learner;
  const { input, activations, aside, slopes, gradient } = workspace;
  const outputs = slopes.at(-1) as Float32Array;
  const worthOf = ({ nextFeatures, nextMask }: Transition): number => {
    normalise(nextFeatures, normalisation, input);
    const next = best(forward(weights, input, aside), nextMask);
    return next < 0 ? 0 : (forward(target, input, aside)[next] as number);
  };
  gradient.fill(0);
  let loss = 0;
  for (const group of groupsOf(batch)) {
    // Several actions may have led to the same state.
    const worths = new Map(group.map((transition) => [transition.nextFeatures, transition]));
    const known = new Map([...worths].map(([features, transition]) => [features, worthOf(transition)]));
    const wanted = group.map(({ reward, steps, nextFeatures }) => reward + settings.gamma ** steps * (known.get(nextFeatures) as number));
    const qValues = forward(weights, normalise((group[0] as Transition).features, normalisation, input), activations);
    const errors = group.map(({ action }, i) => (qValues[action] as number) - (wanted[i] as number));
    const alike = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const kept = group.length > 1 ? settings.commonWeight : 1;
    outputs.fill(0);
    group.forEach(({ action }, i) => {
      const error = errors[i] as number;
      loss += error * error;
      outputs[action] = (error - alike + kept * alike) / batch.length;
    });
    backward(weights, activations, slopes, gradient);
  }
  adam(weights.values, gradient, optimiser, settings.learningRate);
  for (let i = 0; i < target.values.length; i += 1) {
    const kept = target.values[i] as number;
    target.values[i] = kept + settings.follow * ((weights.values[i] as number) - kept);
  }
  return { loss: loss / batch.length };
}
