import { ok, type Outcome, refuse } from "../outcome.ts";
import { parametersOf } from "./network.ts";
import type { Model } from "./model.ts";

/*
 * A model as bytes, little-endian: "UQN1", the number of layers and their sizes as uint32, then float32: the parameters, the features' means,
 * their deviations, the hurdle. Its SHA-256 is of these bytes.
 */

const MAGIC = 0x314e5155;
/** Far beyond any model of ours: a length from outside is not believed before it is looked at. */
const MAX_LAYERS = 8;
const MAX_PARAMETERS = 1_000_000;

export function encodeModel({ weights, normalisation, hurdle }: Model): Uint8Array {
  const { layout, values } = weights;
  const floats = [values, normalisation.mean, normalisation.deviation, Float32Array.of(hurdle)];
  const words = 2 + layout.length + floats.reduce((sum, part) => sum + part.length, 0);
  const view = new DataView(new ArrayBuffer(4 * words));
  let at = 0;
  for (const word of [MAGIC, layout.length, ...layout]) view.setUint32(4 * at++, word, true);
  for (const part of floats) for (const x of part) view.setFloat32(4 * at++, x, true);
  return new Uint8Array(view.buffer);
}

export function decodeModel(bytes: Uint8Array): Outcome<Model, "MODEL_MALFORMED"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const malformed = (reason: string) => refuse("MODEL_MALFORMED", reason);
  if (bytes.byteLength < 8 || view.getUint32(0, true) !== MAGIC) return malformed("it does not start as a model does");
  const layers = view.getUint32(4, true);
  if (layers < 2 || layers > MAX_LAYERS || bytes.byteLength < 8 + 4 * layers) return malformed(`${layers} layers`);
  const layout = Array.from({ length: layers }, (_, i) => view.getUint32(8 + 4 * i, true));
  const parameters = parametersOf(layout);
  const inputs = layout[0] ?? 0;
  if (!(parameters <= MAX_PARAMETERS) || bytes.byteLength !== 4 * (2 + layers + parameters + 2 * inputs + 1))
    return malformed(`${bytes.byteLength} bytes do not hold layers of ${layout.join(", ")}`);
  const floats = decodeFloats(bytes.subarray(8 + 4 * layers));
  if (!floats.every(Number.isFinite)) return malformed("a parameter is not a finite number");
  const part = (from: number, length: number): Float32Array => floats.slice(from, from + length);
  return ok({
    weights: { layout, values: part(0, parameters) },
    normalisation: { mean: part(parameters, inputs), deviation: part(parameters + inputs, inputs) },
    hurdle: floats.at(-1) ?? 0,
  });
}

/** Little-endian float32. */
export function encodeFloats(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((x, i) => view.setFloat32(4 * i, x, true));
  return new Uint8Array(view.buffer);
}

/** Copies: bytes from a store are a window on a pool, and need not be aligned. A last incomplete float is left out. */
export function decodeFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

const CHUNK = 0x8000;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

/** @returns undefined where the text is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
