import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { Status, type Twin } from "../../domain/twin/model.ts";
import { TwinAnomalyDetected, TwinSnapshotTaken, TwinStatusChanged } from "../../events/twin.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import type { TwinStore } from "../../state/twins.ts";
import { sendProblem } from "./problem.ts";
import { streamEvents } from "./sse.ts";
import type { Tail, TailedEvent } from "./tail.ts";
import { maySee, type Principal } from "./tenancy.ts";

interface Parts {
  readonly twins: TwinStore;
  readonly broker: Broker;
  readonly tail: Tail;
}

const word = z.string().min(1).max(253).optional();
const Filter = z.object({ user: word, workload: word, cluster: word, namespace: word });
const Page = Filter.extend({
  status: Status.optional(),
  after: z.string().max(1024).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const History = z.object({ status: Status.optional(), limit: z.coerce.number().int().min(1).max(500).default(100) });
const kinds = { status: TwinStatusChanged.type, anomaly: TwinAnomalyDetected.type, snapshot: TwinSnapshotTaken.type } as const;
const Stream = Filter.extend({
  type: z.enum(["status", "anomaly", "snapshot"]).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
type Stream = z.infer<typeof Stream>;

const tenant = { config: { access: "tenant" } } as const;

/** Twins of workloads, to those whose they are. Somebody else's is answered like one that is not there. */
export function twinRoutes(app: FastifyInstance, { twins, broker, tail }: Parts): void {
  app.get("/v1/twins", tenant, async (request) => {
    const query = Page.parse(request.query);
    const { page, next } = await pageOf(twins, request.principal, query);
    return { twins: page, ...(next === undefined ? {} : { next }) };
  });

  app.get("/v1/twins/events", tenant, async (request, reply) => {
    const query = Stream.parse(request.query);
    const isWanted = (tailed: TailedEvent): boolean => isTold(request.principal, query, tailed);
    if (!(request.headers.accept ?? "").includes("text/event-stream")) {
      const recent = tail.recent(Number.MAX_SAFE_INTEGER).filter(isWanted);
      return { events: recent.slice(-query.limit).map(({ offset, event }) => ({ offset, ...event })) };
    }
    await streamEvents(request, reply, { broker, tail, isWanted });
    return reply;
  });

  app.get<{ Params: { workload: string } }>("/v1/twins/:workload", tenant, async (request, reply) => {
    const { workload } = request.params;
    const found = await twinsOf(twins, request.principal, workload);
    return found.length === 0 ? unknown(reply, workload) : { twins: found };
  });

  app.get<{ Params: { workload: string } }>("/v1/twins/:workload/history", tenant, async (request, reply) => {
    const { workload } = request.params;
    const { status, limit } = History.parse(request.query);
    const found = await twinsOf(twins, request.principal, workload);
    if (found.length === 0) return unknown(reply, workload);
    const changes = found
      .flatMap(({ twinId, component, status: { history } }) => history.map((change) => ({ twinId, component, ...change })))
      .filter((change) => status === undefined || change.status === status)
      .toSorted((a, b) => b.seq - a.seq);
    return { changes: changes.slice(0, limit) };
  });
}

const unknown = (reply: FastifyReply, workload: string) =>
  sendProblem(reply, {
    status: 404,
    code: "TWIN_UNKNOWN",
    title: "no such twin",
    detail: `there is no twin of ${workload}; \`underlay get twins\` lists them`,
  });

/** The user that a request is confined to; a tenant who asks for another's gets the empty answer. */
const userOf = (principal: Principal, asked: string | undefined): string | undefined =>
  principal.role === "admin" ? asked : principal.userId;

/** A page of the twins that fit. The store knows users and workloads; what else is asked for is looked for in its pages. */
async function pageOf(
  store: TwinStore,
  principal: Principal,
  { user, workload, cluster, namespace, status, after, limit }: z.infer<typeof Page>,
): Promise<{ readonly page: readonly Twin[]; readonly next?: string }> {
  if (principal.role === "tenant" && user !== undefined && user !== principal.userId) return { page: [] };
  const userId = userOf(principal, user);
  const isWanted = (twin: Twin): boolean =>
    maySee(principal, twin.userId) &&
    (cluster === undefined || twin.cluster === cluster) &&
    (namespace === undefined || twin.namespace === namespace) &&
    (status === undefined || twin.status.current === status);
  const page: Twin[] = [];
  let last = after;
  for (;;) {
    const some = await store.list({
      after: last,
      limit,
      ...(userId === undefined ? {} : { userId }),
      ...(workload === undefined ? {} : { workloadId: workload }),
    });
    for (const twin of some) {
      if (isWanted(twin)) page.push(twin);
      if (page.length === limit) return { page, next: twin.twinId };
    }
    if (some.length < limit) return { page };
    last = some.at(-1)?.twinId;
  }
}

/** All components of a workload, or the one twin that the id names; nothing of what the principal may not see. */
async function twinsOf(store: TwinStore, principal: Principal, name: string): Promise<readonly Twin[]> {
  if (!name.includes("/")) return (await pageOf(store, principal, { workload: name, limit: 500 })).page;
  const twin = await store.get(name);
  return twin !== undefined && maySee(principal, twin.userId) ? [twin] : [];
}

const types: ReadonlySet<string> = new Set(Object.values(kinds));

/** Told by what the event carries, which the fusion wrote there from the twin: no look into the store for each client and event. */
function isTold(principal: Principal, { type, user, workload, cluster, namespace }: Stream, { event }: TailedEvent): boolean {
  if (!(type === undefined ? types.has(event.type) : event.type === kinds[type])) return false;
  const { userid, workloadid } = event as { userid?: unknown; workloadid?: unknown };
  const [ofUser, ofWorkload] = [userid, workloadid].map((value) => (typeof value === "string" ? value : undefined));
  if (!maySee(principal, ofUser)) return false;
  const [inCluster, inNamespace] = (event.subject ?? "").split("/");
  return (
    (user === undefined || ofUser === user) &&
    (workload === undefined || (workload.includes("/") ? event.subject === workload : (ofWorkload ?? "unmapped") === workload)) &&
    (cluster === undefined || inCluster === cluster) &&
    (namespace === undefined || inNamespace === namespace)
  );
}
