import { generateKeyPairSync } from "node:crypto";
import { encodeFloats, toBase64 } from "../../domain/learning/codec.ts";
import type { RoundSettings } from "../../domain/learning/model.ts";
import { ALONE, LearningFile, type LearningSettings } from "../../domain/scaling/settings.ts";
import type { Event } from "../../events/define.ts";
import { LearningUpdated } from "../../events/learning.ts";
import { sha256, signUpdate } from "../../functions/federation.ts";
import { GENESIS_LINK } from "../../functions/genesis.ts";
import type { Events, HostedFunction } from "../../runtime/function.ts";
import { invoke } from "../../runtime/invoke.ts";
import { openResources } from "../../runtime/resources.ts";
import type { Backing } from "../../state/backing.ts";

/** An Ed25519 key pair in PEM. */
export function keyPair(): { readonly publicKey: string; readonly privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
    privateKey: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

export interface Members {
  readonly settings: LearningSettings;
  /** Private keys by client. */
  readonly keys: Readonly<Record<string, string>>;
}

/** A federation of so many clients, seen by the first of them, who also aggregates. */
export function federationOf(count: number, rules: Partial<RoundSettings> = {}, more: Partial<LearningSettings> = {}): Members {
  const pairs = Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${String(i)}`, keyPair()]));
  const aggregator = keyPair();
  const { clientKeyFile: _, federation: __, ...defaults } = LearningFile.parse({ client: "c0" });
  const clients = Object.fromEntries(Object.entries(pairs).map(([name, { publicKey }]) => [name, publicKey]));
  return {
    keys: Object.fromEntries(Object.entries(pairs).map(([name, { privateKey }]) => [name, privateKey])),
    settings: {
      ...defaults,
      clientKey: pairs["c0"]?.privateKey ?? "",
      aggregatorKey: aggregator.privateKey,
      federation: { settings: { ...ALONE, ...rules }, clients, aggregatorKey: aggregator.publicKey },
      ...more,
    },
  };
}

export interface Claims {
  readonly client: string;
  readonly round: number;
  readonly delta: Float32Array;
  readonly baseSha256: string;
  readonly samples: number;
}

/** What an honest client sends. */
export function updateOf(given: Partial<Claims> & Pick<Claims, "client" | "delta">, privateKey: string) {
  const { client, delta, round = 1, baseSha256 = GENESIS_LINK.modelSha256, samples = 100 } = given;
  const bytes = encodeFloats(delta);
  const claims = { client, round, baseSha256, samples, deltaSha256: sha256(bytes) };
  return { ...claims, delta: toBase64(bytes), signature: signUpdate(claims, privateKey) };
}

export const updateEvent = (data: ReturnType<typeof updateOf>, id?: string): Event =>
  LearningUpdated.make({
    source: `/clusters/${data.client}`,
    subject: data.client,
    data,
    id: id ?? `${data.client} ${String(data.round)}`,
  });

/** A function with its resources, as a host runs it; throws what a host would make of anything but done. */
export function running(
  fn: HostedFunction<Backing>,
  backing: Backing,
  now: () => number = () => Date.now(),
): (event: Event) => Promise<Events> {
  const resources = openResources([fn], backing).get(fn.name) ?? {};
  const nothing = (): void => {};
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  return async (event) => {
    const reply = await invoke(fn, event, { resources, now: () => new Date(now()), log, lastAttempt: false, reached: nothing });
    if (reply.kind === "done") return reply.events;
    if (reply.kind === "bug") throw reply.cause;
    throw Object.assign(new Error(reply.kind), reply);
  };
}
