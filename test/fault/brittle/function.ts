import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { defineEvent } from "../../../events/define.ts";
import { defineFunction } from "../../../runtime/function.ts";

export const Asked = defineEvent({
  type: "eu.meta-os.nemo.brittle.asked.v1",
  summary: "Something is asked, which may end the process that is asked.",
  data: z.strictObject({ ends: z.boolean() }),
});
export const Answered = defineEvent({ type: "eu.meta-os.nemo.brittle.answered.v1", summary: "It did not.", data: z.strictObject({}) });
export const Failed = defineEvent({
  type: "eu.meta-os.nemo.brittle.failed.v1",
  summary: "It did, too often.",
  data: z.strictObject({ code: z.string(), reason: z.string() }),
});

export const PREFETCH = 40;

/** Takes forty events at once, and dies of some with the others in work. */
export const brittle = defineFunction({
  name: "brittle",
  summary: "Answers, or ends its process.",
  on: [Asked],
  emits: [Answered, Failed],
  concurrency: PREFETCH,
  resources: {},
  async handle(event, { signal }) {
    await delay(20, undefined, { signal }); // so that the others have begun too
    if (event.data.ends) process.kill(process.pid, "SIGKILL");
    await delay(20, undefined, { signal });
    return [Answered.make({ source: "/brittle", subject: "s", cause: event, data: {} })];
  },
  exhausted: (event, data) => [Failed.make({ source: "/brittle", subject: "s", cause: event, data })],
});
