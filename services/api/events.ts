import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Broker } from "../../runtime/broker/broker.ts";
import { streamEvents } from "./sse.ts";
import type { Tail, TailedEvent } from "./tail.ts";

const Query = z.object({
  /** The end of the type, as `intent.reported` or `order`; everything without it. */
  type: z.string().max(100).optional(),
  subject: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
type Query = z.infer<typeof Query>;

const isWanted = ({ type, subject }: Query, { event }: TailedEvent): boolean =>
  (type === undefined || event.type.includes(`.${type}.`)) && (subject === undefined || event.subject === subject);

/** `GET /v1/events`: a page of the newest events as JSON, or a stream (text/event-stream) that `Last-Event-ID` resumes from the log. */
export function eventRoutes(app: FastifyInstance, { broker, tail }: { broker: Broker; tail: Tail }): void {
  app.get("/v1/events", async (request, reply) => {
    const query = Query.parse(request.query);
    if (!(request.headers.accept ?? "").includes("text/event-stream")) {
      const recent = tail.recent(Number.MAX_SAFE_INTEGER).filter((tailed) => isWanted(query, tailed));
      return { events: recent.slice(-query.limit).map(({ offset, event }) => ({ offset, ...event })) };
    }
    await streamEvents(request, reply, { broker, tail, isWanted: (tailed) => isWanted(query, tailed) });
    return reply;
  });
}
