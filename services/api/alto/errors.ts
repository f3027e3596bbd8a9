import type { FastifyReply } from "fastify";
import type { z } from "zod";
import { media } from "./media-types.ts";

/** RFC 7285 §8.5.2, Table 1. */
type AltoCode = "E_SYNTAX" | "E_MISSING_FIELD" | "E_INVALID_FIELD_TYPE" | "E_INVALID_FIELD_VALUE";

interface AltoErrorMeta {
  readonly code: AltoCode;
  readonly "syntax-error"?: string;
  /** Full path of the field, as `cost-type/cost-metric`. */
  readonly field?: string;
  /** The wrong value, as text. */
  readonly value?: string;
}

/** What a request gets wrong, as an ALTO error resource. */
export class AltoError extends Error {
  readonly meta: AltoErrorMeta;
  constructor(meta: AltoErrorMeta) {
    super(meta.code);
    this.meta = meta;
  }
}

const MAX_VALUE = 200;
const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, MAX_VALUE);

export const wrongValue = (field: string, value: unknown): AltoError =>
  new AltoError({ code: "E_INVALID_FIELD_VALUE", field, value: textOf(value) });
export const missing = (field: string): AltoError => new AltoError({ code: "E_MISSING_FIELD", field });

export const sendAltoError = (reply: FastifyReply, { meta }: AltoError): FastifyReply =>
  reply
    .status(400)
    .type(media.error)
    .send(Buffer.from(JSON.stringify({ meta })));

/** Reads a request's body; what is wrong with it is exactly one AltoError. Members that the schema does not know are ignored (RFC 7285 §8.3.7). */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  let input: unknown;
  try {
    input = JSON.parse(Buffer.isBuffer(body) ? body.toString("utf8") : "");
  } catch (error) {
    throw new AltoError({ code: "E_SYNTAX", "syntax-error": error instanceof Error ? error.message.slice(0, MAX_VALUE) : "no JSON" });
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw errorOf(parsed.error.issues[0], input);
}

function errorOf(issue: z.core.$ZodIssue | undefined, input: unknown): AltoError {
  const path = issue?.path ?? [];
  const value = path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    input,
  );
  const names = path.filter((key) => typeof key === "string");
  const field = names.join("/");
  const isElement = names.length < path.length;
  if (issue?.code === "invalid_type" && value === undefined && !isElement) return missing(field);
  if (issue?.code === "invalid_type" && !isElement) return new AltoError({ code: "E_INVALID_FIELD_TYPE", field });
  // An element of a wrong type is a wrong value of its array (RFC 7285 §8.5.2).
  return wrongValue(field, value);
}
