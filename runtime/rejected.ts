import { createHash } from "node:crypto";
import { derivedId, type Event } from "../events/define.ts";
import { EventRejected } from "../events/rejected.ts";

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
