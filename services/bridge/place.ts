import { type Dispatcher, Pool } from "undici";
import type { Event } from "../../events/define.ts";
import { encodeBinary } from "../../runtime/codec/http.ts";
import type { HostedFunction } from "../../runtime/function.ts";
import { CONCURRENCY, type Called, type Place } from "../../runtime/host/calls.ts";
import { LAST_ATTEMPT } from "../../runtime/host/handling.ts";
import type { Logger } from "../../runtime/log.ts";
import { type Answer, readAnswer } from "./answer.ts";
import { type Gate, openGate } from "./gate.ts";

const TIMEOUT_MS = 30_000;
/** What a host may take longer than the handler's own limit: reading, settling, answering. */
const MARGIN_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;
const REPLY_LIMIT = 16 * 1024 * 1024;

/** Functions behind addresses; `stopping` ends the waits for one that is not there. */
export interface RemotePlace<B> extends Place<B> {
  close(): Promise<void>;
}

interface Way {
  readonly url: URL;
  readonly pool: Pool;
  readonly gate: Gate;
  readonly emits: ReadonlySet<string>;
  readonly timeoutMs: number;
}

type Posted = Called | { readonly kind: "unreachable" };

/** Calls functions over HTTP as a Knative broker does (binary CloudEvents), and takes batches for answers. */
export function openRemotePlace<B>(
  functions: readonly HostedFunction<B>[],
  parts: { readonly urlOf: (fn: string) => URL; readonly stopping: AbortSignal; readonly log: Logger },
): RemotePlace<B> {
  const { urlOf, stopping, log } = parts;
  const ways = new Map(functions.map((fn) => [fn.name, wayTo(fn)]));

  function wayTo({ name, emits, concurrency = CONCURRENCY, timeoutMs = TIMEOUT_MS }: HostedFunction<B>): Way {
    const url = urlOf(name);
    const pool = new Pool(url.origin, { connections: concurrency + 1, headersTimeout: 0, bodyTimeout: 0 });
    const ready = new URL("_/ready", url.href.endsWith("/") ? url : `${url.href}/`);
    const gate = openGate(
      () => isReady(pool, ready),
      stopping,
      () => log.warn({ fn: name, url: ready.href }, "function not ready: its events wait"),
    );
    return { url, pool, gate, emits: new Set(emits.map(({ type }) => type)), timeoutMs: timeoutMs + MARGIN_MS };
  }

  return {
    async invoke(fn, event, { lastAttempt }) {
      const way = ways.get(fn.name);
      if (way === undefined) throw new Error(`there is no way to ${fn.name}`);
      while (await way.gate.open()) {
        const posted = await post(way, event, lastAttempt);
        if (posted.kind === "crashed" || posted.kind === "unreachable") way.gate.shut();
        if (posted.kind !== "unreachable") return posted;
      }
      return {
        kind: "retry",
        code: "FUNCTION_UNREACHABLE",
        reason: "the bridge stops, and the function was not there",
        retryAfterMs: 1_000,
      };
    },
    // Its own host settles it before it answers.
    settle: () => Promise.resolve({ kind: "done", events: [] }),
    close: async () => {
      await Promise.all([...ways.values()].map(({ pool }) => pool.close()));
    },
  };
}

async function post({ url, pool, emits, timeoutMs }: Way, event: Event, lastAttempt: boolean): Promise<Posted> {
  const { headers, body } = encodeBinary(event);
  const signal = AbortSignal.timeout(timeoutMs);
  let answer: Answer | "too large";
  try {
    const response = await pool.request({
      path: url.pathname + url.search,
      method: "POST",
      headers: { ...headers, accept: "application/cloudevents-batch+json", ...(lastAttempt ? { [LAST_ATTEMPT]: "true" } : {}) },
      body,
      signal,
    });
    const read = await bodyWithin(response.body);
    answer = read === undefined ? "too large" : { status: response.statusCode, headers: response.headers, body: read };
  } catch (cause) {
    if (signal.aborted) return { kind: "retry", code: "HANDLER_TIMEOUT", reason: `no answer within ${String(timeoutMs)} ms`, cause };
    return { kind: wasConnected(cause) ? "crashed" : "unreachable" };
  }
  if (answer === "too large") return { kind: "bug", code: "INTERNAL", cause: new Error("the function's answer is too large") };
  return readAnswer(answer, emits);
}

async function bodyWithin(body: Dispatcher.ResponseData["body"]): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > REPLY_LIMIT) return undefined; // which ends the reading, and the connection with it
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Whatever answers something else than "nobody here" is there: a platform may keep the path to itself. */
async function isReady(pool: Pool, { pathname }: URL): Promise<boolean> {
  try {
    const { statusCode, body } = await pool.request({ path: pathname, method: "GET", signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await body.dump();
    return statusCode < 500;
  } catch {
    return false;
  }
}

const NEVER_CONNECTED: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Whether the event had left: then its process may have ended over it, and else nobody has seen it. */
function wasConnected(cause: unknown): boolean {
  for (let error: unknown = cause; error instanceof Error; error = error.cause)
    if ("code" in error && NEVER_CONNECTED.has(error.code)) return false;
  return true;
}
