import { type Activations, forward } from "./network.ts";
import { type Mask, type Model, NO_DEVIATION, type Normalisation, type Random, type State } from "./model.ts";
import { below } from "./random.ts";

/** Normalised features are cut off here, so that one wild value cannot rule the network. */
const MAX_NORMALISED = 5;

/** (x − mean) ÷ deviation per feature, cut off. Writes into `into`, and returns it. */
export function normalise(
  features: Float32Array,
  { mean, deviation }: Normalisation,
  into: Float32Array = new Float32Array(features.length),
): Float32Array {
  for (let i = 0; i < features.length; i += 1) {
    const z = ((features[i] as number) - (mean[i] as number)) / (deviation[i] as number);
    into[i] = Math.min(Math.max(z, -MAX_NORMALISED), MAX_NORMALISED);
  }
  return into;
}

/** The allowed action of the highest value; of equals the first; -1 where none is allowed. */
export function best(qValues: ArrayLike<number>, mask: Mask): number {
  let action = -1;
  for (let i = 0; i < qValues.length; i += 1)
    if (mask[i] === true && (action < 0 || (qValues[i] as number) > (qValues[action] as number))) action = i;
  return action;
}

/**
 * The allowed action of the highest value, where it is better by `hurdle` than not deviating: who is not sure stays with the rule (Laroche et
 * al., "Safe Policy Improvement with Baseline Bootstrapping", ICML 2019).
 */
export function prefer(qValues: ArrayLike<number>, mask: Mask, hurdle: number): number {
  const action = best(qValues, mask);
  if (mask[NO_DEVIATION] !== true || action < 0) return action;
  return (qValues[action] as number) > (qValues[NO_DEVIATION] as number) + hurdle ? action : NO_DEVIATION;
}

export interface Choice {
  readonly action: number;
  readonly qValues: Float32Array;
  /** Probability of this action under the policy that chose it. */
  readonly propensity: number;
}

/** Epsilon-greedy over the allowed actions. `mask` must allow at least one. */
export function act(
  model: Model,
  state: State,
  mask: Mask,
  explore: { readonly epsilon: number; readonly random: Random } = { epsilon: 0, random: () => 1 },
  activations?: Activations,
): Choice {
  const qValues = forward(model.weights, normalise(state.features, model.normalisation), activations).slice();
  const greedy = prefer(qValues, mask, model.hurdle);
  if (explore.epsilon === 0) return { action: greedy, qValues, propensity: 1 };
  const allowed = mask.flatMap((may, i) => (may ? [i] : []));
  const action = explore.random() < explore.epsilon ? (allowed[below(explore.random, allowed.length)] as number) : greedy;
  const random = explore.epsilon / allowed.length;
  return { action, qValues, propensity: action === greedy ? 1 - explore.epsilon + random : random };
}
