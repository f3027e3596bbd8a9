import { aggregate } from "../../domain/learning/aggregate.ts";
import { type AggregationRule, DEVIATIONS, type Model, type Normalisation } from "../../domain/learning/model.ts";
import { initialWeights } from "../../domain/learning/network.ts";
import { fork } from "../../domain/learning/random.ts";
import { FEATURES } from "../../domain/learning/state.ts";
import { newTrainee, TRAIN_DEFAULTS, type TrainSettings } from "../../domain/learning/train.ts";
import { type Attack, flipped, forge } from "./attacks.ts";

/** Ten clusters learn together, each from two days of its own; the last two lie. */
export interface FederationSettings {
  readonly clients: number;
  readonly malicious: number;
  readonly rounds: number;
  /** Minutes that each client practises a round. */
  readonly localMinutes: number;
}

export const FEDERATION_DEFAULTS: FederationSettings = { clients: 10, malicious: 2, rounds: 6, localMinutes: 300 };

const MINUTES_OF_CLIENT = 2 * 1440;
const LOCAL: TrainSettings = { ...TRAIN_DEFAULTS, every: 2, learningRate: 1e-3, follow: 0.05 };

/**
 * Federated training from nothing: each round every client starts at the global model, practises, and sends by how much it moved.
 * @returns the global model after the last round.
 */
export function federate(
  rule: AggregationRule,
  attack: Attack,
  perMinute: Float32Array,
  normalisation: Normalisation,
  seed: number,
  { clients, malicious, rounds, localMinutes }: FederationSettings = FEDERATION_DEFAULTS,
): Model {
  const layout = [FEATURES.length, TRAIN_DEFAULTS.hidden, TRAIN_DEFAULTS.hidden, DEVIATIONS.length];
  const global = { weights: initialWeights(layout, fork(seed, 1)), normalisation, hurdle: TRAIN_DEFAULTS.hurdle };
  const isLiar = (client: number): boolean => client >= clients - malicious;
  const trainees = Array.from({ length: clients }, (_, client) => {
    const from = client * MINUTES_OF_CLIENT;
    const own = { ...global, weights: { layout, values: global.weights.values.slice() } };
    const shape = attack === "reward-flip" && isLiar(client) ? flipped : undefined;
    return newTrainee(own, perMinute.slice(from, from + MINUTES_OF_CLIENT), fork(seed, 10 + client), LOCAL, shape);
  });
  const random = fork(seed, 2);
  for (let round = 0; round < rounds; round += 1) {
    const base = global.weights.values.slice();
    const own = trainees.map(({ learner, practise }) => {
      learner.weights.values.set(base);
      learner.target.values.set(base);
      learner.optimiser.first.fill(0);
      learner.optimiser.second.fill(0);
      learner.optimiser.steps = 0;
      practise(localMinutes, (minute) => (round + minute / localMinutes) / rounds);
      return learner.target.values.map((x, k) => x - (base[k] as number));
    });
    const honest = own.filter((_, client) => !isLiar(client));
    const sent = own.map((delta, client) => (isLiar(client) ? forge(attack, delta, honest, random) : delta));
    const agreed = aggregate(rule, sent, malicious);
    if (!agreed.ok) throw new Error(agreed.reason);
    global.weights.values.set(base.map((x, k) => x + (agreed.value[k] as number)));
  }
  return global;
}
