import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { addNoise, aggregate, clip, isKrum, quorumOf } from "../../domain/learning/aggregate.ts";
import { decodeFloats, fromBase64 } from "../../domain/learning/codec.ts";
import type { AggregationRule, Model, Random, RoundSettings } from "../../domain/learning/model.ts";
import { isSound } from "../../domain/learning/network.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { type Canary, canarySteps, passes } from "../../domain/scaling/canary.ts";

/** An update that was let into the round. */
export interface Member {
  readonly client: string;
  readonly delta: Float32Array;
}

/** As `take` puts it into the round. */
const Kept = z.looseObject({ delta: z.string() });

/** Members by name, so that the order in which they came changes nothing. */
export const membersOf = (updates: Readonly<Record<string, string>>): readonly Member[] =>
  Object.entries(updates)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([client, json]) => ({ client, delta: decodeFloats(fromBase64(Kept.parse(JSON.parse(json)).delta) ?? new Uint8Array()) }));

/** Both Krums need 2f + 3 updates; with fewer the trimmed mean withstands as many liars, from 2f + 1 on. */
export const ruleFor = ({ rule, byzantine }: RoundSettings, members: number): AggregationRule =>
  isKrum(rule) && members < quorumOf(rule, byzantine) ? "trimmed-mean" : rule;

/**
 * The model that a round's updates make of the base, before anybody has tried it.
 * @param random chance that nobody can foresee, for the noise of differential privacy where that is on.
 */
export function candidateOf(
  members: readonly Member[],
  base: Model,
  settings: RoundSettings,
  random: Random,
): Outcome<Model, "QUORUM_MISSED" | "WEIGHT_NOT_FINITE"> {
  const { noise, byzantine, quorum } = settings;
  if (members.length < quorum) return refuse("QUORUM_MISSED", `${members.length} updates came, ${quorum} are needed`);
  const deltas = members.map(({ delta }) => (noise === undefined ? delta : clip(delta, noise.clipNorm)));
  const aggregated = aggregate(ruleFor(settings, members.length), deltas, byzantine);
  if (!aggregated.ok) return aggregated;
  const delta = noise === undefined ? aggregated.value : addNoise(aggregated.value, members.length, noise, random);
  const { layout, values } = base.weights;
  const weights = { layout, values: values.map((x, i) => x + (delta[i] as number)) };
  return isSound(weights) ? ok({ ...base, weights }) : refuse("WEIGHT_NOT_FINITE", "the aggregate is not finite");
}

/** Plays a candidate through the canary, and says whether it may become the global model. Other events of the process get their turn in between. */
export async function tryOut(
  candidate: Model,
  base: Model,
): Promise<{ readonly canary: Canary; readonly verdict: Outcome<string, "CANARY_WORSE"> }> {
  const steps = canarySteps(candidate, base);
  let step = steps.next();
  while (step.done !== true) {
    await setImmediate();
    step = steps.next();
  }
  const seen = step.value;
  const costs = `${seen.candidate.toFixed(3)} a tick, the model before ${seen.current.toFixed(3)}, the HPA ${seen.hpa.toFixed(3)}`;
  return { canary: seen, verdict: passes(seen) ? ok(`it costs ${costs}`) : refuse("CANARY_WORSE", `it would cost ${costs}`) };
}
