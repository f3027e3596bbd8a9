import type { FastifyRequest } from "fastify";
import type { Faults } from "../faults.ts";
import { type Answer, jsonBody, listen, openHttpGate, openHttpServer } from "../http-gate.ts";
import type { Ledger, Peer } from "../ledger.ts";
import { readScale, scaleOf } from "./scale.ts";
import { type Resource, resourceNames, resources, type StoredObject } from "./resources.ts";
import { failure, noSuchResource, notFound, unauthorized } from "./status.ts";
import { type KubernetesStore, openKubernetesStore } from "./store.ts";
import { openWatches, type Watches } from "./watches.ts";
import { openWorld, type World } from "./world.ts";

export interface KubernetesOptions {
  readonly name: string;
  /** The only bearer token it takes; absent: any, or none. */
  readonly token?: string;
  /** About once a minute in a real API server. */
  readonly bookmarkEveryMs?: number;
  readonly now?: () => number;
}

export interface KubernetesSimulator {
  readonly name: string;
  readonly address: URL;
  /** What happens in the cluster by itself. It does not enter the ledger, which is about what clients do. */
  readonly world: World;
  /** Forgets the history: who wants to resume from before is answered 410. */
  compact(): void;
  disconnectWatches(): void;
  stallWatches(): void;
  /** How many are open. */
  watches(): number;
  reset(): void;
  close(): Promise<void>;
}

type Query = Readonly<Record<string, string | undefined>>;

/** The shortest of the random ones that an API server chooses, where the client names none. */
const WATCH_TIMEOUT_S = 1_800;

/** The Kubernetes API as far as watching pods, their owners and nodes goes, and the scale of Deployments. */
export async function startKubernetes(ledger: Ledger, faults: Faults, options: KubernetesOptions): Promise<KubernetesSimulator> {
  const { name, token, bookmarkEveryMs = 60_000, now = Date.now } = options;
  const peer: Peer = `cluster:${name}`;
  const app = openHttpServer();
  const gate = openHttpGate(peer, ledger, faults);
  const store = openKubernetesStore(name, now);
  const watches = openWatches(store, bookmarkEveryMs);
  const world = openWorld(store, now);

  const guarded =
    (answer: () => Answer) =>
    (request: FastifyRequest): Answer =>
      token === undefined || request.headers.authorization === `Bearer ${token}` ? answer() : unauthorized;
  const route = (method: "GET" | "PUT" | "PATCH", url: string, nameOf: (query: Query) => string, answer: (at: At) => Answer): void => {
    app.route({
      method,
      url,
      handler: (request, reply) => {
        const query = request.query as Query;
        const at = { ...(request.params as { namespace?: string; name: string }), query, body: jsonBody(request) };
        return gate(request, reply, { name: nameOf(query), mutating: method !== "GET" }, () => guarded(() => answer(at))(request));
      },
    });
  };

  for (const resource of resourceNames) {
    const { root, namespaced } = resources[resource];
    const collection = namespaced ? `${root}/namespaces/:namespace/${resource}` : `${root}/${resource}`;
    for (const url of new Set([`${root}/${resource}`, collection]))
      route(
        "GET",
        url,
        (query) => `${resource}.${isWatch(query) ? "watch" : isConfirmation(query) ? "confirm" : "list"}`,
        ({ namespace, query }) =>
          isWatch(query) ? watchOf(watches, resource, { namespace, query }) : pageOf(store, resource, { namespace, query }),
      );
    route(
      "GET",
      `${collection}/:name`,
      () => `${resource}.get`,
      ({ namespace, name: asked }) => found(store.get(resource, asked, namespace), resource, asked),
    );
  }

  const scale = `${resources.deployments.root}/namespaces/:namespace/deployments/:name/scale`;
  route(
    "GET",
    scale,
    () => "scale.get",
    ({ namespace, name: asked }) => {
      const deployment = store.get("deployments", asked, namespace);
      return deployment === undefined ? notFound("deployments", asked) : { status: 200, body: scaleOf(deployment) };
    },
  );
  for (const method of ["PUT", "PATCH"] as const)
    route(
      method,
      scale,
      () => "scale.set",
      ({ namespace = "", name: asked, body }) => {
        const deployment = store.get("deployments", asked, namespace);
        if (deployment === undefined) return notFound("deployments", asked);
        const read = readScale(body, deployment);
        if (!read.ok) return read.answer;
        const { replicas: before } = deployment["spec"] as { replicas: number };
        if (read.replicas === before) return { status: 200, body: scaleOf(deployment) };
        const scaled = world.scale(namespace, asked, read.replicas) ?? deployment;
        ledger.enter(peer, "changed", `deployments/${namespace}/${asked}`, `replicas ${String(before)} -> ${String(read.replicas)}`);
        return { status: 200, body: scaleOf(scaled) };
      },
    );
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(noSuchResource.body));

  return {
    name,
    address: await listen(app),
    world,
    compact: store.compact,
    disconnectWatches: watches.disconnect,
    stallWatches: watches.stall,
    watches: watches.open,
    reset: () => {
      world.reset();
      store.reset();
    },
    close: () => app.close(),
  };
}

