import { z } from "zod";
import { decodeFloats, encodeFloats } from "../../domain/learning/codec.ts";
import { type Learner, newLearner } from "../../domain/learning/learn.ts";
import type { Weights } from "../../domain/learning/model.ts";

/** The copy of the global model that a client trains, and how far it is. */
export interface Trainee {
  readonly learner: Learner;
  /** Of the model that it started from. */
  readonly baseSha256: string;
  /** Steps since that model, and the last round that an update was sent in. */
  readonly steps: number;
  readonly sentRound: number;
}

const Head = z.strictObject({
  baseSha256: z.string(),
  steps: z.number(),
  sentRound: z.number(),
  optimiserSteps: z.number(),
  layout: z.array(z.number()),
});

export const newTrainee = ({ layout, values }: Weights, baseSha256: string): Trainee => ({
  learner: newLearner({ layout, values: values.slice() }),
  baseSha256,
  steps: 0,
  sentRound: 0,
});

/** A line of JSON, then little-endian float32: weights, target, and Adam's two moments. */
export function encodeTrainee({ learner: { weights, target, optimiser }, baseSha256, steps, sentRound }: Trainee): Uint8Array {
  const head = JSON.stringify({ baseSha256, steps, sentRound, optimiserSteps: optimiser.steps, layout: weights.layout });
  const floats = [weights.values, target.values, optimiser.first, optimiser.second].map(encodeFloats);
  return Buffer.concat([Buffer.from(`${head}\n`), ...floats]);
}

/** @returns undefined for what another version of this software wrote otherwise: then training starts anew. */
export function decodeTrainee(bytes: Uint8Array): Trainee | undefined {
  const end = bytes.indexOf(10);
  const read = Head.safeParse(JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()));
  if (!read.success) return undefined;
  const { layout, optimiserSteps, ...head } = read.data;
  const floats = decodeFloats(bytes.subarray(end + 1));
  const part = (i: number): Float32Array => floats.slice((i * floats.length) / 4, ((i + 1) * floats.length) / 4);
  const optimiser = { first: part(2), second: part(3), steps: optimiserSteps };
  return { ...head, learner: { weights: { layout, values: part(0) }, target: { layout, values: part(1) }, optimiser } };
}
