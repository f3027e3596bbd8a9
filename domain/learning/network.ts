import type { Layout, Random, Weights } from "./model.ts";

/** Parameters of a layout: of each layer, out × in weights and out biases. */
export const parametersOf = (layout: Layout): number => layout.slice(1).reduce((sum, out, i) => sum + out * ((layout[i] ?? 0) + 1), 0);

/** He-uniform; the last layer a tenth of it, so that no action is liked at first; biases 0. */
export function initialWeights(layout: Layout, random: Random): Weights {
  const values = new Float32Array(parametersOf(layout));
  let at = 0;
  layout.slice(1).forEach((out, i) => {
    const inputs = layout[i] ?? 0;
    const bound = Math.sqrt(6 / inputs) * (i === layout.length - 2 ? 0.1 : 1);
    for (let k = 0; k < out * inputs; k += 1) values[at + k] = (2 * random() - 1) * bound;
    at += out * (inputs + 1);
  });
  return { layout, values };
}

/** What a pass leaves for the way back: the outputs of every layer, the input first. Reused between passes. */
export type Activations = readonly Float32Array[];

export const activationsFor = (layout: Layout): Activations => layout.map((size) => new Float32Array(size));

/**
 * Runs a normalised input of layout[0] features through the network.
 * @returns the outputs, of length layout.at(-1); a view of `activations` where they are given, so valid until the next pass.
 */
export function forward(weights: Weights, input: Float32Array, activations: Activations = activationsFor(weights.layout)): Float32Array {
  const { layout, values } = weights;
  activations[0]?.set(input);
  let at = 0;
  for (let layer = 1; layer < layout.length; layer += 1) {
    const from = activations[layer - 1] as Float32Array;
    const to = activations[layer] as Float32Array;
    const inputs = from.length;
    const isLast = layer === layout.length - 1;
    const biases = at + to.length * inputs;
    for (let o = 0; o < to.length; o += 1) {
      let sum = values[biases + o] as number;
      const row = at + o * inputs;
      for (let i = 0; i < inputs; i += 1) sum += (values[row + i] as number) * (from[i] as number);
      // Written so that NaN passes: what is broken must not look like a unit that is off.
      to[o] = !isLast && sum < 0 ? 0 : sum;
    }
    at = biases + to.length;
  }
  return activations.at(-1) as Float32Array;
}

/**
 * Adds to `gradient` what the loss's slope at the outputs makes of every parameter: back-propagation through the pass that filled
 * `activations`. `slopes` has the shape of `activations`; its last entry is given, the others are scratch.
 */
export function backward(weights: Weights, activations: Activations, slopes: Activations, gradient: Float32Array): void {
  const { layout, values } = weights;
  let at = values.length;
  for (let layer = layout.length - 1; layer > 0; layer -= 1) {
    const from = activations[layer - 1] as Float32Array;
    const back = slopes[layer - 1] as Float32Array;
    const slope = slopes[layer] as Float32Array;
    const inputs = from.length;
    const biases = at - slope.length;
    at = biases - slope.length * inputs;
    back.fill(0);
    for (let o = 0; o < slope.length; o += 1) {
      const s = slope[o] as number;
      if (s === 0) continue;
      gradient[biases + o] = (gradient[biases + o] as number) + s;
      const row = at + o * inputs;
      for (let i = 0; i < inputs; i += 1) {
        gradient[row + i] = (gradient[row + i] as number) + s * (from[i] as number);
        back[i] = (back[i] as number) + s * (values[row + i] as number);
      }
    }
    // A unit that ReLU has cut off passes nothing back.
    for (let i = 0; i < inputs; i += 1) if ((from[i] as number) <= 0) back[i] = 0;
  }
}

const finite = (values: Float32Array): boolean => values.every(Number.isFinite);

/** True where every parameter is a finite number and there are as many as the layout asks for. */
export const isSound = ({ layout, values }: Weights): boolean => values.length === parametersOf(layout) && finite(values);
