import type { Event } from "../../events/define.ts";
import type { Message, Outgoing } from "../broker/broker.ts";
import { asEvent, type Attributes, attributeValue, isAttributeName, notAnEvent } from "./attributes.ts";
import { bodyOf, isJson, JSON_TYPE, parseJson, readData } from "./data.ts";
import { routingKeyOf } from "./routing.ts";
import { fromJson, isStructured } from "./structured.ts";

/** Binary mode with unprefixed headers, as Knative's RabbitMQ broker writes it: CloudEvents has no binding for AMQP 0-9-1. */
export function encodeAmqp(event: Event): Outgoing {
  const contentType = event.datacontenttype ?? JSON_TYPE;
  const headers: Record<string, string | number | boolean> = { "content-type": contentType };
  for (const name in event) {
    if (name === "data" || name === "data_base64" || name === "datacontenttype") continue;
    const value = attributeValue(event[name]);
    if (value !== undefined) headers[name] = value;
  }
  // Knative's dispatcher takes no trace from a message without both (eventing-rabbitmq, pkg/dispatcher, readSpan); its ingress writes an empty one, too.
  if (headers["traceparent"] !== undefined) headers["tracestate"] ??= "";
  const timestampMs = event.time === undefined ? Number.NaN : Date.parse(event.time);
  return {
    routingKey: routingKeyOf(event),
    body: bodyOf(event),
    contentType,
    messageId: event.id,
    type: event.type,
    ...(Number.isNaN(timestampMs) ? {} : { timestampMs }),
    headers,
  };
}

/** Every form that is known to be in use: four prefixes (compared without case), none at all, and structured JSON. */
const PREFIXES = ["", "ce-", "ce_", "cloudevents:", "cloudevents_"] as const;

/** Throws a PermanentError, and nothing else, when the message is not an event. */
export function decodeAmqp(message: Message): Event {
  const { headers, contentType } = message;
  if (contentType !== JSON_TYPE && isStructured(contentType)) return fromJson(parseJson(message.body, "the event"));
  if (headers["specversion"] === "1.0") return readBinary(message, headers);
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const prefix = PREFIXES.find((p) => lower[`${p}specversion`] !== undefined);
  if (prefix === undefined) return readUnlabelled(message);
  const stripped = Object.entries(lower).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []));
  return readBinary(message, Object.fromEntries(stripped) as Attributes);
}

/** Headers that cannot be attributes belong to somebody else (`x-death`, `content-type`, a tracer's) and are left alone. */
function readBinary({ body, contentType, headers: raw }: Message, headers: Readonly<Attributes>): Event {
  const event: Attributes = {};
  for (const name in headers) {
    if (!isAttributeName(name)) continue;
    const value = name === "time" ? timeOf(headers[name]) : attributeValue(headers[name]);
    if (value !== undefined) event[name] = value;
  }
  if (event["tracestate"] === "") delete event["tracestate"]; // says nothing, see above
  const declared = contentType ?? raw["content-type"] ?? event["datacontenttype"];
  if (typeof declared === "string") event["datacontenttype"] = declared;
  const checked = asEvent(event);
  readData(event, body, checked.datacontenttype);
  return checked;
}

/** Some clients write the time as an AMQP timestamp, which amqplib reads as seconds in an object. */
function timeOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || !("value" in value)) return undefined;
  const seconds = typeof value.value === "bigint" ? Number(value.value) : value.value;
  return typeof seconds === "number" && Math.abs(seconds) <= 8.64e12 ? new Date(seconds * 1000).toISOString() : undefined;
}

/** A JSON event that was published without the label, as from RabbitMQ's management page. */
function readUnlabelled({ body, contentType }: Message): Event {
  const mayBeJson = contentType === undefined || isJson(contentType) || contentType === "text/plain";
  if (!mayBeJson || body[0] !== 0x7b) throw notAnEvent("there is no specversion");
  return fromJson(parseJson(body, "the event"));
}
