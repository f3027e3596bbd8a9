import { hash, randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { faultsOf, parseJson } from "../../domain/tsn/formats/json-text.ts";
import { readNetworkDocument } from "../../domain/tsn/formats/network.ts";
import type { TextFault } from "../../domain/tsn/formats/text.ts";
import { TsnRequest } from "../../domain/tsn/domain.ts";
import type { Event } from "../../events/define.ts";
import { TsnRequested } from "../../events/tsn.ts";
import type { TsnStore } from "../../state/tsn.ts";
import { sendProblem } from "./problem.ts";

export interface TsnParts {
  readonly schedules: TsnStore;
  readonly publish: (events: readonly Event[]) => Promise<void>;
}

type DomainRequest = FastifyRequest<{ Params: { domain: string } }>;

const source = "/mncc/api";
/** Of what is asked in one event, which travels with its attributes in 64 KiB. */
const MAX_REQUEST_BYTES = 56_000;

const textOf = ({ body }: FastifyRequest): string => (Buffer.isBuffer(body) ? body.toString("utf8") : "");

/** The same request again has the same id, so that who sends it twice is answered twice and obeyed once. */
export const requestEvent = (data: TsnRequest, again: string): Event =>
  TsnRequested.make({ source, subject: data.domain, id: hash("sha256", JSON.stringify([data, again]), "base64url").slice(0, 22), data });

/** Networks in, schedules out; what is asked of a domain becomes an event. */
export function tsnRoutes(app: FastifyInstance, { schedules, publish }: TsnParts): void {
  app.put("/v1/tsn/domains/:domain/network", async (request: DomainRequest, reply) => {
    const { domain } = request.params;
    const read = readNetworkDocument(textOf(request));
    if (!read.ok) return sendFaults(reply, { code: "TSN_NETWORK_INVALID", faults: read.faults });
    const asked = TsnRequest.safeParse({ operation: "plan", domain });
    if (!asked.success)
      return sendFaults(reply, {
        code: "TSN_REQUEST_INVALID",
        faults: [{ line: 1, column: 1, path: "/domain", reason: asked.error.issues[0]?.message ?? "" }],
      });
    await schedules.putNetwork(domain, read.value);
    const event = requestEvent(asked.data, idempotencyOf(request));
    await publish([event]);
    return reply.status(202).send({ domain, request: event.id });
  });

  app.post("/v1/tsn/domains/:domain/requests", async (request: DomainRequest, reply) => {
    const parsed = parseJson(textOf(request));
    if (!parsed.ok) return sendFaults(reply, { code: "TSN_REQUEST_INVALID", faults: parsed.faults });
    const { value, placeOf } = parsed.value;
    const asked = TsnRequest.safeParse(typeof value === "object" ? { ...value, domain: request.params.domain } : value);
    if (!asked.success) return sendFaults(reply, { code: "TSN_REQUEST_INVALID", faults: faultsOf(asked.error.issues, placeOf) });
    const event = requestEvent(asked.data, idempotencyOf(request));
    if (JSON.stringify(asked.data).length > MAX_REQUEST_BYTES)
      return sendProblem(reply, {
        status: 413,
        code: "INPUT_TOO_LARGE",
        title: "the request does not fit into an event",
        detail: "put the network to its own address, and admit streams in several requests",
      });
    await publish([event]);
    return reply.status(202).send({ domain: request.params.domain, request: event.id });
  });

  app.get("/v1/tsn/domains/:domain", async (request: DomainRequest, reply) => {
    const { domain } = request.params;
    const standing = await schedules.get(domain);
    if (standing !== undefined) {
      const { revision, schedule, input } = standing;
      return { verdict: "scheduled", domain, revision, schedule, input };
    }
    const title = (await schedules.network(domain)) === undefined ? "no such domain" : "nothing is scheduled in this domain yet";
    return sendProblem(reply, { status: 404, code: "TSN_DOMAIN_UNKNOWN", title });
  });
}

/** Without a key every request is another one. */
const idempotencyOf = ({ headers }: FastifyRequest): string => {
  const { "idempotency-key": key } = headers;
  return typeof key === "string" && key !== "" ? key : randomUUID();
};

function sendFaults(reply: FastifyReply, { code, faults }: { readonly code: string; readonly faults: readonly TextFault[] }): FastifyReply {
  const problems = faults.map(({ line, path, reason }) => ({ document: 1, line, ...(path === undefined ? {} : { path }), code, reason }));
  const [first] = problems;
  return sendProblem(reply, { status: 422, code, title: "nothing of it was taken", detail: first?.reason ?? "", problems });
}
