import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { HostedFunction } from "../../runtime/function.ts";
import { hostOverHttp } from "../../runtime/host/http.ts";
import { openSink } from "../../runtime/host/sink.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { silent } from "../conformance/hosts-doors.ts";

/** Functions of this process over HTTP, each at an address of its own. */
export interface Hosted {
  url(name: string): string;
  close(): Promise<void>;
}

export async function hostEach<B>(functions: readonly HostedFunction<B>[], backing: B, sinkUrl: string): Promise<Hosted> {
  const hosts = new Map(
    await Promise.all(
      functions.map(async (fn) => {
        const hosting = { fn, backing, log: silent, metrics: openMetrics(), sink: openSink(sinkUrl) };
        return [fn.name, await hostOverHttp(hosting, { host: "127.0.0.1", port: 0 })] as const;
      }),
    ),
  );
  return {
    url: (name) => `http://127.0.0.1:${String(hosts.get(name)?.port)}/`,
    close: async () => {
      await Promise.all([...hosts.values()].map((host) => host.close()));
    },
  };
}

/** The types of event that a function is sent, and the attributes that must match, as its manifest says and the generated triggers have it. */
export const subscriptions = ({ on, where }: HostedFunction<never>): readonly Readonly<Record<string, string>>[] =>
  on.map((consumed) => ({ type: consumed.type, ...where, ...consumed.where }));

export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Somebody who notes what is posted and answers as told: what a platform does with answers that our host never gives. */
export async function openListener(reply: (asked: Asked, count: number) => Answer, afterMs = 0) {
  const seen: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const asked = { headers: request.headers, body: Buffer.concat(chunks) };
      seen.push(asked);
      const { status, headers = {}, body = "" } = reply(asked, seen.length);
      setTimeout(() => response.writeHead(status, headers).end(body), afterMs);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    seen,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
