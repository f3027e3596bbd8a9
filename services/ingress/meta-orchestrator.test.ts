import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import type { Event } from "../../events/define.ts";
import { IntentRefused, IntentSubmitted } from "../../events/intent.ts";
import { EventRejected } from "../../events/rejected.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import { TransientError } from "../../runtime/errors.ts";

import { memoryHoldings } from "../../state/holdings.ts";
import { memoryIntents } from "../../state/intents.ts";
import { memorySecrets } from "../../state/secrets.ts";
import { reachable } from "../controllers.ts";
import { parseDocuments } from "./parse.ts";
import { type Ingress, openIngress } from "./ingress.ts";
import { consumeMetaOrchestrator, MO_EXCHANGE, MO_QUEUE } from "./meta-orchestrator.ts";

const vpn = readFileSync(new URL("../../test/golden/annex-9.1-tfs-l2vpn.yaml", import.meta.url));
const asNemo = (yaml: Buffer): string => {
  const parsed = parseDocuments(yaml);
  return JSON.stringify(parsed.ok ? parsed.value[0]?.value : undefined);
};

let broker: Broker;
let published: Event[];
let intents: ReturnType<typeof memoryIntents>;
let stop: () => Promise<unknown>;
let away = 0;

beforeEach(async () => {
  broker = openMemoryBroker();
  published = [];
  away = 0;
  intents = memoryIntents();
  const publish = async (events: readonly Event[]): Promise<void> => {
    if (away > 0) {
      away -= 1;
      throw new TransientError("BROKER_UNAVAILABLE", "away");
    }
    published.push(...events);
  };
  const controllers = reachable([{ executioner: "tfs", origin: "http://192.168.165.10" }]);
  const ingress: Ingress = openIngress({
    holdings: memoryHoldings(),
    catalogue,
    controllers,
    intents,
    secrets: memorySecrets(Buffer.alloc(32)),
    publish,
    now: () => new Date(),
  });
  const consumer = await consumeMetaOrchestrator({ broker, ingress, publish, log: { info: () => undefined, warn: () => undefined } });
  stop = () => consumer.stop();
});
afterEach(async () => {
  await stop();
  await broker.close();
});

const send = (body: string | Buffer, routingKey = "create-network-paths"): Promise<void> =>
  broker.publish([
    { exchange: MO_EXCHANGE, routingKey, body: Buffer.from(body), contentType: "application/json", messageId: "m", headers: {} },
  ]);
const told = (count: number): Promise<readonly Event[]> =>
  vi.waitFor(
    () => {
      expect(published).toHaveLength(count);
      return published;
    },
    { timeout: 10_000 },
  );

describe("the meta-orchestrator's queue", () => {
  it("is NEMO's: exchange mo, queue mncc", () => {
    expect([MO_EXCHANGE, MO_QUEUE]).toEqual(["mo", "mncc"]);
  });

  it.each([
    ["NEMO's JSON", asNemo(vpn)],
    ["a list of it", `[${asNemo(vpn)}]`],
    ["YAML", vpn],
  ])("takes an intent as %s", async (_, body) => {
    await send(body);
    const [event] = await told(1);
    expect(event).toMatchObject({ type: IntentSubmitted.type, subject: "new_intent_2", data: { submission: 1 } });
  });

  it("tells of what is no intent as rejected, quotes none of it, and goes on", async () => {
    await send("{not json: canary");
    await send("canary");
    await send(Buffer.alloc(2_000_000, "x"));
    await send(asNemo(vpn));
    const events = await told(4);
    expect(events.map((e) => e.type)).toEqual([EventRejected.type, EventRejected.type, EventRejected.type, IntentSubmitted.type]);
    expect(JSON.stringify(events)).not.toContain("canary");
    expect(events.slice(0, 3).map((e) => (e.data as { code: string }).code)).toEqual([
      "INPUT_UNPARSABLE",
      "INTENT_INVALID",
      "INPUT_TOO_LARGE",
    ]);
  });

  it("tells of an intent that it cannot take as refused, by its id", async () => {
    await send(asNemo(vpn).replace('"999"', '"0"'));
    const [event] = await told(1);
    expect(event).toMatchObject({
      type: IntentRefused.type,
      subject: "new_intent_2",
      data: { intentId: "new_intent_2", submission: 0, code: "CONTEXT_INVALID" },
    });
    expect(await intents.get("new_intent_2")).toBeUndefined();
  });

  it("tells of the same bytes by the same id, however often they come", async () => {
    await send("canary");
    await send("canary");
    await send("other");
    const ids = (await told(3)).map((e) => e.id);
    expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false]);
  });

  it("terminates on delete-network-paths, with an intent or with its id alone", async () => {
    await send(asNemo(vpn));
    await told(1);
    await send(asNemo(vpn), "delete-network-paths");
    expect((await told(2))[1]).toMatchObject({ type: IntentSubmitted.type, data: { wanted: "terminated" } });
    await send('{"Intent":{"id":"new_intent_2"}}', "delete-network-paths");
    expect((await told(3))[2]).toMatchObject({ type: IntentSubmitted.type, data: { wanted: "terminated" } });
  });

  it.each(['{"Intent":{"id":"nobody"}}', '{"Intent":{"id":7}}', "null", "{", "[]"])("tells that it cannot terminate %s", async (body) => {
    await send(body, "delete-network-paths");
    const [event] = await told(1);
    const isNamed = body.includes("nobody");
    expect(event?.type).toBe(isNamed ? IntentRefused.type : EventRejected.type);
    expect(event?.data).toMatchObject({ code: isNamed ? "INTENT_UNKNOWN" : "INPUT_UNPARSABLE" });
  });

  it("puts a message back while the broker or the store is away", async () => {
    away = 1;
    await send(asNemo(vpn));
    expect((await told(1))[0]).toMatchObject({ type: IntentSubmitted.type, data: { submission: 2 } });
  });
});
