import { Failure, Refused, Unreachable } from "./failure.ts";
import type { ProblemDetails } from "./wire.ts";

type Query = Readonly<Record<string, string | number | undefined>>;

interface Asking {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly query?: Query;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The HTTP API. Every call ends: with what was asked for, a Refused, or an Unreachable. */
export interface Api {
  readonly server: URL;
  ask<T>(path: string, asking?: Asking): Promise<T>;
  /** A stream of server-sent events; it lives until `signal` says otherwise. */
  stream(path: string, asking: Asking & { readonly signal: AbortSignal }): Promise<ReadableStream<Uint8Array>>;
}

/** A plan of a large file looks at every controller first. */
const PATIENCE_MS = 60_000;

/** With a token it says whose it is; whoever serves without tenants does not ask. */
export function openClient(server: URL, token?: string): Api {
  async function answer(path: string, { method = "GET", query = {}, body, headers = {}, signal }: Asking): Promise<Response> {
    const url = new URL(path, server);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers: { accept: "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
        signal: signal ?? AbortSignal.timeout(PATIENCE_MS),
        ...(body === undefined ? {} : { body: Uint8Array.from(body) }),
      });
    } catch (error) {
      throw unreachable(server, error);
    }
    if (!response.ok) throw await refusalOf(response, server);
    return response;
  }

  return {
    server,
    async ask<T>(path: string, asking: Asking = {}) {
      const response = await answer(path, asking);
      let text: string;
      try {
        text = await response.text();
      } catch (error) {
        throw unreachable(server, error);
      }
      try {
        return JSON.parse(text) as T;
      } catch {
        throw stranger(server, response.status);
      }
    },
    async stream(path, asking) {
      const response = await answer(path, { ...asking, headers: { ...asking.headers, accept: "text/event-stream" } });
      if (response.body === null || response.headers.get("content-type")?.includes("text/event-stream") !== true)
        throw stranger(server, response.status);
      return response.body;
    },
  };
}

async function refusalOf(response: Response, server: URL): Promise<Failure> {
  try {
    const details = (await response.json()) as Partial<ProblemDetails>;
    if (typeof details.code === "string" && typeof details.title === "string")
      return new Refused({ ...details, code: details.code, title: details.title, status: response.status });
  } catch {
    // Not JSON: some other server's page.
  }
  return response.status >= 500
    ? new Unreachable([`${server.href} answered ${String(response.status)}`])
    : stranger(server, response.status);
}

const stranger = (server: URL, status: number): Failure =>
  new Failure(
    [`${server.href} answered ${String(status)}, but not as the underlay's API does`],
    "is something else served there? --server URL or UNDERLAY_URL names another address",
  );

const unreachable = (server: URL, error: unknown): Unreachable =>
  new Unreachable(
    [`no answer from ${server.href} (${causeOf(error)})`],
    "`npm start` runs the system at http://127.0.0.1:8080; --server URL or UNDERLAY_URL names another address",
  );

/** fetch says "fetch failed"; why is in the causes, and several where a name has several addresses. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "timed out";
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  return error.cause === undefined ? error.message : causeOf(error.cause);
}
