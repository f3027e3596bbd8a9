import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Disruption, Faults, Strike } from "./faults.ts";
import type { Ledger, Peer } from "./ledger.ts";

/** What a simulator says to a request. A text body is sent as it is, anything else as JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of a body: an answer that goes on. What disrupts it after it has begun is its own to play. */
  readonly stream?: (raw: ServerResponse, disruption?: Disruption) => void;
}

export interface Operation {
  readonly name: string;
  readonly mutating: boolean;
}

export type HttpGate = (
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
  act: (strike: Strike) => Answer,
) => FastifyReply | Promise<FastifyReply>;

/** Every route goes through it: counts the request, lets faults strike before and after `act`, and sends the answer. */
export function openHttpGate(peer: Peer, ledger: Ledger, faults: Faults): HttpGate {
  return (request, reply, { name, mutating }, act) => {
    ledger.requested(peer, name);
    const strike = faults.strike(peer, name, mutating);
    const { disruption, delayBeforeMs, delayAfterMs } = strike;
    if (disruption === undefined && delayBeforeMs === 0 && delayAfterMs === 0) return send(reply, act(strike));
    return struck(request, reply, strike, act);
  };
}

async function struck(
  request: FastifyRequest,
  reply: FastifyReply,
  strike: Strike,
  act: (strike: Strike) => Answer,
): Promise<FastifyReply> {
  if (strike.delayBeforeMs > 0) await sleep(strike.delayBeforeMs, undefined, { ref: false });
  if (strike.disruption?.when === "before") return disrupt(request, reply, strike.disruption);
  const answer = act(strike);
  if (strike.delayAfterMs > 0) await sleep(strike.delayAfterMs, undefined, { ref: false });
  if (strike.disruption !== undefined && answer.stream === undefined) return disrupt(request, reply, strike.disruption);
  return send(reply, answer, strike.disruption);
}

function disrupt(request: FastifyRequest, reply: FastifyReply, disruption: Disruption): FastifyReply {
  switch (disruption.kind) {
    case "destroy":
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    case "hang":
      return reply.hijack();
    case "status":
      return send(reply, { status: disruption.status, type: "text/html", body: `<h1>${String(disruption.status)}</h1>` });
    case "grpc":
      return send(reply, { status: 500, type: "text/plain", body: "a gRPC fault was declared for a peer that speaks HTTP" });
    default:
      return disruption satisfies never;
  }
}

function send(reply: FastifyReply, { status, body, type, headers, stream }: Answer, disruption?: Disruption): FastifyReply {
  if (stream !== undefined) {
    reply.hijack();
    stream(reply.raw, disruption);
    return reply;
  }
  reply.code(status);
  if (headers !== undefined) reply.headers(headers);
  if (body === undefined) return reply.send();
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return reply.header("content-type", type ?? "application/json").send(text);
}

/** A server whose handlers get the body's bytes: what is no JSON, or of no JSON type, is for each face to answer in its own way. */
export function openHttpServer(): FastifyInstance {
  const app = fastify({
    bodyLimit: 16 * 1024 * 1024,
    forceCloseConnections: true, // requests that hang must not keep it from closing
    routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: true },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  return app;
}

/** Loopback only: a simulator is nobody else's business. */
export async function listen(app: FastifyInstance, port = 0): Promise<URL> {
  return new URL(await app.listen({ host: "127.0.0.1", port }));
}

/** The body as JSON; undefined where it is none. */
export function jsonBody(request: FastifyRequest): unknown {
  if (!Buffer.isBuffer(request.body)) return undefined;
  try {
    return JSON.parse(request.body.toString("utf8"));
  } catch {
    return undefined;
  }
}
