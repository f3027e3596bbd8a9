import type { Event } from "../../events/define.ts";
import { LOG_EXCHANGE, type Message, type Outgoing } from "../broker/broker.ts";
import { PermanentError } from "../errors.ts";
import { decodeAmqp } from "./amqp.ts";
import { isJson, mediaTypeOf } from "./data.ts";
import { BATCH, fromJson } from "./structured.ts";

/**
 * What a fused chain handed over in memory, as one message for the log: a broker's stream costs by the message, and half of what it does for
 * an event is to log it. The bodies are encoded already, and go in as they are.
 */
export function encodeLog(kept: readonly [Outgoing, ...Outgoing[]]): Outgoing {
  const [first] = kept;
  return {
    exchange: LOG_EXCHANGE,
    routingKey: "batch",
    messageId: first.messageId,
    contentType: BATCH,
    headers: {},
    body: Buffer.from(`[${kept.map(structured).join(",")}]`),
  };
}

function structured({ headers, contentType, body }: Outgoing): string {
  const { "content-type": _, ...attributes } = headers;
  const open = JSON.stringify({ ...attributes, datacontenttype: contentType }).slice(0, -1);
  if (body.length === 0) return `${open}}`;
  return isJson(contentType) ? `${open},"data":${body.toString("utf8")}}` : `${open},"data_base64":"${body.toString("base64")}"}`;
}

/** The events in one message of the log: one, several of a fused chain, or none where somebody published what is no event. */
export function decodeLog(message: Message): readonly Event[] {
  if (message.contentType === undefined || mediaTypeOf(message.contentType) !== BATCH) return readable(() => decodeAmqp(message));
  const entries = readable(() => JSON.parse(message.body.toString("utf8")) as unknown).flat();
  return entries.flatMap((entry) => readable(() => fromJson(entry)));
}

function readable<T>(read: () => T): readonly T[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof PermanentError || error instanceof SyntaxError) return [];
    throw error;
  }
}