interface At {
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly query: Query;
  readonly body: unknown;
}

const isWatch = ({ watch }: Query): boolean => watch === "true" || watch === "1";

/** A list that only asks which version the server has come to. */
const isConfirmation = (query: Query): boolean => query["limit"] === "1" && query["continue"] === undefined;

const found = (object: StoredObject | undefined, resource: Resource, name: string): Answer =>
  object === undefined ? notFound(resource, name) : { status: 200, body: object };

function pageOf(store: KubernetesStore, resource: Resource, { namespace, query }: Pick<At, "namespace" | "query">): Answer {
  const limit = Number(query["limit"] ?? 0);
  const token = query["continue"];
  const atLeast = Number(query["resourceVersion"] ?? 0);
  if (!Number.isInteger(atLeast)) return notAVersion(query["resourceVersion"] ?? "");
  if (atLeast > store.head())
    return failure(504, "Timeout", `Timeout: Too large resource version: ${String(atLeast)}, current: ${String(store.head())}`);
  const page = store.page(resource, { limit, ...(token === undefined ? {} : { token }) });
  if (page === undefined) return failure(410, "Expired", "The provided continue parameter is too old to display a consistent list result.");
  const { apiVersion, kind } = resources[resource];
  // The items of a typed list carry neither kind nor apiVersion.
  const items = page.items
    .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
    .map((object) => ({ ...object, kind: undefined, apiVersion: undefined }));
  const metadata = {
    resourceVersion: String(page.version),
    ...(page.next === undefined ? {} : { continue: page.next, remainingItemCount: page.remaining }),
  };
  return { status: 200, body: { kind: `${kind}List`, apiVersion, metadata, items } };
}

function watchOf(watches: Watches, resource: Resource, { namespace, query }: Pick<At, "namespace" | "query">): Answer {
  const { resourceVersion = "", timeoutSeconds = String(WATCH_TIMEOUT_S), allowWatchBookmarks } = query;
  // Absent or 0: begin with what is there.
  const after = resourceVersion === "" || resourceVersion === "0" ? undefined : Number(resourceVersion);
  if (after !== undefined && !Number.isInteger(after)) return notAVersion(resourceVersion);
  const asked = {
    resource,
    bookmarks: allowWatchBookmarks === "true",
    timeoutMs: 1_000 * Number(timeoutSeconds),
    ...(namespace === undefined ? {} : { namespace }),
    ...(after === undefined ? {} : { after }),
  };
  return { status: 200, stream: (raw, disruption) => watches.serve(raw, asked, disruption) };
}

/** As v1.35 says it: of a version that is none it thinks a fault of its own. */
const notAVersion = (text: string): Answer =>
  failure(500, undefined, `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
