import { type LearnSettings, LEARN_DEFAULTS, learn, type Learner, newLearner, workspaceFor } from "./learn.ts";
import { normalise, prefer } from "./act.ts";
import { DEVIATIONS, type Mask, type Model, NO_DEVIATION, type Normalisation, type Random, type State, type Transition } from "./model.ts";
import { activationsFor, forward, initialWeights } from "./network.ts";
import { drawSegment } from "./load.ts";
import { learnedPolicy } from "./policies.ts";
import { practise, type PracticeSettings } from "./practice.ts";
import { below, fork } from "./random.ts";
import { ENVIRONMENT, simulate, totalsOf } from "./simulate.ts";
import { FEATURES } from "./state.ts";

export interface TrainSettings extends LearnSettings, PracticeSettings {
  /** Minutes in the simulator; each gives a transition for every action. */
  readonly minutes: number;
  readonly hidden: number;
  /** Minutes of which an update takes the transitions. */
  readonly batch: number;
  /** Minutes that are kept. */
  readonly replay: number;
  /** Minutes for each update. */
  readonly every: number;
  readonly epsilon: readonly [from: number, to: number];
  readonly hurdle: number;
}

export const TRAIN_DEFAULTS: TrainSettings = {
  ...LEARN_DEFAULTS,
  minutes: 100_000,
  steps: 5,
  hidden: 64,
  batch: 8,
  replay: 40_000,
  every: 3,
  epsilon: [1, 0.1],
  hurdle: 0.02,
  rewardScale: 0.05,
};

const WARM_UP_MINUTES = 300;

/** Mean and deviation of the features where exploration goes. */
export function normalisationOf(perMinute: Float32Array, random: Random, minutes = 10_000): Normalisation {
  const seen: Float32Array[] = [];
  for (const [transition] of practise(
    () => NO_DEVIATION,
    perMinute,
    random,
    { gamma: 0, steps: 1, rewardScale: 0 },
    () => 1,
  )) {
    if (transition !== undefined) seen.push(transition.features);
    if (seen.length >= minutes) break;
  }
  const mean = Float32Array.from(FEATURES, (_, i) => seen.reduce((sum, f) => sum + (f[i] as number), 0) / seen.length);
  const deviation = mean.map((m, i) => Math.sqrt(seen.reduce((sum, f) => sum + ((f[i] as number) - m) ** 2, 0) / seen.length) + 1e-3);
  return { mean, deviation };
}

/** Trains a model of a seed from nothing. The same seed, trace and settings give the same bytes. */
export function train(perMinute: Float32Array, seed: number, settings: TrainSettings = TRAIN_DEFAULTS): Model {
  const layout = [FEATURES.length, settings.hidden, settings.hidden, DEVIATIONS.length];
  const model = {
    weights: initialWeights(layout, fork(seed, 1)),
    normalisation: normalisationOf(perMinute, fork(seed, 0)),
    hurdle: settings.hurdle,
  };
  const trainee = newTrainee(model, perMinute, fork(seed, 2), settings);
  trainee.practise(settings.minutes, (minute) => minute / settings.minutes);
  const trained = { ...model, weights: trainee.learner.target };
  return { ...trained, hurdle: calibrateHurdle(trained, perMinute, fork(seed, 3)) };
}

const HURDLES = [0.01, 0.03, 0.06, 0.12];

/** The hurdle under which a model costs least on segments of the training days. The highest of equals, and never none: it is the safer side. */
export function calibrateHurdle(model: Model, perMinute: Float32Array, random: Random, segments = 6): number {
  const demands = Array.from({ length: segments }, () => drawSegment(perMinute, random).demand);
  const costUnder = (hurdle: number): number =>
    demands.reduce((sum, demand) => sum + totalsOf(simulate(learnedPolicy({ ...model, hurdle }), demand), ENVIRONMENT).cost, 0);
  const costs = HURDLES.map(costUnder);
  return HURDLES[costs.lastIndexOf(Math.min(...costs))] as number;
}

/** A learner with a simulator and a replay memory of its own. */
export interface Trainee {
  readonly learner: Learner;
  /** Practises so many minutes. @param progress of the whole training, 0 to 1, before each: exploration and step size fall with it. */
  practise(minutes: number, progress: (minute: number) => number): void;
}

/** @param shape what becomes of each reward; honest clients leave it as it is. */
export function newTrainee(
  model: Model,
  perMinute: Float32Array,
  random: Random,
  settings: TrainSettings,
  shape?: (reward: number) => number,
): Trainee {
  const learner = newLearner(model.weights);
  const workspace = workspaceFor(model.weights);
  const activations = activationsFor(model.weights.layout);
  const input = new Float32Array(model.normalisation.mean.length);
  // The target network leads: it is the learner's mean over its last steps, and so the steadier hand.
  const choose = ({ features }: State, mask: Mask): number =>
    prefer(forward(learner.target, normalise(features, model.normalisation, input), activations), mask, model.hurdle);
  const replay: (readonly Transition[])[] = [];
  let epsilon: number = settings.epsilon[0];
  const experience = practise(choose, perMinute, random, settings, () => epsilon, shape);
  let seen = 0;
  return {
    learner,
    practise(minutes, progressAt) {
      const [from, to] = settings.epsilon;
      for (let i = 0; i < minutes; i += 1) {
        const progress = progressAt(i);
        epsilon = Math.max(to, from + (to - from) * Math.min(1, 2 * progress));
        replay[seen % settings.replay] = experience.next().value;
        seen += 1;
        if (replay.length < WARM_UP_MINUTES || seen % settings.every !== 0) continue;
        const batch = Array.from({ length: settings.batch }, () => replay[below(random, replay.length)] as readonly Transition[]).flat();
        // The last third of the way is walked in ever smaller steps.
        const learningRate = settings.learningRate * Math.min(1, 3 * (1 - progress) + 0.02);
        learn(learner, batch, model.normalisation, { ...settings, learningRate }, workspace);
      }
    },
  };
}
