import { PermanentError } from "../errors.ts";
import type { Offset } from "./broker.ts";

/** Where a follower begins: after the last offset that it has seen. */
export function readOffset(after: Offset | "first" | "next"): number | "first" | "next" {
  if (after === "first" || after === "next") return after;
  if (!/^\d{1,15}$/.test(after)) throw new PermanentError("OFFSET_INVALID", "an offset is a whole number");
  return Number(after) + 1;
}
