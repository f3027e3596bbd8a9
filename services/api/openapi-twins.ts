import { z } from "zod";
import { Change, Status, Twin } from "../../domain/twin/model.ts";
import { answers, json, list, problem, query, ref } from "./openapi-parts.ts";

const workload = {
  name: "workload",
  in: "path",
  required: true,
  schema: { type: "string" },
  description: "id of a workload, `unmapped`, or of one twin: <cluster>/<namespace>/<kind>/<name>, percent-encoded",
};
const text = { type: "string" } as const;
const filters = [
  query("user", text, "whose; a tenant has their own only"),
  query("workload", text, "of this workload, or `unmapped`"),
  query("cluster", text, "in this cluster"),
  query("namespace", text, "in this namespace"),
];
const status = query("status", { type: "string", enum: Status.options }, "in, or for the history into, this state");
const size = (most: number) => query("limit", { type: "integer", minimum: 1, maximum: most, default: 100 }, "size of the page");
const refused = { "401": problem("no token, or nobody's") };

export const twinPaths = {
  "/v1/twins": {
    get: {
      summary: "Twins of workloads' components, by id",
      parameters: [...filters, status, query("after", text, "id to go on after"), size(500)],
      responses: answers(list("twins", ref("Twin")), refused),
    },
  },
  "/v1/twins/{workload}": {
    get: {
      summary: "The twins of one workload",
      parameters: [workload],
      responses: answers(
        { type: "object", properties: { twins: { type: "array", items: ref("Twin") } } },
        {
          ...refused,
          "404": problem("no such workload, or not yours"),
        },
      ),
    },
  },
  "/v1/twins/{workload}/history": {
    get: {
      summary: "The last changes of a workload's components, the newest first",
      parameters: [workload, status, size(500)],
      responses: answers(
        { type: "object", properties: { changes: { type: "array", items: ref("TwinChange") } } },
        {
          ...refused,
          "404": problem("no such workload, or not yours"),
        },
      ),
    },
  },
  "/v1/twins/events": {
    get: {
      summary: "The newest events of twins; as text/event-stream the live ones, resumed by Last-Event-ID",
      parameters: [
        ...filters,
        query("type", { type: "string", enum: ["status", "anomaly", "snapshot"] }, "only events of this kind"),
        size(1000),
      ],
      responses: {
        "200": {
          description: "OK; in a stream, `id` is the place in the log, and comments `head <place>` are signs of life",
          content: { ...json(list("events", { type: "object" })), "text/event-stream": { schema: text } },
        },
        ...refused,
      },
    },
  },
} as const;

export const twinSchemas = {
  Twin: z.toJSONSchema(Twin),
  TwinChange: z.toJSONSchema(z.object({ twinId: z.string(), component: Twin.shape.component, ...Change.shape })),
};
