import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Functions behind `/function/<name>`, as OpenFaaS's gateway has them: replicas in turn, and 502 for what one does not answer. */
export interface Gateway {
  readonly url: string;
  /** Where a function is from now on, as a platform does when replicas come and go. */
  route(fn: string, ports: readonly number[]): void;
  close(): Promise<void>;
}

export async function startGateway(): Promise<Gateway> {
  const routes = new Map<string, { readonly ports: readonly number[]; next: number }>();

  function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const [, fn = "", path = "/"] = /^\/function\/([a-z0-9-]+)(\/.*)?$/.exec(incoming.url ?? "") ?? [];
    const route = routes.get(fn);
    const port = route?.ports[(route.next += 1) % route.ports.length];
    if (port === undefined) return void outgoing.writeHead(404).end();
    const upstream = request({ host: "127.0.0.1", port, path, method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.once("error", () => {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502, { "content-type": "text/plain" }).end(`Can't reach service for: ${fn}.`);
    });
    incoming.pipe(upstream);
  }

  const server = createServer(forward);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    route: (fn, ports) => routes.set(fn, { ports, next: 0 }),
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
