import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFloats, decodeModel, encodeFloats, encodeModel, fromBase64, toBase64 } from "./codec.ts";
import type { Model } from "./model.ts";
import { initialWeights } from "./network.ts";
import { seeded } from "./random.ts";

const model: Model = {
  weights: initialWeights([4, 8, 3], seeded(1)),
  normalisation: { mean: Float32Array.of(1, 2, 3, 4), deviation: Float32Array.of(4, 3, 2, 1) },
  hurdle: 0.25,
};

describe("a model as bytes", () => {
  it("is the same after the way there and back, through base64 and at any alignment", () => {
    const bytes = fromBase64(toBase64(encodeModel(model))) as Uint8Array;
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeModel(shifted.subarray(1))).toEqual({ ok: true, value: model });
  });

  it("is refused when anything is cut off, added or not a number", () => {
    const bytes = encodeModel(model);
    expect(decodeModel(bytes.subarray(0, bytes.length - 4))).toMatchObject({ ok: false, code: "MODEL_MALFORMED" });
    expect(decodeModel(Uint8Array.from([...bytes, 0, 0, 0, 0]))).toMatchObject({ ok: false });
    expect(decodeModel(encodeModel({ ...model, hurdle: Number.NaN }))).toMatchObject({ ok: false });
  });

  it("never throws, and never believes a size that the bytes do not have", () => {
    const start = encodeModel(model).slice(0, 8);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (noise, looksRight) => {
        const outcome = decodeModel(looksRight ? Uint8Array.from([...start, ...noise]) : noise);
        expect(outcome.ok).toBe(false);
      }),
    );
  });

  it("keeps floats as they are, and says when a text is no base64", () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 50, noNaN: true }), (floats) => {
        expect(decodeFloats(encodeFloats(floats))).toEqual(floats);
      }),
    );
    expect(fromBase64("not base64!")).toBeUndefined();
  });
});
