import { z } from "zod";
import { CostLink, CostNode, MapError } from "../../domain/topology/model.ts";
import { media } from "./alto/media-types.ts";

const described = (description: string, type: string, schema: object = { type: "object" }) => ({
  description,
  content: { [type]: { schema } },
});
const problem = (description: string) => described(description, "application/problem+json", { $ref: "#/components/schemas/Problem" });
const altoError = described("what is wrong with the request, as RFC 7285 §8.5 tells it", media.error);
const inPath = (name: string, description: string) => ({ name, in: "path", required: true, schema: { type: "string" }, description });
const cluster = inPath("cluster", "name of the cluster");
const ofCluster = {
  name: "cluster",
  in: "query",
  required: false,
  schema: { type: "string" },
  description: "only of this cluster",
};
const absent = { "404": problem("nothing is published of the cluster"), "406": problem("the client does not accept the media type") };

const get = (summary: string, type: string, ...parameters: readonly object[]) => ({
  get: {
    summary,
    parameters: [cluster, ...parameters],
    responses: { "200": described("OK; with an entity tag", type), "304": { description: "as the client has it" }, ...absent },
  },
});
const post = (summary: string, accepts: string, answers: string, responses: object = { "200": described("OK", answers) }) => ({
  post: {
    summary,
    parameters: [cluster],
    requestBody: { required: true, content: { [accepts]: { schema: { type: "object" } } } },
    responses: { ...responses, "400": altoError, ...absent, "415": problem("the body has another media type") },
  },
});

/** Nodes, cost maps, and ALTO. */
export const networkPaths = {
  "/v1/nodes": {
    get: {
      summary: "Nodes under one identity, as last published: what Kubernetes and the probes know of them",
      parameters: [ofCluster],
      responses: {
        "200": described("OK", "application/json", {
          type: "object",
          properties: {
            nodes: {
              type: "array",
              items: {
                allOf: [{ $ref: "#/components/schemas/CostNode" }, { type: "object", properties: { cluster: { type: "string" } } }],
              },
            },
          },
        }),
      },
    },
  },
  "/v1/cost-maps": {
    get: {
      summary: "Cost maps as last published: every value with its unit, statistic, time and method, or the reason why there is none",
      parameters: [ofCluster],
      responses: {
        "200": described("OK", "application/json", {
          type: "object",
          properties: { costMaps: { type: "array", items: { $ref: "#/components/schemas/CostMap" } } },
        }),
      },
    },
  },
  "/alto/directory": {
    get: {
      summary: "ALTO information resource directory (RFC 7285): where everything below is announced",
      responses: { "200": described("OK", media.directory), "406": absent["406"] },
    },
  },
  "/alto/networkmap/{cluster}": get("ALTO network map: one PID a node", media.networkMap),
  "/alto/networkmap/{cluster}/filtered": post("Some PIDs of the network map", media.networkMapFilter, media.networkMap),
  "/alto/costmap/{cluster}/{metric}": get(
    "ALTO cost map of one metric (RFC 9439)",
    media.costMap,
    inPath("metric", "cost metric, as `delay-rt` or `tput:mean`"),
  ),
  "/alto/costmap/{cluster}/filtered": post("Some costs, of one metric or of several (RFC 8189)", media.costMapFilter, media.costMap),
  "/alto/endpointcost/{cluster}": post("Costs between addresses", media.endpointCostParams, media.endpointCost),
  "/alto/endpointprop/{cluster}": post("The PID of an address", media.endpointPropParams, media.endpointProp),
  "/alto/updates/{cluster}": post("Maps, and then their changes as merge patches (RFC 8895)", media.updateStreamParams, media.eventStream),
  "/alto/updates/{cluster}/{stream}": post(
    "Follow more or less on an open stream (RFC 8895)",
    media.updateStreamParams,
    media.updateStreamControl,
    {
      "204": { description: "done; told in the stream" },
    },
  ),
};

export const networkSchemas = {
  CostNode: z.toJSONSchema(CostNode),
  CostMap: {
    type: "object",
    required: ["cluster", "seq", "tag", "publishedAt", "nodes", "links", "errors"],
    properties: {
      cluster: { type: "string" },
      seq: { type: "integer", description: "grows by one with every publication" },
      tag: { type: "string" },
      publishedAt: { type: "string", format: "date-time" },
      nodes: { type: "array", items: { $ref: "#/components/schemas/CostNode" } },
      links: { type: "array", items: z.toJSONSchema(CostLink) },
      errors: { type: "array", items: z.toJSONSchema(MapError), description: "what is missing from the map or was kept out, and why" },
    },
  },
};
