import { z } from "zod";
import { ScalingRecord } from "../../domain/scaling/record.ts";

const json = (schema: object) => ({ "application/json": { schema } });
const answers = (schema: object, more: object = {}) => ({ "200": { description: "OK", content: json(schema) }, ...more });
const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});
const query = (name: string, schema: object, description: string, required = false) => ({
  name,
  in: "query",
  required,
  schema,
  description,
});
const workload = query("workload", { type: "string" }, "the twin's id, `cluster/namespace/kind/name`");
const unreadable = { "400": problem("the query cannot be read") };
const status = { type: "object", description: "modes, model, round in progress, chain of models, clusters" };
const modes = { type: "string", enum: ["off", "shadow", "advise", "act"] };

/** What services/api/learning.ts serves. */
export const learningPaths = {
  "/v1/scaling": {
    get: {
      summary: "Scaling decisions: the newest of every workload, or those of one",
      parameters: [workload, query("limit", { type: "integer", minimum: 1, maximum: 1000, default: 20 }, "how many of one workload")],
      responses: answers(
        { type: "object", properties: { decisions: { type: "array", items: { $ref: "#/components/schemas/ScalingRecord" } } } },
        { ...unreadable, "404": problem("nothing was decided for that workload") },
      ),
    },
  },
  "/v1/learning": { get: { summary: "What the learner may do, and with which model", responses: answers(status) } },
  "/v1/learning/mode": {
    post: {
      summary: "Set how far the learner may go, for all workloads or one",
      parameters: [query("mode", modes, "from the next decision on", true), workload],
      responses: answers(status, { ...unreadable, "404": problem("nothing was decided for that workload") }),
    },
  },
  "/v1/learning/kill": {
    post: {
      summary: "Take the decisions from the learner at once, and give them to the HPA's rule",
      parameters: [query("off", { type: "string", enum: ["true", "false"], default: "false" }, "give them back")],
      responses: answers(status, unreadable),
    },
  },
  "/v1/learning/rollback": {
    post: {
      summary: "Make an earlier model of the chain the global one again",
      parameters: [
        query("to", { type: "string" }, "8 or more digits of its SHA-256; the one before if absent"),
        query("reason", { type: "string" }, "for the record"),
      ],
      responses: {
        ...unreadable,
        "202": { description: "On its way", content: json({ type: "object" }) },
        "404": problem("no such earlier model"),
        "409": problem("another deployment aggregates"),
      },
    },
  },
  "/v1/learning/report": {
    get: {
      summary: "What the learner would have saved or cost against the HPA, from the log of decisions",
      parameters: [workload, query("limit", { type: "integer", minimum: 10, maximum: 10_080, default: 2880 }, "newest decisions")],
      responses: answers(
        { type: "object", properties: { reports: { type: "array", items: { type: "object" } } } },
        { ...unreadable, "404": problem("too little was decided for that workload"), "503": problem("there is no model") },
      ),
    },
  },
} as const;

export const learningSchemas = { ScalingRecord: z.toJSONSchema(ScalingRecord) } as const;
