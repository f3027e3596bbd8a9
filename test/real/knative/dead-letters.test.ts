import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChannelModel, type ConsumeMessage, connect } from "amqplib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { encodeBinary } from "../../../runtime/codec/http.ts";
import { DEAD_LETTER_EXCHANGE } from "../../../runtime/broker/dead-letter.ts";
import { partPath } from "../../../scripts/real/part.ts";
import { type Child, freePort, startChild, untilReady } from "../../../scripts/services/child.ts";
import { until } from "../../conformance/hosts-doors.ts";
import { asked } from "../../conformance/hosts-table.ts";
import { openListener } from "../hosting.ts";
import { type KnativeBroker, startKnative } from "./broker.ts";

const ingress = await partPath("knative-ingress");
const dispatcher = await partPath("knative-dispatcher");
const url = process.env["AMQP_URL"] ?? "";
const service = join(import.meta.dirname, "../../../services/dead-letters/main.ts");

/** The dispatcher writes the subscriber's address on a dead letter; in a cluster its host begins with the function's name. */
const NAME = "localhost";
const QUEUE = `nemo.fn.${NAME}.dlq`;

describe.skipIf(ingress === undefined || dispatcher === undefined)("what Knative's dispatcher gives up", () => {
  let broker: KnativeBroker;
  let connection: ChannelModel;
  let subscriber: Awaited<ReturnType<typeof openListener>>;
  const kept: ConsumeMessage[] = [];
  let count = 0;

  beforeAll(async () => {
    connection = await connect(url);
    const channel = await connection.createChannel();
    await channel.assertExchange(DEAD_LETTER_EXCHANGE, "direct", { durable: true });
    await channel.assertQueue(QUEUE, { durable: true, arguments: { "x-queue-type": "quorum" } });
    await channel.bindQueue(QUEUE, DEAD_LETTER_EXCHANGE, `nemo.fn.${NAME}`);
    await channel.consume(QUEUE, (message) => message !== null && kept.push(message), { noAck: true });
    broker = await startKnative(url, { ingress: ingress ?? "", dispatcher: dispatcher ?? "" });
    subscriber = await openListener(() => ({ status: 503 }));
  }, 60_000);
  afterAll(async () => {
    await broker.close();
    await subscriber.close();
    const channel = await connection.createChannel();
    await channel.deleteQueue(QUEUE);
    await connection.close();
  });

  /** An event of a type of its own, and the trigger that gives it up. */
  async function giveUp(options: { readonly retry?: number; readonly deadLetterSink?: string }) {
    count += 1;
    const name = `given-up-${String(count)}`;
    const event = { ...asked(), type: `eu.meta-os.nemo.hosttest.given-up-${String(count)}.v1` };
    const address = subscriber.url.replace("127.0.0.1", NAME);
    await broker.addTrigger({ name, filter: { type: event.type }, subscriber: address, ...options });
    const { headers, body } = encodeBinary(event);
    await fetch(broker.ingress, { method: "POST", headers, body: new Uint8Array(body) });
    await until(() => (broker.graves.get(name) ?? []).length === 1, "a dead letter");
    return { event, calls: subscriber.seen.filter((call) => call.headers["ce-id"] === event.id).length };
  }

  describe("with our service at the end", () => {
    let port: number;
    let child: Child;
    beforeEach(async () => {
      port = await freePort();
      child = startChild(process.execPath, [service], { AMQP_URL: url, HOST: "127.0.0.1", PORT: String(port) });
      await untilReady("dead-letters", child, async () => {
        const { status } = await fetch(`http://127.0.0.1:${String(port)}/_/ready`);
        if (status !== 200) throw new Error("not connected");
        return "ready";
      });
    });
    afterEach(() => child.stop());

    it("is kept in the dead-letter queue of the function, with where it went and what it was answered", async () => {
      const { event } = await giveUp({ retry: 1, deadLetterSink: `http://127.0.0.1:${String(port)}/` });
      await until(() => kept.some(({ properties }) => properties.messageId === event.id), "a kept dead letter");
      const letter = kept.find(({ properties }) => properties.messageId === event.id);
      expect(letter?.properties.headers).toMatchObject({
        id: event.id,
        type: event.type,
        knativeerrordest: subscriber.url.replace("127.0.0.1", NAME),
        knativeerrorcode: "503",
      });
      expect(JSON.parse(letter?.content.toString() ?? "")).toEqual(event.data);
    });
  });

  it("is lost where nobody answers at the end: their dispatcher of dead letters takes it for done", async () => {
    const sink = await openListener(() => ({ status: 503 }));
    const { event } = await giveUp({ retry: 1, deadLetterSink: sink.url });
    await until(() => sink.seen.length === 2, "two calls");
    await sleep(500);
    expect(sink.seen.map(({ headers }) => headers["ce-id"])).toEqual([event.id, event.id]);
    expect(kept.filter(({ properties }) => properties.messageId === event.id)).toEqual([]);
    await sink.close();
  });

  it("was asked for once only where its trigger says nothing of retries", async () => {
    expect((await giveUp({})).calls).toBe(1);
    expect((await giveUp({ retry: 3 })).calls).toBe(4);
  });
});
