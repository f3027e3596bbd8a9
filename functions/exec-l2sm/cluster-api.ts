import type { Dispatcher } from "undici";
import { z } from "zod";
import type { ReachableController } from "../../domain/controllers.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
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

/** The L2Network of that name in a cluster; undefined where there is none. */
export async function readNetwork(
  cluster: ClusterApi,
  namespace: string,
  network: string,
  signal: AbortSignal,
): Promise<Outcome<NetworkResource | undefined, "CLUSTER_REFUSED">> {
  const place = `namespaces/${encodeURIComponent(namespace)}/l2networks/${encodeURIComponent(network)}`;
  const { status, text } = await get(cluster, `/apis/l2sm.l2sm.k8s.local/v1/${place}`, signal);
  if (status === 404) return ok(undefined);
  if (status === 200) {
    const read = NetworkResource.safeParse(parseJson(text));
    if (read.success) return ok(read.data);
    throw unreachable(`the API of cluster ${cluster.name} answered something that is not an L2Network`);
  }
  const said = messageIn(text).replaceAll(cluster.token, "[redacted]").slice(0, 300);
  const what = `the API of cluster ${cluster.name} answered ${String(status)}${said === "" ? "" : `: ${said}`}`;
  if (status >= 500 || status === 408 || status === 429) throw unreachable(what);
  return refuse("CLUSTER_REFUSED", status === 401 || status === 403 ? `${what}; check the bearer_token of this cluster` : what);
}

async function get(
  { name, controller, pool, token }: ClusterApi,
  path: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(new DOMException("no answer in time", "TimeoutError")), DEADLINE_MS);
  try {
    const reply = await pool.request({
      method: "GET",
      path: controller.address.pathname.replace(/\/+$/, "") + path,
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
      signal: AbortSignal.any([signal, ended.signal]),
    });
    return { status: reply.statusCode, text: await readText(name, reply) };
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

async function readText(name: string, { body, headers }: Dispatcher.ResponseData): Promise<string> {
  // undici holds a body to its content-length, so a declared size within the cap needs no counting.
  if (Number(headers["content-length"] ?? Number.NaN) <= MAX_BYTES) return body.text();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw unreachable(`the API of cluster ${name} answered more than ${String(MAX_BYTES >> 20)} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const unreachable = (message: string, cause?: unknown): TransientError =>
  new TransientError("CLUSTER_UNREACHABLE", message, cause === undefined ? {} : { cause });

const Status = z.object({ message: z.string() });

function messageIn(text: string): string {
  const status = Status.safeParse(parseJson(text));
  return status.success ? status.data.message : "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
