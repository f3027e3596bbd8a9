import { type LearnSettings, LEARN_DEFAULTS, learn, type Learner, newLearner, workspaceFor } from "./learn.ts";
import { normalise, prefer } from "./act.ts";
import { DEVIATIONS, type Mask, type Model, NO_DEVIATION, type Normalisation, type Random, type State, type Transition } from "./model.ts";
import { activationsFor, forward, initialWeights } from "./network.ts";
import { practise, type PracticeSettings } from "./practice.ts";
import { below, fork } from "./random.ts";
import { FEATURES } from "./state.ts";

export interface TrainSettings extends LearnSettings, PracticeSettings {
  /** Ticks of the simulator; each gives a transition for every action. */
  readonly ticks: number;
  readonly hidden: number;
  /** Ticks of which an update takes the transitions. */
  readonly batch: number;
  /** Ticks that are kept. */
  readonly replay: number;
  /** Ticks for each update. */
  readonly every: number;
  readonly epsilon: readonly [from: number, to: number];
  readonly hurdle: number;
}

export const TRAIN_DEFAULTS: TrainSettings = {
  ...LEARN_DEFAULTS,
  ticks: 100_000,
  steps: 5,
  hidden: 64,
  batch: 8,
  replay: 30_000,
  every: 4,
  epsilon: [1, 0.1],
  hurdle: 0.005,
  rewardScale: 0.05,
};

const WARM_UP_TICKS = 500;

/** Mean and deviation of the features where exploration goes. */
export function normalisationOf(perMinute: Float32Array, random: Random, ticks = 30_000): Normalisation {
  const seen: Float32Array[] = [];
  for (const [transition] of practise(
    () => NO_DEVIATION,
    perMinute,
    random,
    { gamma: 0, steps: 1, rewardScale: 0 },
    () => 1,
  )) {
    if (transition !== undefined) seen.push(transition.features);
    if (seen.length >= ticks) break;
  }
  const mean = Float32Array.from(FEATURES, (_, i) => seen.reduce((sum, f) => sum + (f[i] as number), 0) / seen.length);
  const deviation = mean.map((m, i) => Math.sqrt(seen.reduce((sum, f) => sum + ((f[i] as number) - m) ** 2, 0) / seen.length) + 1e-3);
  return { mean, deviation };
}

export function train(perMinute: Float32Array, seed: number, settings: TrainSettings = TRAIN_DEFAULTS): Model {
  const layout = [FEATURES.length, settings.hidden, settings.hidden, DEVIATIONS.length];
  const model = {
    weights: initialWeights(layout, fork(seed, 1)),
    normalisation: normalisationOf(perMinute, fork(seed, 0)),
    hurdle: settings.hurdle,
  };
  const learner = newLearner(model.weights);
  trainOn(learner, model, perMinute, fork(seed, 2), settings);
  return { ...model, weights: learner.target };
}

/** Lets a learner practise. Changes it, and the model's weights that it shares, in place. */
export function trainOn(
  learner: Learner,
  model: Model,
  perMinute: Float32Array,
  random: Random,
  settings: TrainSettings,
  shape?: (reward: number) => number,
): void {
  const workspace = workspaceFor(model.weights);
  // The target network leads: it is the learner's mean over its last steps, and so the steadier hand.
  const leader: Model = { ...model, weights: learner.target };
  const activations = activationsFor(model.weights.layout);
  const input = new Float32Array(model.normalisation.mean.length);
  const choose = ({ features }: State, mask: Mask): number =>
    prefer(forward(leader.weights, normalise(features, model.normalisation, input), activations), mask, model.hurdle);
  const replay: (readonly Transition[])[] = [];
  let ticks = 0;
  const [from, to] = settings.epsilon;
  const epsilon = (): number => Math.max(to, from + (to - from) * Math.min(1, (2 * ticks) / settings.ticks));
  for (const transitions of practise(choose, perMinute, random, settings, epsilon, shape)) {
    replay[ticks % settings.replay] = transitions;
    ticks += 1;
    if (ticks > WARM_UP_TICKS && ticks % settings.every === 0) {
      const batch = Array.from({ length: settings.batch }, () => replay[below(random, replay.length)] as readonly Transition[]).flat();
      // The last third of the way is walked in ever smaller steps.
      const learningRate = settings.learningRate * Math.min(1, 3 * (1 - ticks / settings.ticks) + 0.02);
      learn(learner, batch, model.normalisation, { ...settings, learningRate }, workspace);
    }
    if (ticks >= settings.ticks) return;
  }
}
