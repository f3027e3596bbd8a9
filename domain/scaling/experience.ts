import { decodeFloats, encodeFloats } from "../learning/codec.ts";
import { LEARN_DEFAULTS } from "../learning/learn.ts";
import { DEVIATIONS, type Mask, type Replicas, type State, type Transition } from "../learning/model.ts";
import { costOf, ENVIRONMENT } from "../learning/simulate.ts";
import { FEATURES } from "../learning/state.ts";
import { TRAIN_DEFAULTS } from "../learning/train.ts";

/** A decision whose consequences are still being seen: the reward of the steps so far, as Σ γᵏ rₖ. */
export interface Pending {
  readonly features: readonly number[];
  readonly centre: number;
  /** Pods there were when it was decided. */
  readonly pods: number;
  /** What was really done, which the next period shows; -1 until then. */
  readonly action: number;
  readonly reward: number;
  readonly steps: number;
}

/** What a period showed. */
export interface Seen {
  readonly state: State;
  readonly mask: Mask;
  readonly replicas: Replicas;
  /** Pods of work. */
  readonly demand: number;
}

/** As many digits as a float32 has: the rest of its double would be noise, in twice the bytes. */
const short = (x: number): number => Number(x.toPrecision(7));

const { gamma } = LEARN_DEFAULTS;
const { steps: STEPS, rewardScale } = TRAIN_DEFAULTS;

/**
 * Takes a period in: what it cost is the reward of what was done before it. The action is what was done and not what was decided, since in
 * shadow and advise somebody else decides, and in act what was decided may not have happened.
 * @returns the transition that is complete now, if one is, and what is still pending. A jump that is no action ends all that is pending.
 */
export function experience(
  pending: readonly Pending[],
  seen: Seen,
): { readonly transition?: Transition; readonly pending: readonly Pending[] } {
  const { state, mask, replicas, demand } = seen;
  const pods = replicas.ready + replicas.starting;
  const next: Pending = { features: [...state.features].map(short), centre: state.centre, pods, action: -1, reward: 0, steps: 0 };
  const last = pending.at(-1);
  if (last === undefined) return { pending: [next] };
  const action = DEVIATIONS.findIndex((by) => by === pods - last.centre);
  if (action < 0) return { pending: [next] };

  const violated = demand > ENVIRONMENT.violationUtilisation * replicas.ready;
  const tick = { pods, ready: replicas.ready, demand, utilisation: demand / Math.max(1, replicas.ready), violated };
  const cost = costOf(tick, Math.abs(pods - last.pods), ENVIRONMENT);
  // As in training: what nobody could do without is not held against anybody.
  const reward = -rewardScale * (cost - demand / ENVIRONMENT.violationUtilisation);
  const settled = pending.map((one, i) => ({
    ...one,
    action: i === pending.length - 1 ? action : one.action,
    reward: one.reward + gamma ** one.steps * reward,
    steps: one.steps + 1,
  }));
  const [first, ...others] = settled;
  if (first === undefined || first.steps < STEPS) return { pending: [...settled, next] };
  const { features, steps } = first;
  return {
    transition: {
      features: Float32Array.from(features),
      action: first.action,
      reward: first.reward,
      steps,
      nextFeatures: state.features,
      nextMask: mask,
    },
    pending: [...others, next],
  };
}

/** Every transition has so many bytes, so that the n-th of a ring is found without looking at the others. */
export const TRANSITION_BYTES = 4 * (2 * FEATURES.length + 4);

/** Little-endian float32: features, next features, action, reward, steps, and the mask as a number of which bit i is action i. */
export function encodeTransition({ features, nextFeatures, action, reward, steps, nextMask }: Transition): Uint8Array {
  const bits = nextMask.reduce((sum, may, i) => sum + (may ? 2 ** i : 0), 0);
  return encodeFloats(Float32Array.of(...features, ...nextFeatures, action, reward, steps, bits));
}

export function decodeTransition(bytes: Uint8Array): Transition {
  const floats = decodeFloats(bytes);
  const n = FEATURES.length;
  const [action = 0, reward = 0, steps = 1, bits = 0] = floats.subarray(2 * n);
  const nextMask = DEVIATIONS.map((_, i) => Math.floor(bits / 2 ** i) % 2 === 1);
  return { features: floats.slice(0, n), nextFeatures: floats.slice(n, 2 * n), action, reward, steps, nextMask };
}
