import type { Dispatcher } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import { ok, type Outcome, type Refusal, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Tokens } from "../oauth.ts";
import { jsonIn, mayPass, retryAfterIn, textWithin } from "../reply.ts";
import { errorWords } from "./error-words.ts";

const DEADLINE_MS = 10_000;
const MAX_BYTES = 4 << 20;

interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the API's base, with a leading slash; its variable parts are percent-encoded already. */
  readonly path: string;
  readonly body?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly retryAfter: { readonly retryAfterMs?: number };
  /** The body as JSON; undefined where it is none. */
  readonly body: unknown;
}

/** The Peering API of one responder for the time of one event. */
export interface PeeringApi {
  readonly controller: ReachableController;
  /** Host and port, for messages. */
  readonly host: string;
  /** Refused only where no token could be had. */
  call(call: Call): Promise<Outcome<Reply, "TOKEN_REFUSED">>;
  /** From now on this is not repeated, should the API say it. */
  hide(secret: string): void;
  redact(text: string): string;
}

interface Reached {
  readonly controller: ReachableController;
  readonly pool: Dispatcher;
  readonly tokens: Tokens;
  readonly signal: AbortSignal;
}

export function reach({ controller, pool, tokens, signal }: Reached): PeeringApi {
  const { address } = controller;
  const prefix = address.pathname.replace(/\/+$/, "");
  const hidden = new Set<string>();
  const hide = (secret: string): void => void (secret === "" || hidden.add(secret));
  if (controller.oauth !== undefined) hide(controller.oauth.clientSecret);

  async function send({ method, path, body }: Call, token: string | undefined): Promise<Reply> {
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(new DOMException("no answer in time", "TimeoutError")), DEADLINE_MS);
    try {
      const reply = await pool.request({
        method,
        path: prefix + path,
        headers: {
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.any([signal, ended.signal]),
      });
      const text = await textWithin(
        reply,
        MAX_BYTES,
        (limit) => new TransientError("PEERING_UNAVAILABLE", `the Peering API at ${address.host} answered more than ${limit}`),
      );
      return { status: reply.statusCode, retryAfter: retryAfterIn(reply.headers), body: jsonIn(text) };
    } catch (cause) {
      if (cause instanceof TransientError) throw cause;
      throw new TransientError("PEERING_UNREACHABLE", unreachable(address.host, signal, ended.signal), { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    controller,
    host: address.host,
    hide,
    redact: (text) => [...hidden].reduce((left, secret) => left.replaceAll(secret, "[redacted]"), text),
    async call(call) {
      let reply: Reply | undefined;
      // The second time round with a new token: one that was revoked looks good until it is tried.
      for (let isAgain = false; ; isAgain = true) {
        const token = await tokens.of(controller, signal);
        if (!token.ok) return token;
        if (token.value !== undefined) hide(token.value);
        reply = await send(call, token.value);
        if (reply.status !== 401 || token.value === undefined) return ok(reply);
        tokens.spurned(controller, token.value);
        if (isAgain) return ok(reply);
      }
    },
  };
}

function unreachable(host: string, signal: AbortSignal, ended: AbortSignal): string {
  if (ended.aborted) return `the Peering API at ${host} did not answer within ${String(DEADLINE_MS / 1000)} s`;
  if (signal.aborted) return `the time for the order was up before the Peering API at ${host} answered`;
  return `no answer from ${host}: check that a Peering API is there and that its controller entry names the right host and port`;
}

const hints: Readonly<Record<number, string>> = {
  401: "; check tokenUrl, clientIdFile and clientSecretFile of this controller",
  403: "; check that its token may speak for the local AS",
  404: "; check that connect of this controller ends in the base path of the API, such as /v0.1",
  422: "; the responder wants to be spoken to by a person",
};

/** What an answer other than the hoped-for one means: thrown when it may pass by itself, else a refusal. */
export function declined(api: PeeringApi, reply: Reply, doing: string): Refusal<"PEERING_REFUSED"> {
  const said = api.redact(errorWords(reply.body));
  const what = `the Peering API at ${api.host} answered ${String(reply.status)} to ${doing}${said === "" ? "" : `: ${said}`}`;
  if (!mayPass(reply.status)) return refuse("PEERING_REFUSED", what + (hints[reply.status] ?? ""));
  throw new TransientError("PEERING_UNAVAILABLE", what, reply.retryAfter);
}

/** An answer of the right status and the wrong shape: a gateway's page, or an API that is being exchanged. */
export const garbled = (api: PeeringApi, what: string): TransientError =>
  new TransientError("PEERING_UNAVAILABLE", `the Peering API at ${api.host} answered something that is no ${what}`);
