import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { costSources } from "../../../domain/topology/alto.ts";
import { canonicalJson } from "../../../domain/topology/canonical.ts";
import { sendProblem } from "../problem.ts";
import { directory } from "./directory.ts";
import { endpointCosts, EndpointCostParams, endpointOf, endpointProperties, EndpointPropParams } from "./endpoints.ts";
import { AltoError, readBody, sendAltoError } from "./errors.ts";
import { CostMapFilter, filteredCostMap, filteredNetworkMap, NetworkMapFilter } from "./filter.ts";
import type { Maps } from "./maps.ts";
import { isAcceptable, media } from "./media-types.ts";
import { openStreams, UpdateStreamParams } from "./updates.ts";
import { costMapBytes, networkMapBody, networkMapBytes, type View } from "./view.ts";

interface OfCluster {
  readonly Params: { readonly cluster: string };
}

/** As bytes, for to text the server would add a charset, which these media types do not have. */
const bytes = (body: object | string): Buffer => Buffer.from(typeof body === "string" ? body : canonicalJson(body));

const refuse = (reply: FastifyReply, status: number, title: string): FastifyReply =>
  sendProblem(reply, { status, code: "REQUEST_INVALID", title });

const unknownCluster = (reply: FastifyReply, cluster: string): FastifyReply =>
  sendProblem(reply, {
    status: 404,
    code: "CLUSTER_UNKNOWN",
    title: "no such cluster",
    detail: `nothing is published of ${cluster}; /alto/directory lists what there is`,
  });

const compress = promisify(gzip);
const compressed = new WeakMap<Buffer, Promise<Buffer>>();

/** A body that is kept is compressed once; at the lowest level, since who asks for a fresh version waits for this too. */
function gzipped(body: Buffer): Promise<Buffer> {
  const known = compressed.get(body) ?? compress(body, { level: constants.Z_BEST_SPEED });
  compressed.set(body, known);
  return known;
}

/** A map that a cache may keep and has to ask about: its entity tag is that of its version (RFC 9110 §8.8.3), and of its encoding. */
async function sendMap(request: FastifyRequest, reply: FastifyReply, type: string, tag: string, make: () => Buffer): Promise<FastifyReply> {
  const { "if-none-match": known, "accept-encoding": encodings } = request.headers;
  const isZipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(encodings ?? ""));
  const etag = isZipped ? `"${tag}.gzip"` : `"${tag}"`;
  void reply.header("etag", etag).header("cache-control", "no-cache").header("vary", "accept-encoding");
  if (known?.split(",").some((one) => one.trim() === etag) === true) return reply.status(304).send();
  const body = make();
  if (!isZipped) return reply.type(type).send(body);
  return reply
    .type(type)
    .header("content-encoding", "gzip")
    .send(await gzipped(body));
}

/** The ALTO server: RFC 7285 with the extensions of RFC 8189 (multi-cost), RFC 8895 (updates) and RFC 9439 (performance metrics). Reads only. */
export function altoRoutes(app: FastifyInstance, maps: Maps): void {
  const streams = openStreams(maps);

  app.get("/alto/directory", async (request, reply) => {
    if (!isAcceptable(request.headers.accept, media.directory)) return refuse(reply, 406, `this is ${media.directory}`);
    return reply.type(media.directory).send(bytes(directory(await maps.clusters())));
  });

  const get = (
    path: string,
    type: string,
    send: (view: View, request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>,
  ): void => {
    app.get<OfCluster>(path, async (request, reply) => {
      if (!isAcceptable(request.headers.accept, type)) return refuse(reply, 406, `this is ${type}`);
      const view = await maps.of(request.params.cluster);
      return view === undefined ? unknownCluster(reply, request.params.cluster) : send(view, request, reply);
    });
  };

  get("/alto/networkmap/:cluster", media.networkMap, (view, request, reply) =>
    sendMap(request, reply, media.networkMap, view.networkTag, () => networkMapBytes(view)),
  );
  get("/alto/costmap/:cluster/:metric", media.costMap, (view, request, reply) => {
    const { metric } = request.params as { readonly metric: string };
    const at = costSources.findIndex(({ costMetric }) => costMetric === metric);
    if (at === -1)
      return sendProblem(reply, { status: 404, code: "ROUTE_UNKNOWN", title: "no such cost map; /alto/directory lists what there is" });
    return sendMap(request, reply, media.costMap, `${view.tag}.${String(at)}`, () => costMapBytes(view, at));
  });

  /** A POST whose body is read as `schema`; what is wrong with it is answered as an ALTO error resource. */
  const post = <T>(
    path: string,
    { accepts, answers, schema }: { readonly accepts: string; readonly answers?: string; readonly schema: z.ZodType<T> },
    respond: (view: View, params: T, request: FastifyRequest, reply: FastifyReply) => object | string | undefined,
  ): void => {
    app.post<OfCluster>(path, async (request, reply) => {
      if (answers !== undefined && !isAcceptable(request.headers.accept, answers)) return refuse(reply, 406, `this is ${answers}`);
      if (request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() !== accepts)
        return refuse(reply, 415, `this takes ${accepts}`);
      const view = await maps.of(request.params.cluster);
      if (view === undefined) return unknownCluster(reply, request.params.cluster);
      try {
        const body = respond(view, readBody(schema, request.body), request, reply);
        return body === undefined || answers === undefined ? reply : reply.type(answers).send(bytes(body));
      } catch (error) {
        if (error instanceof AltoError) return sendAltoError(reply, error);
        throw error;
      }
    });
  };

  post(
    "/alto/networkmap/:cluster/filtered",
    { accepts: media.networkMapFilter, answers: media.networkMap, schema: NetworkMapFilter },
    (view, filter) => networkMapBody(view, filteredNetworkMap(view, filter)),
  );
  post("/alto/costmap/:cluster/filtered", { accepts: media.costMapFilter, answers: media.costMap, schema: CostMapFilter }, filteredCostMap);
  post(
    "/alto/endpointcost/:cluster",
    { accepts: media.endpointCostParams, answers: media.endpointCost, schema: EndpointCostParams },
    (view, params, { ip }) => endpointCosts(view, params, endpointOf(ip)),
  );
  post(
    "/alto/endpointprop/:cluster",
    { accepts: media.endpointPropParams, answers: media.endpointProp, schema: EndpointPropParams },
    endpointProperties,
  );
  post(
    "/alto/updates/:cluster",
    { accepts: media.updateStreamParams, answers: media.eventStream, schema: UpdateStreamParams },
    (view, params, _request, reply) => {
      streams.open(reply, view, params);
      return undefined;
    },
  );

  /** RFC 8895's stream control service: the answer is in the stream. */
  post(
    "/alto/updates/:cluster/:stream",
    { accepts: media.updateStreamParams, schema: UpdateStreamParams },
    ({ cluster }, params, request, reply) => {
      const stream = streams.get(cluster, (request.params as { readonly stream: string }).stream);
      if (stream === undefined) void sendProblem(reply, { status: 404, code: "STREAM_UNKNOWN", title: "no such update stream is open" });
      else {
        stream.follow(params);
        void reply.status(204).send();
      }
      return undefined;
    },
  );
}
