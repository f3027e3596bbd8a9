import { createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { Federation } from "../../domain/scaling/federation.ts";
import { ALONE, LearningFile, type LearningSettings } from "../../domain/scaling/settings.ts";

/** The file that LEARNING_FILE names, in YAML or JSON, with the keys that it names. Everything that is wrong with it is told at once. */
export function readLearning(file: string | undefined, sealKey: () => Buffer): LearningSettings {
  const given: unknown = file === undefined ? {} : (parse(readFileSync(file, "utf8")) ?? {});
  const read = LearningFile.safeParse(given);
  if (!read.success) throw new Error(`bad settings in ${String(file)}\n${z.prettifyError(read.error)}`);
  const { clientKeyFile, federation, ...settings } = read.data;
  const clientKey = clientKeyFile === undefined ? keyFrom(sealKey(), `cfdrl client ${settings.client}`) : privateKeyIn(clientKeyFile);
  if (federation === undefined)
    return { ...settings, clientKey, ...alone(settings.client, clientKey, keyFrom(sealKey(), "cfdrl aggregator")) };
  const { clients, aggregatorPublicKeyFile, aggregatorKeyFile, ...rules } = federation;
  const keys: Federation = {
    settings: rules,
    clients: Object.fromEntries(Object.entries(clients).map(([name, path]) => [name, publicKeyIn(path)])),
    aggregatorKey: publicKeyIn(aggregatorPublicKeyFile),
  };
  return {
    ...settings,
    clientKey,
    federation: keys,
    ...(aggregatorKeyFile === undefined ? {} : { aggregatorKey: privateKeyIn(aggregatorKeyFile) }),
  };
}

/** Nobody to learn with: rounds of one, so that a model is still tried in the canary before it acts. */
const alone = (client: string, clientKey: string, aggregatorKey: string): Pick<LearningSettings, "federation" | "aggregatorKey"> => ({
  aggregatorKey,
  federation: { settings: ALONE, clients: { [client]: publicOf(clientKey) }, aggregatorKey: publicOf(aggregatorKey) },
});

/** PKCS#8 of an Ed25519 key is this and 32 bytes (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** A key of a deployment's own, from its seal key, so that there is nothing to keep besides. */
function keyFrom(sealKey: Buffer, what: string): string {
  const seed = Buffer.from(hkdfSync("sha256", sealKey, "", what, 32));
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" })
    .export({ format: "pem", type: "pkcs8" })
    .toString();
}

const publicOf = (privateKey: string): string => createPublicKey(privateKey).export({ format: "pem", type: "spki" }).toString();

/** Parsed once here, so that a key that is none stops the start and not a round. */
function privateKeyIn(path: string): string {
  const pem = readFileSync(path, "utf8");
  if (typeIn(path, () => createPrivateKey(pem)) !== "ed25519")
    throw new Error(`${path} holds no Ed25519 private key: openssl genpkey -algorithm ed25519 makes one`);
  return pem;
}

function publicKeyIn(path: string): string {
  const pem = readFileSync(path, "utf8");
  if (!pem.includes("PUBLIC KEY") || typeIn(path, () => createPublicKey(pem)) !== "ed25519")
    throw new Error(`${path} holds no Ed25519 public key: openssl pkey -in KEY -pubout makes one`);
  return pem;
}

function typeIn(path: string, read: () => { asymmetricKeyType?: string }): string | undefined {
  try {
    return read().asymmetricKeyType;
  } catch {
    throw new Error(`${path} holds no key in PEM`);
  }
}
