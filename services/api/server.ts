import { type FastifyInstance, fastify } from "fastify";
import { z } from "zod";
import type { Probing } from "../../domain/probe/schedule.ts";
import type { Event } from "../../events/define.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { CostMapStore } from "../../state/cost-map.ts";
import type { IntentStore } from "../../state/intents.ts";
import type { DriftCheck } from "../drift.ts";
import type { TwinStore } from "../../state/twins.ts";
import type { TopologyStore } from "../../state/topology.ts";
import type { Ingress } from "../ingress/ingress.ts";
import { LIMITS } from "../ingress/parse.ts";
import type { Planner } from "../plan.ts";
import { driftRoutes } from "./drift.ts";
import { openMaps } from "./alto/maps.ts";
import { altoRoutes } from "./alto/routes.ts";
import { eventRoutes } from "./events.ts";
import { fivegRoutes, type NotificationParts } from "./fiveg.ts";
import { intentRoutes } from "./intents.ts";
import { type LearningParts, learningRoutes } from "./learning.ts";
import { openapi } from "./openapi.ts";
import { probeRoutes } from "./probes.ts";
import { sendProblem } from "./problem.ts";
import type { Tail } from "./tail.ts";
import { guard, type Tenants } from "./tenancy.ts";
import { twinRoutes } from "./twins.ts";
import { topologyRoutes } from "./topology.ts";
import { type TsnParts, tsnRoutes } from "./tsn.ts";

export interface ApiParts {
  readonly ingress: Ingress;
  readonly planner: Planner;
  readonly drift: DriftCheck;
  readonly intents: IntentStore;
  /** Absent: nobody is told anything by controllers. */
  readonly notifications?: NotificationParts;
  readonly twins: TwinStore;
  readonly broker: Broker;
  readonly tail: Tail;
  readonly topology: TopologyStore;
  readonly costMaps: CostMapStore;
  readonly tsn: TsnParts;
  /** Absent: nothing is scaled here. */
  readonly learning?: LearningParts;
  readonly metrics: { contentType: string; text(): Promise<string> };
  readonly log: Record<"warn" | "error", (fields: object, phrase: string) => void>;
  /** Absent: everybody may do everything. */
  readonly tenants?: Tenants;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly probing: Probing | undefined;
  /** The lab's control address, where one runs. */
  readonly labAddress?: URL;
}

const open = { config: { access: "public" } } as const;

/** The HTTP API: intents in, plans, reports and events out. */
export function openApi({ broker, tsn, metrics, log, labAddress, tenants, ...parts }: ApiParts): FastifyInstance {
  const app = fastify({ bodyLimit: LIMITS.bytes, logger: false, forceCloseConnections: true, routerOptions: { maxParamLength: 256 } });
  // Whatever it is called, the ingress looks at the bytes: YAML has no media type that clients agree on.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof z.ZodError)
      return sendProblem(reply, { status: 400, code: "QUERY_INVALID", title: "the query cannot be read", detail: z.prettifyError(error) });
    if (error instanceof TransientError)
      return sendProblem(reply.header("retry-after", "1"), {
        status: 503,
        code: error.code,
        title: "try again soon",
        detail: error.message,
      });
    const status = typeof error === "object" && error !== null && "statusCode" in error ? Number(error.statusCode) : 500;
    if (status === 413) {
      const detail = `at most ${String(LIMITS.bytes)} bytes are taken`;
      return sendProblem(reply, { status, code: "INPUT_TOO_LARGE", title: "nothing of the file was taken", detail });
    }
    if (status < 500)
      return sendProblem(reply, { status, code: "REQUEST_INVALID", title: error instanceof Error ? error.message : "bad request" });
    log.error({ err: error }, "request failed");
    return sendProblem(reply, { status: 500, code: "INTERNAL", title: "an unexpected fault" });
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, { status: 404, code: "ROUTE_UNKNOWN", title: "nothing is served here; /openapi.json says what is" }),
  );

  guard(app, tenants);
  intentRoutes(app, parts);
  driftRoutes(app, parts);
  if (parts.notifications !== undefined) fivegRoutes(app, parts.notifications);
  eventRoutes(app, { broker, tail: parts.tail });
  topologyRoutes(app, parts);
  altoRoutes(app, openMaps({ ...parts, log }));
  probeRoutes(app, parts);
  tsnRoutes(app, tsn);
  if (parts.learning !== undefined) learningRoutes(app, parts.learning);
  twinRoutes(app, { twins: parts.twins, broker, tail: parts.tail });
  app.get("/openapi.json", open, () => openapi);
  app.get("/_/health", open, () => ({ status: "ok" }));
  app.get("/_/ready", open, (_request, reply) =>
    broker.isConnected()
      ? { status: "ready" }
      : sendProblem(reply, { status: 503, code: "BROKER_UNAVAILABLE", title: "no connection to the broker" }),
  );
  app.get("/metrics", open, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  app.get("/v1/lab/ledger", async (_request, reply) => {
    if (labAddress === undefined) return sendProblem(reply, { status: 404, code: "LAB_OFF", title: "no lab runs beside this system" });
    return reply.type("application/json").send(await (await fetch(new URL("/ledger", labAddress))).text());
  });
  return app;
}
