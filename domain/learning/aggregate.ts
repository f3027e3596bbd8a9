import { ok, type Outcome, refuse } from "../outcome.ts";
import type { AggregationRule, ModelUpdate, Random, RoundSettings } from "./model.ts";
import { normal } from "./random.ts";

/** L2 norm. */
export const normOf = (values: Float32Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));

/**
 * What can be said of one update without the others: right round and base, right length, finite, not too long.
 * NaN and infinities would make Krum's distances meaningless and FedAvg's mean useless, so they are refused before.
 */
export function checkUpdate(
  update: ModelUpdate,
  expected: { readonly round: number; readonly baseSha256: string; readonly parameters: number; readonly maxNorm: number },
): Outcome<ModelUpdate, "ROUND_MISMATCH" | "BASE_MISMATCH" | "SHAPE_MISMATCH" | "WEIGHT_NOT_FINITE" | "NORM_EXCEEDED"> {
  const { delta } = update;
  if (update.round !== expected.round) return refuse("ROUND_MISMATCH", `it is of round ${update.round}, this is ${expected.round}`);
  if (update.baseSha256 !== expected.baseSha256) return refuse("BASE_MISMATCH", "it was trained from another model than this round's");
  if (delta.length !== expected.parameters)
    return refuse("SHAPE_MISMATCH", `it has ${delta.length} parameters, the model has ${expected.parameters}`);
  if (!delta.every(Number.isFinite)) return refuse("WEIGHT_NOT_FINITE", "a parameter is not a finite number");
  const norm = normOf(delta);
  if (norm > expected.maxNorm) return refuse("NORM_EXCEEDED", `its norm is ${norm.toPrecision(4)}, the limit is ${expected.maxNorm}`);
  return ok(update);
}

const columnwise = (deltas: readonly Float32Array[], combine: (sorted: Float64Array) => number): Float32Array => {
  const column = new Float64Array(deltas.length);
  return Float32Array.from({ length: deltas[0]?.length ?? 0 }, (_, k) => {
    deltas.forEach((delta, i) => (column[i] = delta[k] as number));
    return combine(column.sort());
  });
};

const meanOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** FedAvg (McMahan et al. 2017), every client the same weight: what clients say of their sample counts cannot be checked. One liar moves it at will. */
const fedAvg = (deltas: readonly Float32Array[]): Float32Array => columnwise(deltas, meanOf);

/** Per parameter, without the f lowest and f highest (Yin et al. 2018). */
const trimmedMean = (deltas: readonly Float32Array[], f: number): Float32Array =>
  columnwise(deltas, (sorted) => meanOf(sorted.subarray(f, sorted.length - f)));

/** Per parameter; of an even number, the mean of the two in the middle. */
const median = (deltas: readonly Float32Array[]): Float32Array =>
  columnwise(deltas, (sorted) => meanOf(sorted.subarray((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)));

const squaredDistance = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, k) => sum + (x - (b[k] as number)) ** 2, 0);

/**
 * Which updates Multi-Krum keeps: the n − f of the lowest score, a score being the sum of squared distances to the n − f − 2 nearest others
 * (Blanchard et al. 2017). Equal scores: the first stays.
 * @returns indices, ascending.
 */
export function krumSelection(deltas: readonly Float32Array[], f: number): number[] {
  const n = deltas.length;
  const scores = deltas.map((a, i) => {
    const distances = deltas.flatMap((b, j) => (i === j ? [] : [squaredDistance(a, b)])).toSorted((x, y) => x - y);
    return distances.slice(0, n - f - 2).reduce((sum, x) => sum + x, 0);
  });
  const order = scores.map((_, i) => i).toSorted((i, j) => (scores[i] as number) - (scores[j] as number) || i - j);
  return order.slice(0, n - f).toSorted((i, j) => i - j);
}

const directionOf = (delta: Float32Array): Float32Array => {
  const norm = normOf(delta);
  return norm > 0 ? delta.map((x) => x / norm) : delta;
};

const medianNormOf = (deltas: readonly Float32Array[]): number => {
  const norms = deltas.map(normOf).toSorted((a, b) => a - b);
  return ((norms[(norms.length - 1) >> 1] as number) + (norms[norms.length >> 1] as number)) / 2;
};

/**
 * Multi-Krum by directions: who is kept follows from the angles between updates, and of what is kept none is longer than the median update.
 * Where honest clients disagree much, a short update against their mean lies between them and so nearer to each than they are to one another,
 * and Multi-Krum keeps it (inner-product manipulation); its direction is the farthest all the same. Lengths are no evidence, so they are
 * clipped, for a liar may send a right direction a thousand times too long.
 */
function cosineKrum(deltas: readonly Float32Array[], f: number): Float32Array {
  const longest = medianNormOf(deltas);
  const kept = new Set(krumSelection(deltas.map(directionOf), f));
  return fedAvg(deltas.filter((_, i) => kept.has(i)).map((delta) => clip(delta, longest)));
}

/** The rules that look for the updates which are near to each other. */
export const isKrum = (rule: AggregationRule): boolean => rule === "multi-krum" || rule === "cosine-krum";

/** Updates that a rule needs to withstand f liars. */
export const quorumOf = (rule: AggregationRule, f: number): number => (isKrum(rule) ? 2 * f + 3 : rule === "fed-avg" ? 1 : 2 * f + 1);

/**
 * One delta of many, all of one length and finite (`checkUpdate`).
 * @param f how many of them may be anything at all.
 * @returns what is to be added to the base model, or a refusal where there are too few to withstand f.
 */
export function aggregate(rule: AggregationRule, deltas: readonly Float32Array[], f: number): Outcome<Float32Array, "QUORUM_MISSED"> {
  const quorum = quorumOf(rule, f);
  if (deltas.length < quorum) return refuse("QUORUM_MISSED", `${rule} with f = ${f} needs ${quorum} updates, there are ${deltas.length}`);
  switch (rule) {
    case "fed-avg":
      return ok(fedAvg(deltas));
    case "trimmed-mean":
      return ok(trimmedMean(deltas, f));
    case "median":
      return ok(median(deltas));
    case "multi-krum": {
      const kept = new Set(krumSelection(deltas, f));
      return ok(fedAvg(deltas.filter((_, i) => kept.has(i))));
    }
    case "cosine-krum":
      return ok(cosineKrum(deltas, f));
  }
}

/** The delta at most `maxNorm` long. */
export function clip(delta: Float32Array, maxNorm: number): Float32Array {
  const norm = normOf(delta);
  return norm > maxNorm ? delta.map((x) => (x * maxNorm) / norm) : delta;
}

/**
 * Gaussian mechanism on the mean of n clipped deltas: noise of multiplier × clipNorm ÷ n per parameter (McMahan et al. 2018). With thousands
 * of parameters and few clients the noise is longer than the signal: off by default.
 */
export function addNoise(delta: Float32Array, clients: number, noise: NonNullable<RoundSettings["noise"]>, random: Random): Float32Array {
  const deviation = (noise.multiplier * noise.clipNorm) / clients;
  return delta.map((x) => x + deviation * normal(random));
}
