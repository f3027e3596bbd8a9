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
export async function hostOverHttp<B>(hosting: HttpHosting<B>, { host, port, bodyLimit = BODY_LIMIT }: Listening): Promise<HttpHost> {
  let closing = false;
  const isReady = (): boolean => !closing && (hosting.options?.isReady?.() ?? true);
  const handle = openHandling({ ...hosting, options: { ...hosting.options, isReady } });
  const server = createServer((incoming, outgoing) => {
    void serve(handle, incoming, outgoing, bodyLimit);
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      closing = true;
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      await closed;
      hosting.sink?.close();
    },
  };
}

async function serve(handle: Handling, incoming: IncomingMessage, outgoing: ServerResponse, bodyLimit: number): Promise<void> {
  let reply: HttpReply;
  try {
    const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
    reply = await handle({
      method: incoming.method ?? "",
      path: pathname,
      headers: incoming.headers,
      body: await readBody(incoming, bodyLimit),
    });
  } catch {
    if (incoming.destroyed && !incoming.complete) return void outgoing.destroy(); // the caller went away
    reply = problem(400, "REQUEST_UNREADABLE");
  }
  outgoing.writeHead(reply.status, { ...reply.headers, "content-length": reply.body.length });
  outgoing.end(incoming.method === "HEAD" ? undefined : reply.body);
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
