import { type Dispatcher, errors } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Tokens } from "../oauth.ts";
import { jsonIn, mayPass, textWithin } from "../reply.ts";

const MAX_BYTES = 8 << 20;
/** D2.3 6.2, Figure 17; below the controller's address. */
const PATH = "/api/v1/intent/";

interface Connection {
  readonly tokens: Tokens;
  readonly pool: Dispatcher;
  readonly signal: AbortSignal;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

/**
 * All intents of NEMO's intent API. Its bearer token lasts two hours: a new one is asked for before it ends, and once more where the API does
 * not take the one at hand.
 */
export async function fetchIntents(
  controller: ReachableController,
  { tokens, pool, signal }: Connection,
): Promise<Outcome<unknown, "INTENT_API_REFUSED" | "TOKEN_REFUSED">> {
  const first = await tokens.of(controller, signal);
  if (!first.ok) return first;
  let reply = await get(controller, pool, first.value, signal);
  if (reply.status === 401 && first.value !== undefined) {
    tokens.spurned(controller, first.value);
    const second = await tokens.of(controller, signal);
    if (!second.ok) return second;
    reply = await get(controller, pool, second.value, signal);
  }
  const { host } = controller.address;
  if (reply.status === 200) {
    const intents = jsonIn(reply.text);
    if (intents === undefined) throw new TransientError("INTENT_API_UNAVAILABLE", `${host} answered something that is no JSON`);
    return ok(intents);
  }
  const what = `the intent API at ${host} answered ${String(reply.status)}`;
  if (mayPass(reply.status)) throw new TransientError("INTENT_API_UNAVAILABLE", what);
  return refuse("INTENT_API_REFUSED", `${what}; check tokenUrl, clientIdFile and clientSecretFile of this controller`);
}

async function get({ address }: ReachableController, pool: Dispatcher, token: string | undefined, signal: AbortSignal): Promise<Reply> {
  const path = address.pathname.replace(/\/+$/, "") + PATH;
  const headers = { accept: "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  try {
    const reply = await pool.request({ method: "GET", path, headers, signal });
    const text = await textWithin(
      reply,
      MAX_BYTES,
      (limit) => new TransientError("INTENT_API_UNAVAILABLE", `${address.host} answered more than ${limit}`),
    );
    return { status: reply.statusCode, text };
  } catch (cause) {
    if (cause instanceof TransientError) throw cause;
    const late = signal.aborted || cause instanceof errors.HeadersTimeoutError;
    const why = late ? `${address.host} did not answer in time` : `no answer from ${address.host}: check the intent-api controller's entry`;
    throw new TransientError("INTENT_API_UNREACHABLE", why, { cause });
  }
}
