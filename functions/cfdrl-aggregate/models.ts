import { decodeModel } from "../../domain/learning/codec.ts";
import type { Model } from "../../domain/learning/model.ts";
import type { RoundStore } from "../../state/rounds.ts";
import { GENESIS_LINK, GENESIS_MODEL } from "../genesis.ts";

/** A global model of the chain, by its hash; the first one ships and is in no store. */
export const bytesOf = async (rounds: RoundStore, modelSha256: string): Promise<Uint8Array | undefined> =>
  modelSha256 === GENESIS_LINK.modelSha256 ? GENESIS_MODEL : rounds.model(modelSha256);

/** The model that the chain stands at. This function has put it there itself: that it is gone, or no model, is a fault of the store. */
export async function standing(rounds: RoundStore, modelSha256: string): Promise<{ readonly bytes: Uint8Array; readonly model: Model }> {
  const bytes = await bytesOf(rounds, modelSha256);
  const read = bytes === undefined ? undefined : decodeModel(bytes);
  if (bytes === undefined || read?.ok !== true) throw new Error(`the global model ${modelSha256} is gone from the store`);
  return { bytes, model: read.value };
}
