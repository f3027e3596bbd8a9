import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { findNode, nodeOf } from "../../domain/probe/agents.ts";
import { type LinkMeasured, pairId } from "../../domain/probe/model.ts";
import type { Probing } from "../../domain/probe/schedule.ts";
import type { Event } from "../../events/define.ts";
import { ProbeDue, ProbeMeasured } from "../../events/probe.ts";
import { sendProblem } from "./problem.ts";
import type { Tail } from "./tail.ts";

interface Parts {
  readonly probing: Probing | undefined;
  readonly tail: Tail;
  readonly publish: (events: readonly Event[]) => Promise<void>;
}

const end = z.string().min(1).max(512);
const Query = z.object({ source: end, destination: end, throughput: z.enum(["on", "off"]).default("on") });

/** Less than clients wait for an answer. */
const PATIENCE_MS = 55_000;

const STATUS = { PROBE_NODE_UNKNOWN: 404, PROBE_NODE_AMBIGUOUS: 422 } as const;

/** `POST /v1/probes`: measures a link now, the same way as on schedule, and answers with what it gave. */
export function probeRoutes(app: FastifyInstance, { probing, tail, publish }: Parts): void {
  app.post("/v1/probes", async (request, reply): Promise<FastifyReply | LinkMeasured> => {
    const { source: from, destination: to, throughput } = Query.parse(request.query);
    if (probing === undefined)
      return sendProblem(reply, { status: 404, code: "PROBES_OFF", title: "no probe agents are configured: PROBE_AGENTS_FILE names them" });
    const source = findNode(probing.agents, from);
    const destination = findNode(probing.agents, to);
    const unknown = [source, destination].find((found) => !found.ok);
    if (unknown?.ok === false)
      return sendProblem(reply, { status: STATUS[unknown.code], code: unknown.code, title: "which node?", detail: unknown.reason });
    if (!source.ok || !destination.ok || source.value === destination.value)
      return sendProblem(reply, { status: 422, code: "PROBE_NODE_SAME", title: "a node has no link to itself" });

    const pair = { source: nodeOf(source.value), destination: nodeOf(destination.value) };
    const id = randomUUID();
    const due = ProbeDue.make({
      source: "/api/probes",
      subject: pairId(pair),
      id,
      data: { pair, trigger: "demand", throughput: throughput === "on" },
    });
    const measured = answerTo(id, tail);
    await publish([due]);
    const link = await measured;
    if (link !== undefined) return link;
    const title = "no measurement yet; it may still come, and `underlay get events --type probe.measured` will show it";
    return sendProblem(reply.header("retry-after", "5"), { status: 503, code: "PROBE_OVERDUE", title });
  });
}

/** What came of the event with this id, told by the log; undefined when the time is up. */
function answerTo(id: string, tail: Tail): Promise<LinkMeasured | undefined> {
  const { promise, resolve } = Promise.withResolvers<LinkMeasured | undefined>();
  const timer = setTimeout(resolve, PATIENCE_MS, undefined);
  const quiet = tail.listen(({ event }) => {
    if (event.type === ProbeMeasured.type && event["causationid"] === id) resolve(ProbeMeasured.data.parse(event.data));
  });
  return promise.finally(() => {
    clearTimeout(timer);
    quiet();
  });
}
