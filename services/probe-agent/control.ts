import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { z } from "zod";
import type { ProbeAgent } from "../../domain/probe/agents.ts";
import { nodeId, ProbeNode } from "../../domain/probe/model.ts";
import type { AgentReport } from "../../domain/probe/report.ts";
import type { ProbeKeys } from "./keys.ts";
import type { Meter } from "./measure.ts";
import type { AgentMetrics } from "./metrics.ts";

interface ControlParts {
  readonly self: () => ProbeAgent;
  readonly agents: () => readonly ProbeAgent[];
  readonly keys: ProbeKeys;
  readonly meter: Meter;
  readonly metrics: AgentMetrics;
  readonly log: (fields: object, phrase: string) => void;
}

/** Whom to measure is said by name: a caller cannot aim an agent at an address of its own. */
const Asked = z.strictObject({
  destination: ProbeNode.pick({ cluster: true, node: true }),
  throughput: z.boolean().default(false),
});

const BODY_LIMIT = 4_096;
const PATIENCE_MS = 30_000;

interface Told {
  readonly status: number;
  readonly code: string;
  readonly title: string;
}

const problem = (reply: FastifyReply, { status, code, title }: Told): FastifyReply =>
  reply
    .status(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: `/docs/errors#${code.toLowerCase()}`, title, status, code }));

/** The agent's HTTP side: measurements for who has the token, metrics for Prometheus. */
export function openControl({ self, agents, keys, meter, metrics, log }: ControlParts): FastifyInstance {
  const app = fastify({ bodyLimit: BODY_LIMIT, logger: false, forceCloseConnections: true });
  const closing = new AbortController();
  let isMeasuring = false;

  app.addHook("preClose", (done) => {
    closing.abort();
    done();
  });
  app.setErrorHandler((error, _request, reply) => {
    const status = typeof error === "object" && error !== null && "statusCode" in error ? Number(error.statusCode) : 500;
    if (error instanceof z.ZodError || status < 500)
      return problem(reply, { status: 400, code: "REQUEST_INVALID", title: "the body names a destination by cluster and node" });
    log({ err: error }, "measurement failed");
    return problem(reply, { status: 500, code: "INTERNAL", title: "an unexpected fault" });
  });
  app.get("/_/health", () => ({ status: "ok" }));
  app.get("/metrics", async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()));
  app.post("/v1/measurements", async (request, reply): Promise<FastifyReply | AgentReport> => {
    if (!keys.isBearer(request.headers.authorization))
      return problem(reply, { status: 401, code: "PROBE_TOKEN_WRONG", title: "the agents' token is wanted" });
    const { destination, throughput } = Asked.parse(request.body);
    const target = agents().find((agent) => nodeId(agent) === nodeId(destination));
    if (target === undefined || nodeId(target) === nodeId(self()))
      return problem(reply, { status: 403, code: "PROBE_TARGET_NOT_ALLOWED", title: `${nodeId(destination)} is no target of this agent` });
    if (isMeasuring)
      return problem(reply.header("retry-after", "1"), { status: 503, code: "PROBE_BUSY", title: "this agent is at another measurement" });
    isMeasuring = true;
    try {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(PATIENCE_MS)]);
      const report = await meter.measure(target, { throughput, signal });
      metrics.measured(report.link);
      return report;
    } finally {
      isMeasuring = false;
    }
  });
  return app;
}
