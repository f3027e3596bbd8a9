import type { Dispatcher } from "undici";
import { z } from "zod";
import type { ReachableController } from "../../domain/controllers.ts";
import { ok, type Outcome, type Refusal, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Tokens } from "../oauth.ts";
import { jsonIn, mayPass, retryAfterIn, textWithin } from "../reply.ts";

const DEADLINE_MS = 10_000;
const MAX_BYTES = 4 << 20;

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the controller's address, with a leading slash; its variable parts are percent-encoded already. */
  readonly path: string;
  readonly json?: object;
  /** Of the body; JSON unless said otherwise. */
  readonly type?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One core for the time of one event. */
export interface Core {
  /** Host and port, for messages. */
  readonly host: string;
  /** Refused only where no token is to be had. */
  call(call: Call): Promise<Outcome<Reply>>;
  /** Takes the controller's credentials out of a text that it sent. */
  redact(text: string): string;
}

interface Reach {
  readonly pool: Dispatcher;
  readonly tokens: Tokens;
  readonly signal: AbortSignal;
}

/** A token that the core does not take is renewed once: it may have been revoked before its time. */
export function reach(controller: ReachableController, { pool, tokens, signal }: Reach): Core {
  const { address, oauth } = controller;
  const prefix = address.pathname.replace(/\/+$/, "");
  const secrets = new Set(oauth === undefined ? [] : [oauth.clientSecret]);

  async function exchange({ method, path, json, type = "application/json" }: Call, token: string | undefined): Promise<Reply> {
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(new DOMException("no answer in time", "TimeoutError")), DEADLINE_MS);
    try {
      const reply = await pool.request({
        method,
        path: prefix + path,
        headers: {
          accept: "application/json, application/problem+json",
          ...(json === undefined ? {} : { "content-type": type }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: json === undefined ? null : JSON.stringify(json),
        signal: AbortSignal.any([signal, ended.signal]),
      });
      return {
        status: reply.statusCode,
        headers: reply.headers,
        text: await textWithin(reply, MAX_BYTES, (limit) => unavailable(`the 5G core at ${address.host} answered more than ${limit}`)),
      };
    } catch (cause) {
      if (cause instanceof TransientError) throw cause;
      throw new TransientError("NEF_UNREACHABLE", unreachable(address.host, signal, ended.signal), { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async function call(asked: Call, mayRenew = true): Promise<Outcome<Reply>> {
    const token = await tokens.of(controller, signal);
    if (!token.ok) return token;
    if (token.value !== undefined) secrets.add(token.value);
    const reply = await exchange(asked, token.value);
    if (reply.status !== 401 || token.value === undefined) return ok(reply);
    tokens.spurned(controller, token.value);
    return mayRenew ? call(asked, false) : ok(reply);
  }

  return {
    host: address.host,
    call: (asked) => call(asked),
    redact: (text) => [...secrets].reduce((left, secret) => (secret === "" ? left : left.replaceAll(secret, "[redacted]")), text),
  };
}

function unreachable(host: string, signal: AbortSignal, ended: AbortSignal): string {
  if (ended.aborted) return `the 5G core at ${host} did not answer within ${String(DEADLINE_MS / 1000)} s`;
  if (signal.aborted) return `the time for the order was up before the 5G core at ${host} answered`;
  return `no answer from ${host}: check that the NEF runs there and that its controller entry names the right host and port`;
}

export const unavailable = (message: string, retryAfter: { readonly retryAfterMs?: number } = {}): TransientError =>
  new TransientError("NEF_UNAVAILABLE", message, retryAfter);

/** What a reply must hold; anything else is a fault of the core that may pass. */
export function understood<T>(core: Core, reply: Reply, schema: z.ZodType<T>, what: string): T {
  const read = schema.safeParse(jsonIn(reply.text));
  if (read.success) return read.data;
  throw unavailable(`the 5G core at ${core.host} answered something that is not ${what}`);
}

const text = z.string().optional().catch(undefined);
/** TS 29.122 ProblemDetails, and CAMARA's `{status, code, message}`. */
const Problem = z.object({
  title: text,
  detail: text,
  cause: text,
  code: text,
  message: text,
  invalidParams: z
    .array(z.object({ param: z.string(), reason: text }))
    .catch([])
    .default([]),
});

/** The core's own words in a reply, short. */
function words({ text: said }: Reply): string {
  const read = Problem.safeParse(jsonIn(said));
  if (!read.success) return "";
  const { code, cause, title, detail, message, invalidParams } = read.data;
  const params = invalidParams.map(({ param, reason }) => (reason === undefined ? param : `${param} (${reason})`)).join(", ");
  const parts = [code ?? cause, detail ?? message ?? title, params].filter((part) => part !== undefined && part !== "");
  return parts.join(": ").replaceAll(/\s+/g, " ").trim().slice(0, 300);
}

const hints: Readonly<Record<number, string>> = {
  307: "; redirects are not followed: enter where it points to as the controller's address",
  308: "; redirects are not followed: enter where it points to as the controller's address",
  401: "; check tokenUrl, clientIdFile, clientSecretFile and scope of this controller",
};

/** What an answer other than the hoped-for one means: thrown when it may pass by itself, else a refusal. */
export function declined(core: Core, reply: Reply, doing: string): Refusal<"NEF_REFUSED"> {
  const { status } = reply;
  const said = words(reply);
  const what = core.redact(`the 5G core at ${core.host} answered ${String(status)} to ${doing}${said === "" ? "" : `: ${said}`}`);
  const after = retryAfterIn(reply.headers);
  // TS 29.122 lets a 403 carry Retry-After: one that says when to come back is a temporary one.
  if (mayPass(status) || (status === 403 && after.retryAfterMs !== undefined)) throw unavailable(what, after);
  return refuse("NEF_REFUSED", what + (hints[status] ?? ""));
}
