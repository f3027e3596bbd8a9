import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { isSettled, type IntentRecord } from "../../domain/intent/lifecycle.ts";
import { reportOf } from "../../domain/intent/report.ts";
import { IntentReported } from "../../events/intent.ts";
import type { IntentStore } from "../../state/intents.ts";
import type { Ingress } from "../ingress/ingress.ts";
import type { Planner } from "../plan.ts";
import { sendProblem, sendRefusal } from "./problem.ts";
import type { Tail } from "./tail.ts";
import { viewOf } from "./views.ts";

interface Parts {
  readonly ingress: Ingress;
  readonly planner: Planner;
  readonly intents: IntentStore;
  readonly tail: Tail;
}

const Page = z.object({ after: z.string().max(128).optional(), limit: z.coerce.number().int().min(1).max(500).default(100) });
const Apply = z.object({
  plan: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
});
const Wait = z.object({ waitMs: z.coerce.number().int().min(0).max(60_000).default(0) });

/** A request without a body has none to parse. */
const bytesOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

export const unknownIntent = (reply: FastifyReply, id: string) =>
  sendProblem(reply, {
    status: 404,
    code: "INTENT_UNKNOWN",
    title: "no such intent",
    detail: `there is no intent ${id}; \`underlay get intents\` lists them`,
  });

export function intentRoutes(app: FastifyInstance, { ingress, planner, intents, tail }: Parts): void {
  app.post("/v1/intents", async (request, reply) => {
    const { plan } = Apply.parse(request.query);
    const read = ingress.read(bytesOf(request));
    if (!read.ok) return sendRefusal(reply, read.problems);
    if (plan !== undefined) {
      const now = await planner.plan(read.candidates);
      if (!now.ok) return sendProblem(reply, { status: 422, code: now.code, title: "cannot be planned", detail: now.reason });
      if (now.value.hash !== plan) {
        const detail = `the plan is ${now.value.hash} now, not ${plan}: plan again, look, and apply that`;
        return sendProblem(reply, { status: 409, code: "PLAN_DRIFTED", title: "what apply would do has changed since the plan", detail });
      }
    }
    const taken = await ingress.submit(read.candidates);
    if (!taken.ok) return sendRefusal(reply, taken.problems);
    return reply.status(202).send({ intents: taken.records.map(viewOf), warnings: read.candidates.flatMap((c) => c.warnings) });
  });

  app.post("/v1/plans", async (request, reply) => {
    const read = ingress.read(bytesOf(request));
    if (!read.ok) return sendRefusal(reply, read.problems);
    const objections = await ingress.objections(read.candidates);
    if (objections.length > 0) return sendRefusal(reply, objections);
    const plan = await planner.plan(read.candidates);
    return plan.ok ? plan.value : sendProblem(reply, { status: 422, code: plan.code, title: "cannot be planned", detail: plan.reason });
  });

  app.get("/v1/intents", async (request) => {
    const { after, limit } = Page.parse(request.query);
    const records = await intents.list({ after, limit });
    const last = records.at(-1)?.intent.id;
    return { intents: records.map(viewOf), ...(records.length === limit && last !== undefined ? { next: last } : {}) };
  });

  app.get<{ Params: { id: string } }>("/v1/intents/:id", async (request, reply) => {
    const { waitMs } = Wait.parse(request.query);
    const record = await settledWithin(request.params.id, waitMs, { intents, tail });
    return record === undefined ? unknownIntent(reply, request.params.id) : viewOf(record);
  });

  app.delete<{ Params: { id: string } }>("/v1/intents/:id", async (request, reply) => {
    const record = await ingress.terminate(request.params.id);
    return record === undefined ? unknownIntent(reply, request.params.id) : reply.status(202).send(viewOf(record));
  });

  app.get("/v1/reports", async (request) => {
    const { after, limit } = Page.parse(request.query);
    const records = await intents.list({ after, limit });
    const last = records.at(-1)?.intent.id;
    return { reports: records.map(reportOf), ...(records.length === limit && last !== undefined ? { next: last } : {}) };
  });

  app.get<{ Params: { id: string } }>("/v1/reports/:id", async (request, reply) => {
    const record = await intents.get(request.params.id);
    return record === undefined ? unknownIntent(reply, request.params.id) : { IntentReport: reportOf(record) };
  });
}

/** The record as soon as it is settled, or as it is when the time is up. Told by the reports in the log, and not by asking again and again. */
async function settledWithin(
  id: string,
  waitMs: number,
  { intents, tail }: Pick<Parts, "intents" | "tail">,
): Promise<IntentRecord | undefined> {
  const { promise: timeUp, resolve: end } = Promise.withResolvers<undefined>();
  let heard = Promise.withResolvers<void>();
  const quiet = tail.listen(({ event }) => {
    if (event.type === IntentReported.type && event.subject === id) heard.resolve();
  });
  const timer = setTimeout(end, waitMs, undefined);
  try {
    for (;;) {
      const news = heard.promise;
      const record = await intents.get(id);
      if (record === undefined || isSettled(record) || waitMs === 0) return record;
      if ((await Promise.race([news.then(() => "news" as const), timeUp])) === undefined) return await intents.get(id);
      heard = Promise.withResolvers<void>();
    }
  } finally {
    quiet();
    clearTimeout(timer);
  }
}
