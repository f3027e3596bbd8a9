import { decodeModel } from "../../domain/learning/codec.ts";
import { DEVIATIONS, type FallbackReason, type Model } from "../../domain/learning/model.ts";
import { FEATURES } from "../../domain/learning/state.ts";
import type { Backing } from "../../state/backing.ts";
import { type Head, openPolicies } from "../../state/policies.ts";
import { sha256 } from "../federation.ts";
import { GENESIS_HEAD, GENESIS_MODEL } from "../genesis.ts";

export interface Current {
  readonly head: Head;
  /** Or why there is none that could be trusted. */
  readonly model: Model | Extract<FallbackReason, "NO_MODEL" | "MODEL_HASH">;
}

/** The model that a client acts with. Decoded ones are kept by their hash, which cannot go stale: one object a process. */
export interface Models {
  current(client: string): Promise<Current>;
}

/** The current one and the one before, while they change over. */
const DECODED = 2;

export function openModels(backing: Backing): Models {
  const policies = openPolicies(backing);
  const decoded = new Map<string, Model>();

  async function load(client: string, hash: string): Promise<Current["model"]> {
    const known = decoded.get(hash);
    if (known !== undefined) return known;
    const bytes = hash === GENESIS_HEAD.link.modelSha256 ? GENESIS_MODEL : await policies.model(client, hash);
    if (bytes === undefined) return "NO_MODEL";
    if (sha256(bytes) !== hash) return "MODEL_HASH";
    const read = decodeModel(bytes);
    if (!read.ok) return "MODEL_HASH";
    // Of another version of this code: it speaks of other features.
    if (read.value.weights.layout[0] !== FEATURES.length || read.value.weights.layout.at(-1) !== DEVIATIONS.length) return "NO_MODEL";
    decoded.set(hash, read.value);
    const [oldest] = decoded.keys();
    if (decoded.size > DECODED && oldest !== undefined) decoded.delete(oldest);
    return read.value;
  }

  return {
    async current(client) {
      const head = (await policies.head(client)) ?? GENESIS_HEAD;
      return { head, model: await load(client, head.link.modelSha256) };
    },
  };
}
