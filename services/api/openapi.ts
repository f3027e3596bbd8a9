import { z } from "zod";
import { IntentReport } from "../../domain/intent/report.ts";
import { LinkMeasured } from "../../domain/probe/model.ts";
import { LIMITS } from "../ingress/parse.ts";
import { answers, json, list, problem, query, ref } from "./openapi-parts.ts";
import { twinPaths, twinSchemas } from "./openapi-twins.ts";
import { networkPaths, networkSchemas } from "./openapi-network.ts";
import { learningPaths, learningSchemas } from "./learning-openapi.ts";

const id = { name: "id", in: "path", required: true, schema: { type: "string" }, description: "id of the intent" };
const paging = [
  query("after", { type: "string" }, "id to go on after"),
  query("limit", { type: "integer", minimum: 1, maximum: 500, default: 100 }, "size of the page"),
];
const domain = { name: "domain", in: "path", required: true, schema: { type: "string" }, description: "id of the TSN domain" };
const scheduleFile = {
  type: "object",
  properties: {
    verdict: { const: "scheduled" },
    domain: { type: "string" },
    revision: { type: "integer" },
    schedule: { type: "object" },
    input: { type: "object" },
  },
};
const tsnTaken = {
  type: "object",
  properties: { domain: { type: "string" }, request: { type: "string", description: "id of the event" } },
};
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
    "/v1/intents/{id}/repair": {
      post: {
        summary: "Ask once more for everything that it wants, so that what has drifted is put right",
        parameters: [id],
        responses: {
          "202": { description: "Being put right", content: json(ref("Intent")) },
          "404": problem("no such intent"),
          "409": problem("it is not carried out"),
        },
      },
    },
    "/v1/drift": {
      get: {
        summary: "What controllers have otherwise than the intents that were carried out there; looked at now",
        parameters: [query("intent", { type: "string" }, "only this one")],
        responses: answers(
          { type: "object", properties: { checked: { type: "integer" }, drift: { type: "array", items: { type: "object" } } } },
          { "404": problem("no such intent") },
        ),
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
    ...twinPaths,
    "/v1/probes": {
      post: {
        summary: "Measure a link now",
        parameters: [
          { ...query("source", { type: "string" }, "the node that measures: cluster/node, name or address"), required: true },
          { ...query("destination", { type: "string" }, "the node that is measured"), required: true },
          query("throughput", { type: "string", enum: ["on", "off"], default: "on" }, "whether the throughput is measured too"),
        ],
        responses: answers(ref("LinkMeasured"), {
          "400": problem("the query names no two nodes"),
          "404": problem("no such node, or no probe agents"),
          "422": problem("several nodes of that name, or one and the same"),
          "503": problem("no measurement yet"),
        }),
      },
    },
    ...networkPaths,
    "/v1/tsn/domains/{domain}": {
      get: {
        summary: "What is scheduled in a TSN domain, as `underlay tsn plan -o json` prints it",
        parameters: [domain],
        responses: answers(scheduleFile, { "404": problem("no such domain, or nothing scheduled in it yet") }),
      },
    },
    "/v1/tsn/domains/{domain}/network": {
      put: {
        summary: "The network of a TSN domain; its streams and those that were admitted are planned on it",
        parameters: [domain],
        requestBody: { required: true, description: "docs/tsn.md has the form", content: json({ type: "object" }) },
        responses: {
          "202": { description: "Kept; a tsn.requested event is on its way", content: json(tsnTaken) },
          "422": problem("refused; `problems` names each place with its line"),
        },
      },
    },
    "/v1/tsn/domains/{domain}/requests": {
      post: {
        summary: "Plan, admit or remove streams",
        parameters: [domain],
        requestBody: { required: true, description: "the data of tsn.requested, without the domain", content: json({ type: "object" }) },
        responses: {
          "202": { description: "A tsn.requested event is on its way", content: json(tsnTaken) },
          "413": problem("more than fits into an event"),
          "422": problem("refused; `problems` names each place with its line"),
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
  /** Where the system has a file of tenants; without one everything is open. */
  security: [{}, { bearer: [] }],
  components: {
    securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    schemas: {
      ...twinSchemas,
      ...networkSchemas,
      ...learningSchemas,
      IntentReport: z.toJSONSchema(IntentReport),
      LinkMeasured: z.toJSONSchema(LinkMeasured),
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
                expectationId: { type: "string" },
                path: { type: "string" },
                line: { type: "integer" },
                code: { type: "string" },
                reason: { type: "string" },
                conflict: { type: "object", description: "TS 28.312 IntentConflictReport, where another intent is in the way" },
              },
            },
          },
          intentConflictReports: { type: "array", items: { type: "object" }, description: "docs/conflicts.md" },
          intentFeasibilityCheckReport: { type: "object", description: "TS 28.312, where what is asked for cannot be had" },
        },
      },
    },
  },
} as const;
