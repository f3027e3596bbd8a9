import { createHash } from "node:crypto";
import { z } from "zod";
import { defineEvent, derivedId, type Event, TYPE_PREFIX } from "../events/define.ts";

export const EventRejected = defineEvent({
  type: `${TYPE_PREFIX}event.rejected.v1`,
  summary:
    "A function was given something that it can never process; the message is kept for redrive, and no part of its body is told here.",
  data: z.strictObject({
    function: z.string(),
    code: z.string(),
    reason: z.string(),
    originalType: z.string().optional(),
    originalId: z.string().optional(),
  }),
});

interface Rejection {
  readonly code: string;
  readonly reason: string;
}

const short = (text: string): string => text.slice(0, 200);

export function rejectedEvent(fn: string, { code, reason }: Rejection, original: Event | Buffer): Event {
  const source = `/functions/${fn}`;
  const about = { function: fn, code, reason };
  if (Buffer.isBuffer(original)) {
    // Nobody's id can be trusted here: the same bytes give the same rejection, however often they are delivered.
    const digest = createHash("sha256").update(original).digest("base64url");
    return EventRejected.make({ source, subject: fn, id: derivedId({ source, id: digest }, EventRejected.type, 0), data: about });
  }
  const data = { ...about, originalType: short(original.type), originalId: short(original.id) };
  return EventRejected.make({ source, subject: short(original.subject ?? original.id), cause: original, data });
}
