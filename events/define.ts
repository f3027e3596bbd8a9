import { hash, randomUUID } from "node:crypto";
import type { CloudEventV1 } from "cloudevents";
import type { z } from "zod";

/** A CloudEvent 1.0 as this system makes and reads it. Extensions: correlationid, causationid, partitionkey, traceparent, executioner, hops, userid, workloadid. */
export type Event<T = unknown> = Readonly<CloudEventV1<T>>;

interface Making<T> {
  readonly source: string;
  readonly subject: string;
  readonly data: T;
  readonly cause?: Event | undefined;
  /** Place among the events of this type that the cause leads to. */
  readonly index?: number;
  /** For an event without a cause: what the same input would give again. */
  readonly id?: string;
  readonly executioner?: string;
  /** Whose it is, of what a user may only see their own: the extensions userid and workloadid, absent where nobody knows. */
  readonly owner?: { readonly userId: string | null; readonly workloadId: string | null };
}

/** One entry of the catalogue of events: a CloudEvents `type`, what it means, and the schema of its data. */
export interface EventType<T = unknown> {
  readonly type: string;
  readonly summary: string;
  readonly data: z.ZodType<T>;
  make(making: Making<T>): Event<T>;
}

export const TYPE_PREFIX = "eu.meta-os.nemo.";

/** CloudEvents wants an absolute URI, and nobody has to be asked for a tag (RFC 4151). The files are in events/schemas. */
export const schemaId = (type: string): string => `tag:meta-os.eu,2026:nemo/schemas/${type}.json`;

export function defineEvent<T>(spec: { type: string; summary: string; data: z.ZodType<T> }): EventType<T> {
  const { type } = spec;
  const dataschema = schemaId(type);
  return {
    ...spec,
    make: ({ source, subject, data, cause, index = 0, id = randomUUID(), executioner, owner }) => ({
      specversion: "1.0",
      type,
      source,
      subject,
      time: new Date().toISOString(),
      datacontenttype: "application/json",
      dataschema,
      partitionkey: subject,
      ...(executioner === undefined ? {} : { executioner }),
      ...(typeof owner?.userId === "string" ? { userid: owner.userId } : {}),
      ...(typeof owner?.workloadId === "string" ? { workloadid: owner.workloadId } : {}),
      ...(cause === undefined ? { id, correlationid: id, hops: 0 } : inherit(cause, type, index)),
      data,
    }),
  };
}

/** The same cause always gives the same id, so that a redelivery repeats itself instead of forking. */
export const derivedId = (cause: { readonly source: string; readonly id: string }, type: string, index: number): string =>
  hash("sha256", JSON.stringify([cause.source, cause.id, type, index]), "base64url").slice(0, 22);

const inherit = (cause: Event, type: string, index: number) => ({
  id: derivedId(cause, type, index),
  causationid: cause.id,
  correlationid: cause["correlationid"] ?? cause.id,
  hops: Number(cause["hops"] ?? 0) + 1,
  ...(cause["traceparent"] === undefined ? {} : { traceparent: cause["traceparent"] }),
  ...(cause["tracestate"] === undefined ? {} : { tracestate: cause["tracestate"] }),
});
