import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "amqplib";
import type { Event } from "../../events/define.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import { type Broker, LOG_EXCHANGE, type Outgoing } from "../../runtime/broker/broker.ts";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { decodeLog } from "../../runtime/codec/log.ts";
import { decodeBatch, decodeHttp, encodeBinary, modeOf } from "../../runtime/codec/http.ts";
import type { HostedFunction } from "../../runtime/function.ts";
import { openHandling } from "../../runtime/host/handling.ts";
import { hostOverHttp } from "../../runtime/host/http.ts";
import { type BrokerHosting, hostLocally, type Hosting, type LocalOptions } from "../../runtime/host/local.ts";
import { openfaasHandler } from "../../runtime/host/openfaas.ts";
import { openSink } from "../../runtime/host/sink.ts";
import { openLog } from "../../runtime/log.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { openBridge } from "../../services/bridge/bridge.ts";
import { answer, Asked, chain, type Notes, openNotes } from "./hosts-functions.ts";

export const silent = openLog("error", { write: () => undefined });
const quick = { firstWaitMs: 5, longestWaitMs: 20, patienceMs: 400 };

/** One host of the function `answer`, asked as its own kind of caller asks it. */
export interface Door {
  readonly notes: Notes;
  /** The events that came of it, in the end; `kept` where a broker keeps the message for redrive. */
  ask(event: Event, message?: Outgoing): Promise<{ readonly events: readonly Event[]; readonly kept: boolean }>;
  close(): Promise<void>;
}

function openRabbitMq(): Promise<Broker> {
  return openAmqp({ url: process.env["AMQP_URL"] ?? "", log: silent });
}

/** The queues of these tests are durable, and their bindings would go on collecting. */
export async function removeQueues(): Promise<void> {
  const connection = await connect(process.env["AMQP_URL"] ?? "");
  const channel = await connection.createChannel();
  for (const { name } of chain)
    for (const queue of [`nemo.fn.${name}`, `nemo.fn.${name}.dlq`, `nemo.fn.${name}.quarantine`]) await channel.deleteQueue(queue);
  await connection.close();
}

export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

type OpenHost = (hosting: BrokerHosting<Notes> & { readonly backing: Notes }) => Promise<Hosting>;

/** Each function behind HTTP, as a platform has them, and the bridge before them. */
const bridged: OpenHost = async ({ functions, broker, backing, log, metrics, options = {} }) => {
  const listening = { host: "127.0.0.1", port: 0 };
  const ports = new Map<string, number>();
  const hosts = await Promise.all(
    functions.map(async (fn) => {
      const host = await hostOverHttp({ fn, backing, log, metrics: openMetrics() }, listening);
      ports.set(fn.name, host.port);
      return host;
    }),
  );
  const urlOf = (fn: string) => new URL(`http://127.0.0.1:${String(ports.get(fn))}/`);
  const bridge = await openBridge({ functions, broker, urlOf, log, metrics, listening, options });
  return {
    stop: async () => {
      await bridge.stop();
      await Promise.all(hosts.map((host) => host.close()));
    },
  };
};

/** Functions on a broker: which one, who calls them, and whether that one can hand events over in memory. */
export const onBrokers: readonly {
  readonly name: string;
  readonly openBroker: () => Promise<Broker>;
  readonly openHost: OpenHost;
  readonly fuses: boolean;
}[] = [
  { name: "in memory", openBroker: () => Promise.resolve(openMemoryBroker()), openHost: hostLocally, fuses: true },
  { name: "RabbitMQ", openBroker: openRabbitMq, openHost: hostLocally, fuses: true },
  { name: "RabbitMQ, over the bridge", openBroker: openRabbitMq, openHost: bridged, fuses: false },
];

