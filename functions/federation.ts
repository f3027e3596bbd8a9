import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";
import { type Link, linkText, updateText } from "../domain/scaling/federation.ts";

/** What the functions of the federation share: SHA-256 and Ed25519 (RFC 8032) over the texts of domain/scaling/federation.ts. */

export const sha256 = (bytes: Uint8Array | string): string => hash("sha256", bytes, "hex");

export const linkSha256 = (link: Link): string => sha256(linkText(link));

type UpdateClaims = Parameters<typeof updateText>[0];

const keys = new Map<string, KeyObject>();

/** A key is parsed once, which takes longer than a signature. */
function keyFrom(pem: string, parse: (pem: string) => KeyObject): KeyObject {
  const known = keys.get(pem) ?? parse(pem);
  if (known.asymmetricKeyType !== "ed25519") throw new Error("not an Ed25519 key");
  keys.set(pem, known);
  return known;
}

const signed = (text: string, privateKey: string): string =>
  sign(null, Buffer.from(text), keyFrom(privateKey, createPrivateKey)).toString("base64");

const isSigned = (text: string, signature: string, publicKey: string): boolean =>
  isCanonical(signature) && verify(null, Buffer.from(text), keyFrom(publicKey, createPublicKey), Buffer.from(signature, "base64"));

/** Base64 has several writings of the same bytes, and of those one is meant (RFC 4648 section 3.5). */
export const isCanonical = (base64: string): boolean => Buffer.from(base64, "base64").toString("base64") === base64;

export const signUpdate = (claims: UpdateClaims, privateKey: string): string => signed(updateText(claims), privateKey);
export const isUpdateSigned = (claims: UpdateClaims, signature: string, publicKey: string): boolean =>
  isSigned(updateText(claims), signature, publicKey);

export const signLink = (link: Link, privateKey: string): string => signed(linkText(link), privateKey);
export const isLinkSigned = (link: Link, signature: string, publicKey: string): boolean => isSigned(linkText(link), signature, publicKey);
