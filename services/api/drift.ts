import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { IntentStore } from "../../state/intents.ts";
import type { DriftCheck, DriftFound } from "../drift.ts";
import type { Ingress } from "../ingress/ingress.ts";
import { unknownIntent } from "./intents.ts";
import { sendProblem } from "./problem.ts";
import { viewOf } from "./views.ts";

interface Parts {
  readonly ingress: Ingress;
  readonly drift: DriftCheck;
  readonly intents: IntentStore;
}

const Asked = z.object({ intent: z.string().max(128).optional() });

/** What controllers have otherwise than the intents that were carried out there, looked at now; and putting it right. */
export function driftRoutes(app: FastifyInstance, { ingress, drift, intents }: Parts): void {
  app.get("/v1/drift", async (request, reply) => {
    const { intent } = Asked.parse(request.query);
    if (intent !== undefined) {
      const record = await intents.get(intent);
      return record === undefined ? unknownIntent(reply, intent) : { checked: 1, drift: [await drift.of(record)].filter(hasNews) };
    }
    let checked = 0;
    const found: DriftFound[] = [];
    for await (const one of drift.all()) {
      checked += 1;
      if (hasNews(one)) found.push(one);
    }
    return { checked, drift: found };
  });

  app.post<{ Params: { id: string } }>("/v1/intents/:id/repair", async (request, reply) => {
    const { id } = request.params;
    if ((await intents.get(id)) === undefined) return unknownIntent(reply, id);
    const record = await ingress.repair(id);
    if (record !== undefined) return reply.status(202).send(viewOf(record));
    const detail = `${id} is not carried out, so there is nothing to put right: \`underlay get intents ${id}\` shows its state`;
    return sendProblem(reply, { status: 409, code: "INTENT_NOT_CARRIED_OUT", title: "nothing to repair", detail });
  });
}

const hasNews = ({ drift, unseen }: DriftFound): boolean => drift.length > 0 || unseen.length > 0;
