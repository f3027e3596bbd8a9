import { Agent } from "undici";
import type { z } from "zod";

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** What the server warns of, in its words: Pod Security's of a workload whose pods it will not take, for one. */
  readonly warnings: readonly string[];
}

export interface Asked {
  readonly body?: unknown;
  /** Of the body; JSON where nothing else is said. */
  readonly type?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** To act as somebody else, where that is allowed. */
  readonly impersonating?: { readonly user: string; readonly group: string };
}

/** Somebody with a token, at a real API server. */
export interface Client {
  readonly token: string;
  call(method: string, path: string, asked?: Asked): Promise<Reply>;
  /** The body of an answer that has to be a good one. */
  done<T>(shape: z.ZodType<T>, method: string, path: string, asked?: Asked): Promise<T>;
}

const DEADLINE_MS = 15_000;

export interface Clients {
  with(token: string): Client;
  close(): Promise<void>;
}

/** Clients of one server, who share connections as little as they share rights: each answer is to the token of its own request. */
export function openClients(server: URL, ca: string): Clients {
  const agent = new Agent({ connect: { ca }, connections: 16 });

  async function call(token: string, method: string, path: string, { body, type, query, impersonating }: Asked = {}): Promise<Reply> {
    const {
      statusCode,
      headers,
      body: answer,
    } = await agent.request({
      origin: server.origin,
      path,
      ...(query === undefined ? {} : { query }),
      method: method as "GET",
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(impersonating === undefined ? {} : { "impersonate-user": impersonating.user, "impersonate-group": impersonating.group }),
        ...(body === undefined ? {} : { "content-type": type ?? "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await answer.text();
    const warning = headers["warning"];
    return {
      status: statusCode,
      body: bodyOf(text),
      // RFC 7234 5.5: the code, who warns, and what of.
      warnings: [warning ?? []].flat().map((line) => /^299 \S+ "(.*)"$/.exec(line)?.[1] ?? line),
    };
  }

  return {
    with: (token) => ({
      token,
      call: (method, path, asked) => call(token, method, path, asked),
      async done(shape, method, path, asked) {
        const { status, body } = await call(token, method, path, asked);
        if (status >= 300) throw new Error(`${method} ${path} was answered ${String(status)}: ${JSON.stringify(body).slice(0, 2_000)}`);
        return shape.parse(body);
      },
    }),
    close: () => agent.close(),
  };
}

/** A watch answers a line an object, and exec none at all: those are left as they came. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
