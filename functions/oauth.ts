import { Agent, type Dispatcher, request } from "undici";
import { z } from "zod";
import type { OauthClient, ReachableController } from "../domain/controllers.ts";
import { ok, type Outcome, refuse } from "../domain/outcome.ts";
import { TransientError } from "../runtime/errors.ts";
import { jsonIn, mayPass, retryAfterIn, textWithin } from "./reply.ts";

const DEADLINE_MS = 10_000;
const MAX_BYTES = 64 << 10;
/** RFC 6749 5.1 only recommends `expires_in`; a token without it is not trusted for long. */
const DEFAULT_LIFETIME_MS = 60_000;
/** A token is given up so long before its end, or a tenth of its life, whichever is shorter: it has to arrive while it is good. */
const MARGIN_MS = 30_000;

/** Access tokens by OAuth2 client credentials (RFC 6749 section 4.4), one a controller, kept until they expire; one object a process. */
export interface Tokens {
  /** The controller's token, asked for when none is at hand; undefined where its entry names no token endpoint. */
  of(controller: ReachableController, signal: AbortSignal): Promise<Outcome<string | undefined, "TOKEN_REFUSED">>;
  /** The controller did not take this token: the next caller gets another one. */
  spurned(controller: ReachableController, token: string): void;
  close(): Promise<void>;
}

interface Kept {
  readonly token: string;
  readonly goodUntilMs: number;
}
type Asked = Promise<Outcome<Kept, "TOKEN_REFUSED">>;

export function openTokens(now: () => number = () => performance.now()): Tokens {
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Asked>();
  const agents = new Map<string, Agent>();

  function agentFor({ ca, address }: ReachableController, { tokenUrl }: OauthClient): Agent {
    // A private CA is the controller's own: it vouches for no token endpoint elsewhere.
    const trusted = tokenUrl.host === address.host ? ca : undefined;
    const agent =
      agents.get(trusted ?? "") ??
      new Agent({
        connections: 4,
        keepAliveTimeout: 5_000,
        connect: { timeout: 5_000, ...(trusted === undefined ? {} : { ca: trusted }) },
      });
    agents.set(trusted ?? "", agent);
    return agent;
  }

  /** Everybody who needs a token meanwhile waits for the one request. */
  function ask(controller: ReachableController, client: OauthClient, key: string): Asked {
    const known = asking.get(key);
    if (known !== undefined) return known;
    const asked = requestToken(agentFor(controller, client), client, now)
      .then((answer) => {
        if (answer.ok) kept.set(key, answer.value);
        return answer;
      })
      .finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  }

  return {
    async of(controller, signal) {
      const { oauth } = controller;
      if (oauth === undefined) return ok(undefined);
      const key = keyOf(controller, oauth);
      const known = kept.get(key);
      if (known !== undefined && now() < known.goodUntilMs) return ok(known.token);
      const answer = await inTime(ask(controller, oauth, key), signal, oauth.tokenUrl.host);
      return answer.ok ? ok(answer.value.token) : answer;
    },
    spurned(controller, token) {
      if (controller.oauth === undefined) return;
      const key = keyOf(controller, controller.oauth);
      if (kept.get(key)?.token === token) kept.delete(key);
    },
    async close() {
      const open = [...agents.values()];
      agents.clear();
      kept.clear();
      await Promise.all(open.map((agent) => agent.close()));
    },
  };
}

const keyOf = ({ executioner, origin }: ReachableController, { tokenUrl, clientId, scope }: OauthClient): string =>
  JSON.stringify([executioner, origin, tokenUrl.href, clientId, scope]);

/** The request is everybody's, so it goes on; this caller alone has no time left. */
async function inTime(asked: Asked, signal: AbortSignal, host: string): Asked {
  const gaveUp = Promise.withResolvers<never>();
  const onAbort = (): void =>
    gaveUp.reject(new TransientError("TOKEN_UNREACHABLE", `the time for the order was up before ${host} gave a token`));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([asked, gaveUp.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    asked.catch(() => undefined); // told to those who still wait
  }
}

async function requestToken(dispatcher: Dispatcher, client: OauthClient, now: () => number): Asked {
  const { tokenUrl, scope } = client;
  const askedAtMs = now();
  const body = new URLSearchParams({ grant_type: "client_credentials", ...(scope === undefined ? {} : { scope }) }).toString();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    accept: "application/json",
    authorization: `Basic ${basicOf(client)}`,
  };
  const { status, retryAfter, text } = await exchange(tokenUrl.host, () =>
    request(tokenUrl, { dispatcher, method: "POST", headers, body, signal: AbortSignal.timeout(DEADLINE_MS) }),
  );
  if (status === 200) {
    const read = Granted.safeParse(jsonIn(text));
    if (!read.success) throw new TransientError("TOKEN_UNAVAILABLE", `${tokenUrl.host} answered something that is no bearer token`);
    const lifetimeMs = read.data.expires_in === undefined ? DEFAULT_LIFETIME_MS : read.data.expires_in * 1000;
    return ok({ token: read.data.access_token, goodUntilMs: askedAtMs + lifetimeMs - Math.min(MARGIN_MS, lifetimeMs / 10) });
  }
  // RFC 6749 5.2 has a fixed set of error words, so nothing else of the answer is repeated.
  const said = Denied.safeParse(jsonIn(text));
  const what = `the token endpoint ${tokenUrl.host} answered ${String(status)}${said.success ? `: ${said.data.error}` : ""}`;
  if (!mayPass(status)) return refuse("TOKEN_REFUSED", `${what}; check clientIdFile, clientSecretFile and scope of this controller`);
  throw new TransientError("TOKEN_UNAVAILABLE", what, retryAfter);
}

const Granted = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.coerce.number().nonnegative().max(31_536_000).optional(),
});
const Denied = z.object({
  error: z.enum(["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"]),
});

/** RFC 6749 2.3.1: id and secret are form-encoded before they are joined, so that a colon in one of them divides nothing. */
function basicOf({ clientId, clientSecret }: OauthClient): string {
  const encoded = [clientId, clientSecret].map((text) => new URLSearchParams({ x: text }).toString().slice("x=".length));
  return Buffer.from(encoded.join(":")).toString("base64");
}

async function exchange(
  host: string,
  send: () => Promise<Dispatcher.ResponseData>,
): Promise<{ status: number; retryAfter: { readonly retryAfterMs?: number }; text: string }> {
  try {
    const { statusCode: status, headers, body } = await send();
    const tooLong = (limit: string): Error => new TransientError("TOKEN_UNAVAILABLE", `${host} answered more than ${limit}`);
    return { status, retryAfter: retryAfterIn(headers), text: await textWithin({ body, headers }, MAX_BYTES, tooLong) };
  } catch (cause) {
    if (cause instanceof TransientError) throw cause;
    throw new TransientError("TOKEN_UNREACHABLE", `no answer from the token endpoint ${host}: check tokenUrl of this controller`, {
      cause,
    });
  }
}
