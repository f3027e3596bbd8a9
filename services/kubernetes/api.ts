import { HttpMethod, KubeConfig, RequestContext } from "@kubernetes/client-node";
import { request, type Dispatcher } from "undici";
import { z } from "zod";
import { linesOf } from "./lines.ts";

/** What every object has: its name for ever, and the version that it has now. All else is for whoever asked. */
const Raw = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string(),
    resourceVersion: z.string(),
  }),
});
export type RawObject = z.infer<typeof Raw>;

const List = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(Raw).nullable(),
});
export interface ListPage {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  /** Names the next page; absent on the last one. */
  readonly next?: string;
}

const WatchEvent = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ADDED", "MODIFIED", "DELETED"]), object: Raw }),
  z.object({ type: z.literal("BOOKMARK"), object: z.object({ metadata: z.object({ resourceVersion: z.string() }) }) }),
  z.object({ type: z.literal("ERROR"), object: z.object({ code: z.int().optional(), message: z.string().optional() }) }),
]);
export type WatchEvent = z.infer<typeof WatchEvent>;

/** The API server said no, in the status of its answer or in the middle of a watch: both look alike from here. */
export class StatusError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "StatusError";
    this.status = status;
  }
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A Kubernetes API, as far as watching goes. Both reject with a StatusError where the server refuses, else with whatever the network says. */
export interface KubernetesApi {
  list(path: string, query: Query, signal: AbortSignal): Promise<ListPage>;
  /** Ends where the server ends it. */
  watch(path: string, query: Query, signal: AbortSignal): AsyncIterable<WatchEvent>;
}

/** A refusal is one object; who sends more is no API server. */
const MAX_REFUSAL_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 30_000;

/**
 * Credentials, TLS and proxies are the Kubernetes client's. Its `Watch` is not used: it drops lines that do not parse without a word, reads on
 * when nobody can follow, and takes a quiet half minute for a dead connection (docs/adr/0016-watching-kubernetes.md).
 */
export function openKubernetes(config: KubeConfig): KubernetesApi {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error("the Kubernetes configuration names no cluster");

  async function get(path: string, query: Query, signal: AbortSignal) {
    const url = new URL(`${server ?? ""}${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    // Anew for each request, since tokens are renewed; it makes a connection pool each time, which has to be closed by whoever asked for it.
    const context = new RequestContext(url.href, HttpMethod.GET);
    await config.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    const close = async (): Promise<void> => dispatcher?.destroy();
    try {
      const { statusCode, body } = await request(url, {
        headers: { ...context.getHeaders(), accept: "application/json" },
        signal,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: 0, // a quiet watch is not a broken one: whoever reads it has a watchdog
        ...(dispatcher === undefined ? {} : { dispatcher }),
      });
      if (statusCode === 200) return { body, close };
      throw new StatusError(statusCode, await refusalOf(body, statusCode));
    } catch (error) {
      await close();
      throw error;
    }
  }

  return {
    async list(path, query, signal) {
      const { body, close } = await get(path, query, signal);
      try {
        const { metadata, items } = List.parse(await body.json());
        const next = metadata.continue === "" ? undefined : metadata.continue;
        return { items: items ?? [], resourceVersion: metadata.resourceVersion, ...(next === undefined ? {} : { next }) };
      } finally {
        await close();
      }
    },
    async *watch(path, query, signal) {
      const { body, close } = await get(path, { ...query, watch: true }, signal);
      try {
        for await (const line of linesOf(body)) if (line !== "") yield WatchEvent.parse(JSON.parse(line));
      } finally {
        body.destroy();
        await close();
      }
    },
  };
}

async function refusalOf(body: Dispatcher.ResponseData["body"], status: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    parts.push(part);
    length += part.length;
    if (length > MAX_REFUSAL_BYTES) break;
  }
  try {
    const { message } = JSON.parse(Buffer.concat(parts).toString("utf8")) as { message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // Not an API server's: a proxy's page.
  }
  return `the API server answered ${String(status)}`;
}

export interface Cluster {
  readonly server: URL;
  /** The bearer token as it is now. */
  readonly token?: () => string;
  /** PEM of a private CA. */
  readonly ca?: string;
}

/** A configuration from what an operator's file says of a cluster. */
export function configOf({ server, token, ca }: Cluster): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: "cluster",
      server: server.href.replace(/\/$/, ""),
      // The client refuses http without it, and where there is no TLS there is nothing to verify.
      skipTLSVerify: server.protocol === "http:",
      ...(ca === undefined ? {} : { caData: Buffer.from(ca).toString("base64") }),
    },
    // A getter: the client reads it for each request, and the token is another one after an hour.
    token === undefined
      ? { name: "user" }
      : {
          name: "user",
          get token() {
            return token();
          },
        },
  );
  return config;
}

/** That of a service account where the process runs in a pod, else the kubeconfig that kubectl would use. */
export function defaultConfig(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  return config;
}
