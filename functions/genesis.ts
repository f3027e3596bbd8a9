import { encodeModel } from "../domain/learning/codec.ts";
import { DEVIATIONS } from "../domain/learning/model.ts";
import { initialWeights } from "../domain/learning/network.ts";
import { seeded } from "../domain/learning/random.ts";
import { FEATURES } from "../domain/learning/state.ts";
import { genesis } from "../domain/scaling/federation.ts";
import { linkSha256, sha256 } from "./federation.ts";

const layout = [FEATURES.length, 64, 64, DEVIATIONS.length];

/** The model that everybody starts from: link 0 of every chain. */
export const GENESIS_MODEL: Uint8Array = encodeModel({
  weights: initialWeights(layout, seeded(1)),
  normalisation: { mean: new Float32Array(FEATURES.length), deviation: new Float32Array(FEATURES.length).fill(1) },
  hurdle: 0,
});

export const GENESIS_LINK = genesis(sha256(GENESIS_MODEL));
export const GENESIS_HEAD = { link: GENESIS_LINK, linkSha256: linkSha256(GENESIS_LINK) } as const;
