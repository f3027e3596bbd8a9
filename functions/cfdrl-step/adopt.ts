import type { z } from "zod";
import { decodeModel, fromBase64 } from "../../domain/learning/codec.ts";
import type { PolicyUpdated } from "../../events/learning.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { Scope } from "../../runtime/function.ts";
import type { Head, PolicyStore } from "../../state/policies.ts";
import { isLinkSigned, linkSha256, sha256 } from "../federation.ts";
import { GENESIS_HEAD } from "../genesis.ts";
import type { Settings } from "../settings.ts";

type Updated = z.infer<typeof PolicyUpdated.data>;

/**
 * Moves the client on to a new global model: signed by the aggregator, a continuation of the chain that the client stands on, and the bytes
 * that the link names. Emits nothing, so that rounds do not feed on themselves.
 */
export async function adopt(data: Updated, scope: Scope<{ settings: Settings; policies: PolicyStore }>): Promise<void> {
  const { policies } = scope.resources;
  const { client, federation } = scope.resources.settings();
  const { link } = data;
  if (!isLinkSigned(link, data.signature, federation.aggregatorKey))
    throw new PermanentError("POLICY_FORGED", `round ${link.round} is not signed by the aggregator of this federation`);
  const before = await policies.head(client);
  const head = before ?? GENESIS_HEAD;
  const after = linkSha256(link);
  if (after === head.linkSha256 || link.round <= head.link.round) return;
  if (!continues(data.chain, after, before))
    throw new PermanentError("POLICY_CHAIN_BROKEN", `round ${link.round} does not follow from round ${head.link.round} of ours`);

  const model = await bytesOf(data, head, client, policies);
  const adopted = await policies.adopt(client, { before, link, linkSha256: after, ...(model === undefined ? {} : { model }) });
  if (!adopted) throw new TransientError("POLICY_CONFLICT", "another worker moved on meanwhile");
  scope.log.info({ round: link.round, outcome: link.outcome, sha256: link.modelSha256 }, "policy adopted");
}

/** Link by link to where we stand. Who stands nowhere yet has only the signature to go by. */
function continues(chain: Updated["chain"], newest: string, before: Head | undefined): boolean {
  const hashes = chain.map(linkSha256);
  const isWhole = hashes.at(-1) === newest && chain.every(({ previous }, i) => i === 0 || previous === hashes[i - 1]);
  return isWhole && (before === undefined || hashes.includes(before.linkSha256) || chain[0]?.previous === before.linkSha256);
}

async function bytesOf({ link, model }: Updated, head: Head, client: string, policies: PolicyStore): Promise<Uint8Array | undefined> {
  const { modelSha256 } = link;
  if (modelSha256 === head.link.modelSha256 || modelSha256 === GENESIS_HEAD.link.modelSha256) return undefined;
  const bytes = model === undefined ? undefined : fromBase64(model);
  if (bytes === undefined) {
    if ((await policies.model(client, modelSha256)) !== undefined) return undefined;
    throw new PermanentError("MODEL_MISSING", `the model of round ${link.round} did not come with it and is not known`);
  }
  if (sha256(bytes) !== modelSha256 || !decodeModel(bytes).ok)
    throw new PermanentError("MODEL_MISMATCH", `the model of round ${link.round} is not the one that its link names`);
  return bytes;
}
