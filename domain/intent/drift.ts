import { z } from "zod";
import type { Observed } from "./adaptor.ts";
import type { Order } from "./order.ts";

/** What a controller has otherwise than the intent that was carried out there wants it. */
export const Drift = z.strictObject({
  executioner: z.string(),
  resource: z.string(),
  found: z.enum(["missing", "different"]),
  /** Names of what differs, such as `vlanId`. */
  differs: z.array(z.string()),
});
export type Drift = z.infer<typeof Drift>;

export function driftOf({ executioner, resource }: Order, observed: Observed): Drift | undefined {
  if (observed.state === "absent") return { executioner, resource, found: "missing", differs: [] };
  return observed.differs.length === 0 ? undefined : { executioner, resource, found: "different", differs: [...observed.differs] };
}
