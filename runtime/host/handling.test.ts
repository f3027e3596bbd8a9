import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineEvent, type Event } from "../../events/define.ts";
import { decodeBatch, decodeHttp, encodeBinary } from "../codec/http.ts";
import { TransientError } from "../errors.ts";
import { defineFunction, type HostedFunction } from "../function.ts";
import { openLog } from "../log.ts";
import { openMetrics } from "../metrics.ts";
import { type HttpHosting, openHandling } from "./handling.ts";
import { openfaasHandler } from "./openfaas.ts";
import { openSink, type Sink } from "./sink.ts";

const Due = defineEvent({ type: "t.due.v1", summary: "", data: z.object({ n: z.int() }) });
const Measured = defineEvent({ type: "t.measured.v1", summary: "", data: z.object({ n: z.int() }) });
const due = (n = 1): Event => Due.make({ source: "/t", subject: "s", id: `due-${String(n)}`, data: { n } });

const base = defineFunction({
  name: "measure",
  summary: "",
  on: [Due],
  emits: [Measured],
  resources: {},
  handle: (event) =>
    Array.from({ length: event.data.n }, (_, index) =>
      Measured.make({ source: "/m", subject: "s", cause: event, index, data: { n: index } }),
    ),
});
type Fn = HostedFunction<unknown>;
const silent = openLog("error", { write: () => undefined });
const open = (over: Partial<Fn> = {}, more: Partial<HttpHosting<unknown>> = {}) =>
  openHandling({ fn: { ...base, ...over }, backing: undefined, log: silent, metrics: openMetrics(), ...more });
const post = (event: Event, headers: Record<string, string> = {}) => {
  const encoded = encodeBinary(event);
  return { method: "POST", path: "/", headers: { ...encoded.headers, ...headers }, body: encoded.body };
};

function sinkOf(fault?: Error) {
  const posted: Event[] = [];
  const sink: Sink = {
    post: (events) => {
      if (fault !== undefined) return Promise.reject(fault);
      posted.push(...events);
      return Promise.resolve();
    },
    close: () => undefined,
  };
  return { posted, sink };
}

describe("several events out of one", () => {
  it("go to the sink first, the last is the reply, and then the input is settled", async () => {
    const { posted, sink } = sinkOf();
    const order: string[] = [];
    const handle = open({ settled: () => Promise.resolve(void order.push(`settled after ${String(posted.length)}`)) }, { sink });
    const reply = await handle(post(due(3)));
    expect(posted.map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }]);
    expect(decodeHttp(reply.headers, reply.body).data).toEqual({ n: 2 });
    expect(order).toEqual(["settled after 2"]);
  });

  it("go into a batch for those who read one", async () => {
    const reply = await open()(post(due(3), { accept: "application/cloudevents-batch+json" }));
    expect(decodeBatch(reply.body)).toHaveLength(3);
  });

  it("are asked for again where there is no sink, or it does not take them; nothing is settled", async () => {
    let settled = 0;
    const settling = { settled: () => Promise.resolve(void (settled += 1)) };
    expect((await open(settling)(post(due(2)))).status).toBe(503);
    const { sink } = sinkOf(new TransientError("SINK_UNREACHABLE", "no answer"));
    const reply = await open(settling, { sink })(post(due(2)));
    expect([reply.status, JSON.parse(reply.body.toString())]).toMatchObject([503, { code: "SINK_UNREACHABLE" }]);
    expect(settled).toBe(0);
  });

  it("all reach the sink when the caller reads no events", async () => {
    const { posted, sink } = sinkOf();
    const reply = await open({}, { sink })({ method: "POST", path: "/", headers: {}, body: Buffer.from('{"n": 2}') });
    expect([reply.status, posted.length]).toEqual([200, 2]);
  });
});

it("answers 200 and nothing when there is nothing to say, or nothing to do", async () => {
  for (const handle of [open(), open({ where: { executioner: "tfs" } })]) {
    const reply = await handle(post(due(0)));
    expect([reply.status, reply.body.length]).toEqual([200, 0]);
  }
});

