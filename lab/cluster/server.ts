import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Faults } from "../faults.ts";
import { type Answer, jsonBody, listen, openHttpGate, openHttpServer } from "../http-gate.ts";
import { failure, noSuchResource, unauthorized } from "../kubernetes/status.ts";
import type { Ledger } from "../ledger.ts";
import { type Generation, group, kindOf, type Plural, plurals, readManifest } from "./resources.ts";
import { type ClusterStore, openClusterStore } from "./store.ts";

export interface ClusterOptions {
  readonly name: string;
  /** The only bearer token it takes; absent: any that is not empty. */
  readonly token?: string;
  /** How long until a network is reported as connected. */
  readonly availableAfterMs?: number;
  /** Absent: it takes what either generation of L2S-M's definitions takes. */
  readonly generation?: Generation;
  readonly now?: () => number;
}

export interface ClusterSimulator {
  readonly name: string;
  readonly address: URL;
  reset(): void;
  close(): Promise<void>;
}

/** The Kubernetes API of a cluster that L2S-M manages, as far as its custom resources go. */
export async function startCluster(ledger: Ledger, faults: Faults, options: ClusterOptions): Promise<ClusterSimulator> {
  const { name, token, generation, availableAfterMs = 0, now = Date.now } = options;
  const app = openHttpServer();
  const store = openClusterStore(name, ledger, { availableAfterMs, now });
  for (const plural of plurals) mountResource(app, openHttpGate(`cluster:${name}`, ledger, faults), store, plural, { token, generation });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(noSuchResource.body));
  return { name, address: await listen(app), reset: store.reset, close: () => app.close() };
}

function mountResource(
  app: FastifyInstance,
  gate: ReturnType<typeof openHttpGate>,
  store: ClusterStore,
  plural: Plural,
  { token, generation }: { readonly token: string | undefined; readonly generation: Generation | undefined },
): void {
  const every = `/apis/${group}/v1/${plural}`;
  const collection = `/apis/${group}/v1/namespaces/:namespace/${plural}`;
  const one = `${collection}/:name`;

  const route = (
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    url: string,
    verb: string,
    answer: (at: { namespace: string; name: string }, request: FastifyRequest) => Answer,
  ): void => {
    const operation = { name: `${plural}.${verb}`, mutating: method !== "GET" };
    app.route({
      method,
      url,
      handler: (request, reply) =>
        gate(request, reply, operation, () => (isAuthorized(request, token) ? answer(placeOf(request), request) : unauthorized)),
    });
  };

  const absent = (name: string): Answer => fail(404, "NotFound", `${plural}.${group} "${name}" not found`, name);
  const found = (object: object | undefined, name: string): Answer => (object === undefined ? absent(name) : { status: 200, body: object });

  route("GET", every, "list", () => listOf(store, plural));
  route("GET", collection, "list", ({ namespace }) => listOf(store, plural, namespace));
  route("POST", collection, "create", ({ namespace }, request) => {
    const read = readManifest(plural, jsonBody(request), generation);
    if (!read.ok) return fail(read.status, read.status === 422 ? "Invalid" : "BadRequest", read.message, read.name);
    const created = store.create(plural, namespace, read.manifest);
    return created.ok ? { status: 201, body: created.value } : fail(409, "AlreadyExists", created.reason, read.manifest.name);
  });
  route("GET", one, "get", ({ namespace, name }) => found(store.find(plural, namespace, name), name));
  route("DELETE", one, "delete", ({ namespace, name }) => {
    const uid = store.remove(plural, namespace, name);
    if (uid === undefined) return absent(name);
    return {
      status: 200,
      body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details: { name, group, kind: plural, uid } },
    };
  });
  route("GET", `${one}/status`, "get", ({ namespace, name }) => found(store.find(plural, namespace, name), name));
  for (const method of ["PUT", "PATCH"] as const) {
    route(method, `${one}/status`, "status", ({ namespace, name }, request) => {
      const status = statusIn(jsonBody(request));
      if (status === undefined) return fail(400, "BadRequest", "the object provided has no status", name);
      return found(store.setStatus(plural, namespace, name, status), name);
    });
  }
}

function listOf(store: ClusterStore, plural: Plural, namespace?: string): Answer {
  const { items, resourceVersion } = store.list(plural, namespace);
  const metadata = { resourceVersion: String(resourceVersion), continue: "" };
  return { status: 200, body: { apiVersion: `${group}/v1`, kind: `${kindOf(plural)}List`, metadata, items } };
}

function isAuthorized(request: FastifyRequest, token: string | undefined): boolean {
  const given = /^Bearer +(\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  return given !== undefined && (token === undefined || given === token);
}

const placeOf = (request: FastifyRequest): { namespace: string; name: string } => {
  const { namespace = "", name = "" } = request.params as Record<string, string>;
  return { namespace, name };
};

function statusIn(body: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof body !== "object" || body === null || !("status" in body)) return undefined;
  const { status } = body;
  return typeof status === "object" && status !== null ? (status as Record<string, unknown>) : undefined;
}

const fail = (code: number, reason: string, message: string, name?: string): Answer =>
  failure(code, reason, message, name === undefined ? undefined : { name, group });
