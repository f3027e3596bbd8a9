import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { decodeModel } from "../../domain/learning/codec.ts";
import type { Event } from "../../events/define.ts";
import { PolicyUpdated } from "../../events/learning.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { GENESIS_MODEL } from "../../functions/genesis.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { key } from "../../state/keyspace.ts";
import { keyPair, updateEvent, updateOf } from "../support/federation.ts";
import { clear, onServers, redisUrl } from "../support/ground.ts";
import { bodiesInLog, depthOf, withAmqp } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, until } from "../support/system.ts";
import { snapshotOf } from "../support/twin.ts";

/** Where a worker can die on its way, of a decision and of a round. */
const decision = ["received", "decided", "committed", "published", "confirmed", "settled", "acked"] as const;
const round = ["received", "submitted", "judged", "closed", "published", "confirmed", "acked"] as const;

const member = keyPair();
const aggregator = keyPair();
let given: Settings;

beforeAll(async () => {
  given = await settings([], { ...onServers, LOG_LEVEL: "warn" });
  const put = async (name: string, text: string): Promise<string> => {
    await writeFile(join(given.dir, name), text);
    return join(given.dir, name);
  };
  const learning = {
    client: "c0",
    mode: "act",
    clientKeyFile: await put("client.key", member.privateKey),
    federation: {
      rule: "trimmed-mean",
      byzantine: 0,
      quorum: 1,
      clients: { c0: await put("client.pub", member.publicKey) },
      aggregatorPublicKeyFile: await put("aggregator.pub", aggregator.publicKey),
      aggregatorKeyFile: await put("aggregator.key", aggregator.privateKey),
    },
  };
  given = { ...given, env: { ...given.env, LEARNING_FILE: await put("learning.json", JSON.stringify(learning)) } };
});
beforeEach(() => clear(onServers));
afterAll(() => given.remove());

const publish = (event: Event): Promise<void> =>
  withAmqp(async (connection) => {
    const channel = await connection.createConfirmChannel();
    const { routingKey, body, headers, messageId } = encodeAmqp(event);
    channel.publish("nemo.events", routingKey, body, { headers, messageId, contentType: "application/json", persistent: true });
    await channel.waitForConfirms();
  });

/** Everything in the log that the cause led to, as far as it is of this type. */
const told = async (type: string, cause: Event): Promise<readonly string[]> =>
  (await bodiesInLog()).filter((body) => body.includes(`"${type}"`) && body.includes(`"causationid":"${cause.id}"`));

/** Kills a process at a step while it works on an event, starts another one, and waits until nothing is left to do. */
async function killed(fn: string, step: string, event: Event): Promise<void> {
  const doomed = await startProcess({ ...given, env: { ...given.env, CRASH_AT: `${fn}:${step}` } });
  await publish(event);
  expect(await doomed.ended(30_000)).toEqual({ code: null, signal: "SIGKILL" });
  const system = await startProcess(given);
  await until(async () => ((await depthOf(`nemo.fn.${fn}`)) === 0 ? true : undefined), 30_000, "an empty queue");
  expect((await system.end("SIGTERM")).code).toBe(0);
  expect(await depthOf(`nemo.fn.${fn}.dlq`)).toBe(0);
}

it.each(decision)(
  "a process that dies at `%s` of cfdrl-step leaves one decision, logged once and told the same",
  { timeout: 90_000 },
  async (step) => {
    const event = snapshotOf({ takenAt: new Date().toISOString() }, `snapshot ${step} ${String(Date.now())}`);
    await killed("cfdrl-step", step, event);
    const redis = new Redis(redisUrl);
    const logged = await redis.xrange(key.scalingLog("kind-1/app/Deployment/web"), "-", "+");
    redis.disconnect();
    expect(logged).toHaveLength(1);
    const [, record = ""] = logged[0]?.[1] ?? [];
    const proposals = await told(ScalingProposed.type, event);
    expect(proposals.length).toBeGreaterThan(0);
    // Delivered again it may be told again: with the same id and the same words.
    for (const proposal of proposals) expect(proposal.endsWith(record)).toBe(true);
    expect(new Set(proposals.map((proposal) => /"messageId":"([^"]+)"/.exec(proposal)?.[1])).size).toBe(1);
  },
);

it.each(round)("a process that dies at `%s` of cfdrl-aggregate leaves one link, told the same", { timeout: 90_000 }, async (step) => {
  const genesis = decodeModel(GENESIS_MODEL);
  if (!genesis.ok) throw new Error(genesis.reason);
  const delta = new Float32Array(genesis.value.weights.values.length);
  const event = updateEvent(updateOf({ client: "c0", delta }, member.privateKey), `update ${step} ${String(Date.now())}`);
  await killed("cfdrl-aggregate", step, event);
  const redis = new Redis(redisUrl);
  const links = await redis.lrange(key.roundLinks(), 0, -1);
  redis.disconnect();
  expect(links).toHaveLength(1);
  const policies = await told(PolicyUpdated.type, event);
  expect(policies.length).toBeGreaterThan(0);
  expect(new Set(policies.map((policy) => /"signature":"([^"]+)"/.exec(policy)?.[1])).size).toBe(1);
  expect(new Set(policies.map((policy) => /"messageId":"([^"]+)"/.exec(policy)?.[1])).size).toBe(1);
});
