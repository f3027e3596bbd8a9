import { z } from "zod";
import { IntentReport } from "../../domain/intent/report.ts";
import { LIMITS } from "../ingress/parse.ts";
import { learningPaths, learningSchemas } from "./learning-openapi.ts";

const json = (schema: object) => ({ "application/json": { schema } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const answers = (schema: object, more: object = {}) => ({ "200": { description: "OK", content: json(schema) }, ...more });
const problem = (description: string) => ({ description, content: { "application/problem+json": { schema: ref("Problem") } } });
const list = (name: string, of: object) => ({
  type: "object",
  properties: { [name]: { type: "array", items: of }, next: { type: "string", description: "pass as `after` for the next page" } },
});
const query = (name: string, schema: object, description: string) => ({ name, in: "query", required: false, schema, description });
const id = { name: "id", in: "path", required: true, schema: { type: "string" }, description: "id of the intent" };
const paging = [
  query("after", { type: "string" }, "id to go on after"),
  query("limit", { type: "integer", minimum: 1, maximum: 500, default: 100 }, "size of the page"),
];
const file = {
  required: true,
  description: `TS 28.312 intents: YAML with any number of --- documents, a JSON object, or a JSON array. At most ${String(LIMITS.bytes)} bytes and ${String(LIMITS.documents)} documents; no aliases, no tags.`,
  content: { "application/yaml": { schema: { type: "string" } }, "application/json": { schema: {} } },
};

/** OpenAPI 3.1 of what services/api serves; server.test.ts holds each path against the server. */
export const openapi = {
  openapi: "3.1.0",
  info: { title: "underlay", version: "1", license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
  paths: {
    "/v1/intents": {
      get: { summary: "Intents by id", parameters: paging, responses: answers(list("intents", ref("Intent"))) },
      post: {
        summary: "Apply intents: all of the file or nothing",
        parameters: [query("plan", { type: "string" }, "apply only if the plan still has this hash")],
        requestBody: file,
        responses: {
          "202": { description: "Taken: orders are on their way", content: json(list("intents", ref("Intent"))) },
          "400": problem("no document could be parsed"),
          "409": problem("the plan has drifted"),
          "413": problem("beyond the limits"),
          "422": problem("understood and refused; `problems` names each place"),
          "503": problem("the broker, the store or a controller is away: apply again"),
        },
      },
    },
    "/v1/intents/{id}": {
      get: {
        summary: "One intent, its orders and its report",
        parameters: [
          id,
          query("waitMs", { type: "integer", minimum: 0, maximum: 60_000, default: 0 }, "answer when it is settled, or after so long"),
        ],
        responses: answers(ref("Intent"), { "404": problem("no such intent") }),
      },
      delete: {
        summary: "Terminate: withdraw everything that it brought about",
        parameters: [id],
        responses: { "202": { description: "Being withdrawn", content: json(ref("Intent")) }, "404": problem("no such intent") },
      },
    },
    "/v1/plans": {
      post: {
        summary: "What apply would do, without doing it",
        requestBody: file,
        responses: answers(ref("Plan"), {
          "422": problem("refused, as apply would"),
          "503": problem("a controller cannot be looked at now"),
        }),
      },
    },
    "/v1/reports": { get: { summary: "IntentReports", parameters: paging, responses: answers(list("reports", ref("IntentReport"))) } },
    "/v1/reports/{id}": {
      get: {
        summary: "One IntentReport",
        parameters: [id],
        responses: answers({ type: "object", properties: { IntentReport: ref("IntentReport") } }, { "404": problem("no such intent") }),
      },
    },
    "/v1/events": {
      get: {
        summary: "The newest events; as text/event-stream the live ones, resumed by Last-Event-ID",
        parameters: [
          query("type", { type: "string" }, "part of the type between dots, as `order` or `intent.reported`"),
          query("subject", { type: "string" }, "id of the intent"),
          query("limit", { type: "integer", minimum: 1, maximum: 1000, default: 100 }, "size of the page"),
        ],
        responses: {
          "200": {
            description: "OK",
            content: { ...json(list("events", { type: "object" })), "text/event-stream": { schema: { type: "string" } } },
          },
        },
      },
    },
    ...learningPaths,
    "/v1/lab/ledger": {
      get: {
        summary: "What the simulators of the lab were made to do",
        responses: answers({ type: "object" }, { "404": problem("no lab runs") }),
      },
    },
    "/metrics": {
      get: {
        summary: "Prometheus metrics",
        responses: { "200": { description: "OK", content: { "text/plain": { schema: { type: "string" } } } } },
      },
    },
    "/_/health": { get: { summary: "The process runs", responses: answers({ type: "object" }) } },
    "/_/ready": {
      get: { summary: "It can take intents", responses: answers({ type: "object" }, { "503": problem("no connection to the broker") }) },
    },
  },
  components: {
    schemas: {
      ...learningSchemas,
      IntentReport: z.toJSONSchema(IntentReport),
      Intent: {
        type: "object",
        required: ["id", "generation", "submission", "state", "isSettled", "report", "orders"],
        properties: {
          id: { type: "string" },
          generation: { type: "integer", description: "grows when the meaning of the intent changes" },
          submission: { type: "integer", description: "grows with every apply" },
          state: {
            type: "string",
            enum: ["ACKNOWLEDGED", "COMPLIANT", "FULFILLED", "DEGRADED", "SUSPENDED", "TERMINATED", "FULFILMENTFAILED"],
          },
          isSettled: { type: "boolean", description: "nothing is under way any more" },
          wanted: { type: "string", enum: ["active", "suspended", "terminated"] },
          report: ref("IntentReport"),
          orders: { type: "array", items: ref("Order") },
        },
      },
      Order: {
        type: "object",
        required: ["executioner", "resource", "action", "state"],
        properties: {
          executioner: { type: "string" },
          resource: { type: "string" },
          expectationIds: { type: "array", items: { type: "string" } },
          action: { type: "string", enum: ["apply", "withdraw"] },
          state: { type: "string", enum: ["placed", "executed", "failed"] },
          effect: { type: "string", enum: ["created", "changed", "unchanged", "removed", "absent"] },
          declared: { type: "object" },
          code: { type: "string" },
          reason: { type: "string" },
          residue: { type: "array", items: { type: "string" } },
        },
      },
      Plan: {
        type: "object",
        required: ["hash", "changes", "steps"],
        properties: {
          hash: { type: "string" },
          changes: { type: "integer" },
          steps: {
            type: "array",
            items: {
              type: "object",
              required: ["intentId", "executioner", "resource", "change", "differs"],
              properties: {
                intentId: { type: "string" },
                executioner: { type: "string" },
                resource: { type: "string" },
                change: { type: "string", enum: ["create", "change", "delete", "none"] },
                differs: { type: "array", items: { type: "string" } },
              },
            },
          },
        },
      },
      Problem: {
        type: "object",
        required: ["type", "title", "status", "code"],
        properties: {
          type: { type: "string" },
          title: { type: "string" },
          status: { type: "integer" },
          code: { type: "string", description: "stable; docs/errors.md" },
          detail: { type: "string" },
          problems: {
            type: "array",
            items: {
              type: "object",
              required: ["document", "code", "reason"],
              properties: {
                document: { type: "integer" },
                intentId: { type: "string" },
                path: { type: "string" },
                line: { type: "integer" },
                code: { type: "string" },
                reason: { type: "string" },
              },
            },
          },
        },
      },
    },
  },
} as const;