/** The log from now on, and what is kept for redrive, while functions are hosted. */
export async function watch(
  broker: Broker,
  functions: readonly HostedFunction<Notes>[],
  { openHost = hostLocally, ...options }: LocalOptions<Notes> & { readonly openHost?: OpenHost } = {},
) {
  const notes = openNotes();
  const logged: Event[] = [];
  const kept: { readonly queue: string; readonly id: string | undefined }[] = [];
  const end = new AbortController();
  const following = (async () => {
    for await (const { message } of broker.follow("next", end.signal)) logged.push(...decodeLog(message));
  })();
  const host = await openHost({
    functions,
    broker,
    backing: notes,
    log: silent,
    metrics: openMetrics(),
    options: { ...quick, ...options },
  });
  const graves = await Promise.all(
    functions.map(({ name }) =>
      broker.consume({ name: `nemo.fn.${name}.dlq`, bindings: [], prefetch: 10, deliveryLimit: 20 }, ({ messageId }) => {
        kept.push({ queue: name, id: messageId });
        return Promise.resolve("ack");
      }),
    ),
  );
  // "next" begins when the follower has begun, which only an event can tell.
  const marker = {
    ...encodeAmqp(Asked.make({ source: "/marker", subject: "m", data: { n: 0, how: "answer", below: "answer" } })),
    exchange: LOG_EXCHANGE,
  };
  while (logged.length === 0) {
    await broker.publish([{ ...marker, routingKey: "marker" }]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    notes,
    logged,
    kept,
    host,
    close: async () => {
      await host.stop();
      await Promise.all(graves.map((grave) => grave.stop()));
      end.abort();
      await following;
      await broker.close();
    },
  };
}

async function onBroker({ openBroker, openHost }: (typeof onBrokers)[number]): Promise<Door> {
  const broker = await openBroker();
  const { notes, logged, kept, close } = await watch(broker, [answer], { openHost });
  return {
    notes,
    close,
    async ask(event, message = encodeAmqp(event)) {
      const begun = logged.length;
      await broker.publish([{ ...message, routingKey: Asked.type }]);
      const caused = () => logged.slice(begun).filter((seen) => seen["causationid"] === event.id);
      const isKept = () => kept.some(({ id }) => id === event.id);
      await until(() => caused().length > 0, `an answer to ${event.id}`);
      await new Promise((resolve) => setTimeout(resolve, 30)); // a dead letter follows what is told of it
      return { events: caused(), kept: isKept() };
    },
  };
}

export interface HttpDoor extends Door {
  readonly url: string;
  readonly posted: Event[];
}

/** Hosts `answer` at a port: what a door of HTTP opens. */
export type Serve = (notes: Notes, sinkUrl: string, maxInFlight: number) => Promise<{ readonly port: number; close(): Promise<void> }>;

const parts = (notes: Notes, sinkUrl: string, maxInFlight: number) => ({
  fn: answer,
  backing: notes,
  log: silent,
  metrics: openMetrics(),
  sink: openSink(sinkUrl),
  options: { maxInFlight },
});

export const byNode: Serve = (notes, sinkUrl, maxInFlight) =>
  hostOverHttp(parts(notes, sinkUrl, maxInFlight), { host: "127.0.0.1", port: 0 });

/** What the node22 template's index.js does around a handler, with RAW_BODY=true: a status of 200 unless told otherwise, and for a throw too. */
const byTemplate: Serve = async (notes, sinkUrl, maxInFlight) => {
  const { sink, ...rest } = parts(notes, sinkUrl, maxInFlight);
  const handler = openfaasHandler(openHandling({ ...rest, sink }));
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const state = { status: 200, headers: {} as Readonly<Record<string, string>> };
      const send = (value: unknown) => {
        res.writeHead(state.status, state.headers);
        res.end(Buffer.isBuffer(value) || typeof value === "string" ? value : JSON.stringify(value));
      };
      const context = {
        status: (code: number) => ((state.status = code), context),
        headers: (headers: Readonly<Record<string, string>>) => ((state.headers = headers), context),
        succeed: (value: unknown) => send(value),
      };
      const body = chunks.length === 0 ? {} : Buffer.concat(chunks);
      const { pathname } = new URL(req.url ?? "/", "http://localhost");
      handler({ body, headers: req.headers, method: req.method ?? "", path: pathname }, context).catch((error: unknown) =>
        send(String(error)),
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      sink.close();
      await closed(server);
    },
  };
};

async function closed(server: Server): Promise<void> {
  const done = once(server, "close");
  server.close();
  server.closeAllConnections();
  await done;
}

export async function overHttp(serve: Serve, maxInFlight: number): Promise<HttpDoor> {
  const notes = openNotes();
  const posted: Event[] = [];
  const sink = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      posted.push(decodeHttp(req.headers, Buffer.concat(chunks)));
      res.writeHead(202).end();
    });
  });
  sink.listen(0, "127.0.0.1");
  await once(sink, "listening");
  const host = await serve(notes, `http://127.0.0.1:${String((sink.address() as AddressInfo).port)}/`, maxInFlight);
  const url = `http://127.0.0.1:${String(host.port)}/`;
  return {
    notes,
    posted,
    url,
    close: async () => {
      await host.close();
      await closed(sink);
    },
    /** Asks again as a broker's dispatcher does, a few times. */
    async ask(event, message) {
      const sent = message === undefined ? encodeBinary(event) : { headers: asHttp(message), body: message.body };
      for (let tries = 1; ; tries += 1) {
        const begun = posted.length;
        const response = await fetch(url, { method: "POST", headers: sent.headers, body: sent.body });
        const body = Buffer.from(await response.arrayBuffer());
        if (response.status === 200) return { events: [...posted.slice(begun), ...eventsOf(response, body)], kept: false };
        if (response.status < 409 || tries === 3) return { events: [], kept: true };
      }
    },
  };
}

const asHttp = ({ headers, contentType }: Outgoing): Record<string, string> => ({
  "content-type": contentType,
  ...Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (name.includes("-") ? [] : [[`ce-${name}`, String(value)]]))),
});

export function eventsOf(response: Response, body: Buffer): readonly Event[] {
  const headers: IncomingHttpHeaders = Object.fromEntries(response.headers);
  const mode = modeOf(headers);
  if (mode === "plain") return [];
  if (mode !== "batch") return [decodeHttp(headers, body)];
  return decodeBatch(body).flatMap((one) => (one.ok ? [one.value] : []));
}

export const httpDoors: Readonly<Record<string, (maxInFlight?: number) => Promise<HttpDoor>>> = {
  HTTP: (maxInFlight = 100) => overHttp(byNode, maxInFlight),
  "the OpenFaaS template": (maxInFlight = 100) => overHttp(byTemplate, maxInFlight),
};

export const doors: Readonly<Record<string, () => Promise<Door>>> = {
  ...Object.fromEntries(onBrokers.map((one) => [`a broker: ${one.name}`, () => onBroker(one)])),
  ...httpDoors,
};
