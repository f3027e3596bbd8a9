import { z } from "zod";
import { defineEvent } from "./define.ts";

export const EventRejected = defineEvent({
  type: "eu.meta-os.nemo.event.rejected.v1",
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
