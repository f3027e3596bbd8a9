import pretrained from "../domain/learning/pretrained/model.json" with { type: "json" };
import { genesis } from "../domain/scaling/federation.ts";
import { linkSha256, sha256 } from "./federation.ts";

/** The model that ships, which everybody starts from: link 0 of every chain. `npm run train` makes it, and the file has the record of that. */
export const GENESIS_MODEL: Uint8Array = Buffer.from(pretrained.model, "base64");

export const GENESIS_LINK = genesis(sha256(GENESIS_MODEL));
export const GENESIS_HEAD = { link: GENESIS_LINK, linkSha256: linkSha256(GENESIS_LINK) } as const;
