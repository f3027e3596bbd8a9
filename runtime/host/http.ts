import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Handling, type HttpHosting, openHandling } from "./handling.ts";
import { type HttpReply, problem } from "./problem.ts";

interface Listening {
  readonly host: string;
  readonly port: number;
  /** A batch may hold many events, each with its own limit. */
  readonly bodyLimit?: number;
}

export interface HttpHost {
  readonly port: number;
  /** Not ready from now on; resolves when the requests in work are answered. */
  close(): Promise<void>;
}

const BODY_LIMIT = 1024 * 1024;

/** Hosts one function over HTTP, for OpenFaaS and Knative alike. The entry calls `close` on SIGTERM. */
export async function hostOverHttp<B>(hosting: HttpHosting<B>, listening: Listening): Promise<HttpHost> {
  let closing = false;
  const isReady = (): boolean => !closing && (hosting.options?.isReady?.() ?? true);
  const handle = openHandling({ ...hosting, options: { ...hosting.options, isReady } });
  const host = await listen(handle, listening);
  return {
    port: host.port,
    close: async () => {
      closing = true;
      await host.close();
      hosting.sink?.close();
    },
  };
}

/** Serves whatever answers requests, until closed. */
export async function listen(handle: Handling, { host, port, bodyLimit = BODY_LIMIT }: Listening): Promise<HttpHost> {
  const server = createServer((incoming, outgoing) => {
    void serve(handle, incoming, outgoing, bodyLimit).then(({ status, headers, body }) => {
      if (outgoing.destroyed) return;
      // Once it is closing: a connection that stayed open would be closed under the caller's next request.
      const last = server.listening ? {} : { connection: "close" };
      outgoing.writeHead(status, { ...headers, ...last, "content-length": body.length });
      outgoing.end(incoming.method === "HEAD" ? undefined : body);
    });
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

/** Destroys `outgoing` where there is nobody left to be answered. */
async function serve(handle: Handling, incoming: IncomingMessage, outgoing: ServerResponse, bodyLimit: number): Promise<HttpReply> {
  try {
    const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
    return await handle({
      method: incoming.method ?? "",
      path: pathname,
      headers: incoming.headers,
      body: await readBody(incoming, bodyLimit),
    });
  } catch {
    if (incoming.destroyed && !incoming.complete) outgoing.destroy(); // the caller went away
    return problem(400, "REQUEST_UNREADABLE");
  }
}

/** Reads to the end even what is too large, so that the caller gets to read the answer. */
async function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer | "too large"> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) chunks = [];
    else chunks.push(chunk);
  }
  return size > limit ? "too large" : Buffer.concat(chunks, size);
}
