import { STATUS_CODES } from "node:http";
import { Agent, request } from "undici";
import { builtIn } from "./metrics.ts";

interface Params {
  readonly headers?: Readonly<Record<string, string>>;
  /** "10s" or milliseconds. */
  readonly timeout?: string | number;
}

interface Response {
  readonly status: number;
  readonly status_text: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timings: { readonly duration: number };
  readonly error: string;
  json(): unknown;
}

const CONNECTIONS = 100;
const TIMEOUT_MS = 60_000;
const PARAMS = new Set(["headers", "timeout"]);

const agent = new Agent({ connections: CONNECTIONS, pipelining: 1 });
export const closeConnections = (): Promise<void> => agent.close();

/** Go's way of writing header names, which is what k6's scripts see. */
const canonical = (name: string): string =>
  name.replaceAll(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());

const textOf = (value: string | readonly string[]): string => (typeof value === "string" ? value : value.join(", "));

function millisecondsOf(timeout: string | number): number {
  if (typeof timeout === "number") return timeout;
  const [, count, unit] = /^(\d+)(ms|s)$/.exec(timeout) ?? [];
  if (count === undefined) throw new Error(`timeout ${timeout} is not a time`);
  return Number(count) * (unit === "s" ? 1000 : 1);
}

/** A connection that fails is a response of status 0, as in k6. */
async function asyncRequest(method: string, url: string, body?: string | null, params: Params = {}): Promise<Response> {
  const stranger = Object.keys(params).find((name) => !PARAMS.has(name));
  if (stranger !== undefined) throw new Error(`this shim knows no parameter ${stranger}`);
  const from = performance.now();
  let response: Omit<Response, "timings" | "json">;
  try {
    const reply = await request(url, {
      method: method as "GET",
      headers: params.headers ?? {},
      body: body ?? null,
      dispatcher: agent,
      signal: AbortSignal.timeout(params.timeout === undefined ? TIMEOUT_MS : millisecondsOf(params.timeout)),
    });
    const headers = Object.entries(reply.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[canonical(name), textOf(value)]],
    );
    const status = reply.statusCode;
    response = {
      status,
      status_text: `${String(status)} ${STATUS_CODES[status] ?? ""}`,
      body: await reply.body.text(),
      headers: Object.fromEntries(headers) as Record<string, string>,
      error: "",
    };
  } catch (error) {
    response = { status: 0, status_text: "", body: "", headers: {}, error: error instanceof Error ? error.message : "no answer" };
  }
  const duration = performance.now() - from;
  builtIn.httpReqs.add(1);
  builtIn.httpReqDuration.add(duration);
  builtIn.httpReqFailed.add(response.status < 200 || response.status > 399);
  return { ...response, timings: { duration }, json: () => JSON.parse(response.body) as unknown };
}

const synchronous = (name: string) => (): never => {
  throw new Error(`http.${name}() waits for its answer, which one thread cannot do for all users: use http.asyncRequest()`);
};

const http = {
  asyncRequest,
  request: synchronous("request"),
  get: synchronous("get"),
  post: synchronous("post"),
  put: synchronous("put"),
  patch: synchronous("patch"),
  del: synchronous("del"),
  head: synchronous("head"),
  batch: synchronous("batch"),
};
export default http;
