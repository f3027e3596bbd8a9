import type { Dispatcher } from "undici";
import { z } from "zod";
import type { ReachableController } from "../../domain/controllers.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { jsonIn, mayPass, textWithin } from "../reply.ts";
import { NetworkResource } from "./compare.ts";

const DEADLINE_MS = 10_000;
const MAX_BYTES = 4 << 20;

/** A cluster's Kubernetes API, with the token that the intent brought for it. */
export interface ClusterApi {
  readonly name: string;
  readonly controller: ReachableController;
  readonly pool: Dispatcher;
  readonly token: string;
}

const root = "/apis/l2sm.l2sm.k8s.local/v1";

/** The custom resources of L2S-M in one namespace of a cluster. */
export interface Place {
  readonly namespace: string;
  readonly plural: "l2networks" | "overlays" | "networkedgedevices";
}

const pathOf = ({ namespace, plural }: Place, name?: string): string =>
  [root, "namespaces", encodeURIComponent(namespace), plural, ...(name === undefined ? [] : [encodeURIComponent(name)])].join("/");

type Refusing<T> = Outcome<T, "CLUSTER_REFUSED">;

/** The resource of that name; undefined where there is none. */
export async function readResource<T>(
  cluster: ClusterApi,
  place: Place,
  name: string,
  shape: z.ZodType<T>,
  signal: AbortSignal,
): Promise<Refusing<T | undefined>> {
  const reply = await call(cluster, "GET", pathOf(place, name), signal);
  if (reply.status === 404) return ok(undefined);
  if (reply.status !== 200) return declined(cluster, reply);
  const read = shape.safeParse(jsonIn(reply.text));
  if (read.success) return ok(read.data);
  throw unreachable(`the API of cluster ${cluster.name} answered something that is not one of its ${place.plural}`);
}

/** The L2Network of that name in a cluster; undefined where there is none. */
export const readNetwork = (
  cluster: ClusterApi,
  namespace: string,
  network: string,
  signal: AbortSignal,
): Promise<Refusing<NetworkResource | undefined>> =>
  readResource(cluster, { namespace, plural: "l2networks" }, network, NetworkResource, signal);

/** `there`: one of that name is there already. `invalid`: the cluster's own definition of the resource does not take it, in its words. */
export async function createResource(
  cluster: ClusterApi,
  place: Place,
  manifest: object,
  signal: AbortSignal,
): Promise<Refusing<{ readonly is: "created" | "there" } | { readonly is: "invalid"; readonly why: string }>> {
  const reply = await call(cluster, "POST", pathOf(place), signal, manifest);
  if (reply.status === 201 || reply.status === 200) return ok({ is: "created" });
  if (reply.status === 409) return ok({ is: "there" });
  return reply.status === 422 ? ok({ is: "invalid", why: messageIn(reply.text).slice(0, 500) }) : declined(cluster, reply);
}

/** What is gone already is fine. */
export async function deleteResource(cluster: ClusterApi, place: Place, name: string, signal: AbortSignal): Promise<Refusing<void>> {
  const reply = await call(cluster, "DELETE", pathOf(place, name), signal);
  return reply.status === 404 || reply.status === 200 || reply.status === 202 ? ok(undefined) : declined(cluster, reply);
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

function declined(cluster: ClusterApi, { status, text }: Reply): Refusing<never> {
  const said = messageIn(text).replaceAll(cluster.token, "[redacted]").slice(0, 300);
  const what = `the API of cluster ${cluster.name} answered ${String(status)}${said === "" ? "" : `: ${said}`}`;
  if (mayPass(status)) throw unreachable(what);
  return refuse("CLUSTER_REFUSED", status === 401 || status === 403 ? `${what}; check the bearer_token of this cluster` : what);
}

async function call(
  { name, controller, pool, token }: ClusterApi,
  method: "GET" | "POST" | "DELETE",
  path: string,
  signal: AbortSignal,
  body?: object,
): Promise<Reply> {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(new DOMException("no answer in time", "TimeoutError")), DEADLINE_MS);
  try {
    const reply = await pool.request({
      method,
      path: controller.address.pathname.replace(/\/+$/, "") + path,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([signal, ended.signal]),
    });
    return {
      status: reply.statusCode,
      text: await textWithin(reply, MAX_BYTES, (limit) => unreachable(`the API of cluster ${name} answered more than ${limit}`)),
    };
  } catch (cause) {
    if (cause instanceof TransientError) throw cause;
    const { host } = controller.address;
    if (ended.signal.aborted)
      throw unreachable(`the API of cluster ${name} at ${host} did not answer within ${String(DEADLINE_MS / 1000)} s`, cause);
    if (signal.aborted) throw unreachable(`the time for the order was up before the API of cluster ${name} at ${host} answered`, cause);
    throw unreachable(
      `no answer from the API of cluster ${name} at ${host}: check that it runs there and that its certificate is known`,
      cause,
    );
  } finally {
    clearTimeout(timer);
  }
}

const unreachable = (message: string, cause?: unknown): TransientError =>
  new TransientError("CLUSTER_UNREACHABLE", message, cause === undefined ? {} : { cause });

const Status = z.object({ message: z.string() });

function messageIn(text: string): string {
  const status = Status.safeParse(jsonIn(text));
  return status.success ? status.data.message : "";
}
