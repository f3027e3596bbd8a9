import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { Broker } from "../../runtime/broker/broker.ts";
import { eventsAfter, type Tail, type TailedEvent } from "./tail.ts";

const Query = z.object({
  /** The end of the type, as `intent.reported` or `order`; everything without it. */
  type: z.string().max(100).optional(),
  subject: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
type Query = z.infer<typeof Query>;

const HEARTBEAT_MS = 15_000;

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
    const { "last-event-id": last } = request.headers;
    await stream(reply, query, { broker, tail, ...(typeof last === "string" && /^\d{1,20}(?:\.\d{1,4})?$/.test(last) ? { last } : {}) });
    return reply;
  });
}

async function stream(
  reply: FastifyReply,
  query: Query,
  { broker, tail, last }: { broker: Broker; tail: Tail; last?: string },
): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  raw.write(": the newest events, as they come\n\n");
  const ended = new AbortController();
  raw.on("close", () => ended.abort());
  const write = (tailed: TailedEvent) => {
    if (isWanted(query, tailed)) raw.write(`id: ${tailed.offset}\nevent: ${tailed.event.type}\ndata: ${JSON.stringify(tailed.event)}\n\n`);
  };
  const beat = setInterval(() => raw.write(": still here\n\n"), HEARTBEAT_MS);
  ended.signal.addEventListener("abort", () => clearInterval(beat));
  if (last === undefined) {
    const quiet = tail.listen(write);
    ended.signal.addEventListener("abort", quiet);
    return;
  }
  // Who comes back gets what was missed from the log, at the log's pace, and stays on it.
  for await (const tailed of eventsAfter(broker, last, ended.signal)) write(tailed);
}