it.each([
  [new TransientError("STORE_DOWN", "down"), 503],
  [new Error("hunter2"), 500],
])("asks again for what could not be settled: %s", async (fault, status) => {
  const reply = await open({ settled: () => Promise.reject(fault) })(post(due()));
  expect(reply.status).toBe(status);
  expect(reply.body.toString()).not.toContain("hunter2");
});

it("takes an Idempotency-Key for the id of what a plain caller posts", async () => {
  const handle = open();
  const ask = async (key: string) => {
    const reply = await handle({ method: "POST", path: "/", headers: { "idempotency-key": key }, body: Buffer.from('{"n": 1}') });
    return (JSON.parse(reply.body.toString()) as Event[])[0]?.id;
  };
  expect(await ask("a")).toBe(await ask("a"));
  expect(await ask("a")).not.toBe(await ask("b"));
});

it("is not ready when its host says so, and healthy all the same", async () => {
  const handle = open({}, { options: { isReady: () => false } });
  const get = (path: string) => handle({ method: "GET", path, headers: {}, body: Buffer.alloc(0) });
  expect([(await get("/_/ready")).status, (await get("/_/health")).status]).toEqual([503, 200]);
});

describe("a clock", () => {
  const clockEvents = (name: string) => (name === "measure" ? [due(1)] : []);
  const nothing = Buffer.alloc(0);

  it("is the cron-connector's bare POST", async () => {
    const request = { method: "POST", path: "/", headers: { "x-topic": "cron-function", "x-connector": "cron-connector" }, body: nothing };
    const { posted, sink } = sinkOf();
    expect((await open({}, { sink, options: { clockEvents } })(request)).status).toBe(200);
    expect(posted.map((event) => event["causationid"])).toEqual(["due-1"]);
    // It reads no answer: without a sink, what came of its tick would be lost.
    expect((await open({}, { options: { clockEvents } })(request)).status).toBe(503);
    expect((await open()(request)).status).toBe(400);
  });

  it("is Knative's ping", async () => {
    const ping = {
      specversion: "1.0",
      id: "x",
      source: "/apis/v1/namespaces/nemo/pingsources/p",
      type: "dev.knative.sources.ping",
      data: {},
    };
    const reply = await open({}, { options: { clockEvents } })(post(ping as Event));
    expect(decodeHttp(reply.headers, reply.body)["causationid"]).toBe("due-1");
  });
});

describe("the template's shim", () => {
  const reply = { status: 0, headers: {}, body: undefined as unknown };
  const context = {
    status: (code: number) => ((reply.status = code), context),
    headers: (headers: object) => ((reply.headers = headers), context),
    succeed: (value: unknown) => (reply.body = value),
  };
  const call = (body: unknown, headers: Record<string, string> = {}) =>
    openfaasHandler(open())({ method: "POST", path: "/", headers, body }, context);

  it("takes a Buffer, a string and what body-parser made of JSON", async () => {
    for (const body of [Buffer.from('{"n": 1}'), '{"n": 1}', { n: 1 }]) {
      await call(body, { "content-length": "8" });
      expect(reply.status).toBe(200);
    }
  });

  it("says what to set when the template has eaten the body", async () => {
    await call({}, { "content-type": "application/cloudevents+json", "content-length": "120" });
    expect(reply.status).toBe(500);
    expect(String(reply.body)).toContain("RAW_BODY");
  });
});

describe("the sink", () => {
  const serve = async (status: number) => {
    const got: string[] = [];
    const server = createServer((req, res) => {
      got.push(String(req.headers["ce-id"]));
      req.resume();
      res.writeHead(status).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { got, server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/in` };
  };

  it("takes events in binary mode, and tells when it did not take one", async () => {
    const { got, server, url } = await serve(202);
    const sink = openSink(url);
    await sink.post([due(1), due(2)]);
    expect(got.toSorted()).toEqual(["due-1", "due-2"]);
    sink.close();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    const gone = openSink(url);
    await expect(gone.post([due(1)])).rejects.toMatchObject({ code: "SINK_UNREACHABLE" });
    gone.close();

    const refusing = await serve(500);
    const refused = openSink(refusing.url);
    await expect(refused.post([due(1)])).rejects.toMatchObject({ code: "SINK_REFUSED" });
    refused.close();
    refusing.server.closeAllConnections();
    refusing.server.close();
  });
});
