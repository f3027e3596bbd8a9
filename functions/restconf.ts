import { z } from "zod";
import { jsonIn, mayPass } from "./reply.ts";

const text = z.string().optional().catch(undefined);
const Errors = z.object({
  "ietf-restconf:errors": z.object({ error: z.array(z.object({ "error-tag": text, "error-message": text })) }),
});

/** 409s that say "not now" rather than "no". */
const PASSING = new Set<string | undefined>(["in-use", "lock-denied", "resource-denied"]);

/** What the errors of a RESTCONF reply say, and whether the same request may succeed later (RFC 8040 section 7). */
export function restconfErrorsIn(reply: { readonly status: number; readonly text: string }): {
  readonly words: readonly string[];
  readonly mayPass: boolean;
} {
  const errors = Errors.safeParse(jsonIn(reply.text)).data?.["ietf-restconf:errors"].error ?? [];
  return {
    words: errors.map((error) => error["error-message"] ?? error["error-tag"] ?? ""),
    mayPass: mayPass(reply.status) || (reply.status === 409 && errors.some((error) => PASSING.has(error["error-tag"]))),
  };
}
