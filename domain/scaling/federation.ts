import { z } from "zod";
import type { RoundSettings } from "../learning/model.ts";

/** SHA-256 in lower-case hexadecimal. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Ed25519 signatures are 64 bytes. */
export const Signature = z.string().regex(/^[A-Za-z0-9+/]{86}==$/);
export const ClientName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "a name of letters, digits, dots, dashes");

export const Outcome = z.enum(["genesis", "adopted", "kept", "rolled-back"]);

/** One link of the chain of global models: a round that was closed, and the model that holds from then on. */
export const Link = z.strictObject({
  round: z.int().nonnegative(),
  outcome: Outcome,
  modelSha256: Sha256,
  /** SHA-256 of the link before; empty for the first. */
  previous: z.union([Sha256, z.literal("")]),
});
export type Link = z.infer<typeof Link>;

/** Who takes part in the federation, and by which rules. Public keys are PEM (SubjectPublicKeyInfo, Ed25519). */
export interface Federation {
  readonly settings: RoundSettings;
  readonly clients: Readonly<Record<string, string>>;
  readonly aggregatorKey: string;
}

/*
 * What is signed and hashed is a JSON array of strings and numbers with a name in front that says what it is: one writing each, so no
 * canonicalisation is needed, and nothing signed as one kind can be shown as another.
 */

export const linkText = ({ round, outcome, modelSha256, previous }: Link): string =>
  JSON.stringify(["nemo-cfdrl-link-v1", round, outcome, modelSha256, previous]);

export const updateText = (claims: {
  readonly client: string;
  readonly round: number;
  readonly baseSha256: string;
  readonly deltaSha256: string;
  readonly samples: number;
}): string => JSON.stringify(["nemo-cfdrl-update-v1", claims.client, claims.round, claims.baseSha256, claims.deltaSha256, claims.samples]);

/** The first link: everybody starts from the model that ships. */
export const genesis = (modelSha256: string): Link => ({ round: 0, outcome: "genesis", modelSha256, previous: "" });
