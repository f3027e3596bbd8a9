import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Event } from "../../events/define.ts";
import { FlowNotified } from "../../events/flow.ts";
import { QosStatusChanged, toldBy, toldByCamara, UserPlaneNotification } from "../../functions/exec-5g/notification.ts";
import { isNotifyToken } from "../../functions/exec-5g/notify-token.ts";
import type { EffectStore } from "../../state/effects.ts";
import { sendProblem } from "./problem.ts";

export interface NotificationParts {
  readonly effects: Pick<EffectStore, "ownerOf">;
  readonly sealKey: Buffer;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly now: () => Date;
}

const Asked = z.object({ t: z.string().max(64).default("") });

/** Where 5G cores tell of flows by themselves: `notifyUrl` of a core's controller entry is this address, `…/v1/notifications/5g`. */
export function fivegRoutes(app: FastifyInstance, { effects, sealKey, publish, now }: NotificationParts): void {
  app.post<{ Params: { name: string } }>(
    "/v1/notifications/5g/notify/:name",
    { bodyLimit: 65_536, config: { access: "public" } },
    async (request, reply) => {
      const { name } = request.params;
      if (!isNotifyToken(sealKey, name, Asked.parse(request.query).t))
        return sendProblem(reply, { status: 403, code: "NOTIFICATION_FORGED", title: "not the address that a core was given" });
      const told = readNotification(request.body);
      if (told === undefined)
        return sendProblem(reply, {
          status: 400,
          code: "NOTIFICATION_INVALID",
          title: "neither UserPlaneNotificationData nor CAMARA's event",
        });
      const resource = `flow/${name}`;
      const intentId = await effects.ownerOf("5g", resource);
      // A core may tell of what was taken back a moment ago: there is nobody left to tell.
      if (intentId === undefined) return reply.status(204).send();
      const observation = {
        executioner: "5g",
        resource,
        at: now().toISOString(),
        values: { ...told.values },
        conditions: { ...told.conditions },
      };
      await publish([FlowNotified.make({ source: "/mncc/5g", subject: intentId, data: { intentId, observation } })]);
      return reply.status(204).send();
    },
  );
}

function readNotification(body: unknown): ReturnType<typeof toldBy> | undefined {
  const parsed = parseJson(body);
  const nef = UserPlaneNotification.safeParse(parsed);
  if (nef.success) return toldBy(nef.data);
  const camara = QosStatusChanged.safeParse(parsed);
  return camara.success ? toldByCamara(camara.data) : undefined;
}

function parseJson(body: unknown): unknown {
  try {
    return Buffer.isBuffer(body) ? JSON.parse(body.toString("utf8")) : undefined;
  } catch {
    return undefined;
  }
}
