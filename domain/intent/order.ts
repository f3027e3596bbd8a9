import { z } from "zod";

/** What an executioner is asked to bring about: `tfs` is served by `functions/exec-tfs`. Holds references to secrets, never a secret. */
export const Order = z.strictObject({
  executioner: z.string().min(1),
  /** The thing on the controller that this order is about, unique in the executioner: the key of its effect, and what generations are compared by. */
  resource: z.string().min(1).max(512),
  /** In the order of the intent. The first one names the order. */
  expectationIds: z.array(z.string()).min(1),
  /** The `url` that chose the controller; absent: the executioner's first one. Must be among the origins that the operator allows. */
  controller: z.string().optional(),
  /** Every other origin that carrying it out would touch, such as the clusters' APIs. */
  origins: z.array(z.string()).default([]),
  /** When it is to stand, UTC; absent: from now on, until it is taken back. */
  window: z.strictObject({ from: z.iso.datetime().optional(), until: z.iso.datetime().optional() }).optional(),
  payload: z.record(z.string(), z.unknown()),
});
export type Order = z.infer<typeof Order>;

export const Action = z.enum(["apply", "withdraw"]);
export type Action = z.infer<typeof Action>;

/** What the controller has now because of the order. */
export const Effect = z.enum(["created", "changed", "unchanged", "removed", "absent"]);
export type Effect = z.infer<typeof Effect>;

/** The same JSON gives the same text whatever the order of its keys, so that digests compare meanings. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(",")}}`;
}
