import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { TYPE_PREFIX } from "../../events/define.ts";
import type { Where } from "../../runtime/function.ts";
import { BANNER, type Generator, readEventTypes, readFunctions } from "./files.ts";

const text = (description: string) => ({ type: "string", description });

/** CloudEvents in AMQP 0-9-1 binary mode with unprefixed headers: docs/architecture.md. */
const cloudEvent = {
  type: "object",
  required: ["specversion", "id", "source", "type"],
  properties: {
    specversion: { const: "1.0" },
    id: text("The same cause always gives the same id; with `source` it tells duplicates."),
    source: text("Who made the event, as a URI reference."),
    type: text("What happened; also the routing key."),
    subject: text("What it happened to: an intent, a workload, a pair of nodes."),
    time: { type: "string", format: "date-time" },
    datacontenttype: { const: "application/json" },
    dataschema: text("Where the JSON Schema of the data is, relative to the API."),
    correlationid: text("The id of the first event of the story."),
    causationid: text("The id of the event that led to this one."),
    partitionkey: text("Events of one key are handled in order."),
    traceparent: text("W3C Trace Context."),
    tracestate: text("W3C Trace Context."),
    executioner: text("Which executioner an order is for, or came from."),
    expirytime: { type: "string", format: "date-time" },
    hops: { type: ["integer", "string"], description: "How many events led to this one." },
  },
};

/** Undefined where nothing has to match. */
const wordsOf = (where: Where): Where | undefined => (Object.keys(where).length === 0 ? undefined : where);

const channel = (type: string): string => type.slice(TYPE_PREFIX.length);
const pointer = (...path: readonly string[]) => ({ $ref: `#/${path.map((part) => part.replaceAll("/", "~1")).join("/")}` });

export const asyncApi: Generator = async (root) => {
  const [types, functions, manifest] = await Promise.all([
    readEventTypes(root),
    readFunctions(root),
    readFile(join(root, "package.json"), "utf8"),
  ]);
  const { version, description, license } = JSON.parse(manifest) as { version: string; description: string; license: string };
  const known = new Set(types.map(({ type }) => type));

  const operation = (action: "receive" | "send", fn: string, summary: string, type: string, where?: Where) => {
    if (!known.has(type)) throw new Error(`${fn} ${action}s ${type}, which events/ does not declare`);
    const key = channel(type);
    return [
      `${fn}.${action}.${key}`,
      {
        action,
        channel: pointer("channels", key),
        title: fn,
        summary,
        ...(where === undefined
          ? {}
          : {
              description: `Only events with ${Object.entries(where)
                .map(([k, v]) => `${k}=${v}`)
                .join(", ")}.`,
            }),
        messages: [pointer("channels", key, "messages", key)],
      },
    ] as const;
  };

  const document = {
    asyncapi: "3.0.0",
    info: { title: "underlay", version, description, license: { name: license } },
    defaultContentType: "application/json",
    channels: Object.fromEntries(
      types.map(({ type, summary }) => [
        channel(type),
        {
          address: type,
          description: summary,
          messages: { [channel(type)]: pointer("components", "messages", channel(type)) },
          bindings: {
            amqp: {
              is: "routingKey",
              exchange: { name: "nemo.events", type: "topic", durable: true, autoDelete: false },
              bindingVersion: "0.3.0",
            },
          },
        },
      ]),
    ),
    operations: Object.fromEntries(
      functions.flatMap(({ name, summary, on, emits, where }) => [
        ...on.map((consumed) => operation("receive", name, summary, consumed.type, wordsOf({ ...where, ...consumed.where }))),
        ...emits.map(({ type }) => operation("send", name, summary, type)),
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        types.map(({ type, summary }) => [
          channel(type),
          {
            name: type,
            title: channel(type),
            summary,
            contentType: "application/json",
            headers: { allOf: [pointer("components", "schemas", "CloudEvent"), { type: "object", properties: { type: { const: type } } }] },
            payload: { $ref: `./schemas/${type}.json` },
          },
        ]),
      ),
      schemas: { CloudEvent: cloudEvent },
    },
  };
  return new Map([["events/asyncapi.yaml", `# ${BANNER}\n${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`]]);
};
