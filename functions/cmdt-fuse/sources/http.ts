import type { Dispatcher } from "undici";
import type { ReachableController } from "../../../domain/controllers.ts";
import { textWithin } from "../../reply.ts";

/** Why a source said nothing that can be used. Its silence is a fact about it, and no fault of whoever asked. */
export class Silence extends Error {}

const DEADLINE_MS = 5_000;

/** For how long, and by which clock. */
export interface Asking {
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

interface Ask {
  /** Below the source's address, with a leading slash; its variable parts are percent-encoded already. */
  readonly path: string;
  readonly accept?: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly form?: Readonly<Record<string, string>>;
}

/** One GET, or one POST of a form. Rejects with a Silence unless there is a whole body under a 200. */
export async function ask(
  source: ReachableController,
  pool: Dispatcher,
  { path, accept = "text/plain", maxBytes, signal, form }: Ask,
): Promise<string> {
  const { address } = source;
  const authorization = authorizationFor(source);
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    const reply = await pool.request({
      method: form === undefined ? "GET" : "POST",
      path: address.pathname.replace(/\/+$/, "") + path,
      headers: {
        accept,
        ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: form === undefined ? null : new URLSearchParams(form).toString(),
      signal: AbortSignal.any([signal, deadline]),
    });
    const { statusCode } = reply;
    if (statusCode !== 200) {
      await reply.body.dump();
      throw new Silence(
        `${address.host} answered ${String(statusCode)}${statusCode === 401 || statusCode === 403 ? ": check its tokenFile" : ""}`,
      );
    }
    return await textWithin(reply, maxBytes, (limit) => new Silence(`${address.host} answered more than ${limit}`));
  } catch (error) {
    if (error instanceof Silence) throw error;
    throw new Silence(
      deadline.aborted ? `${address.host} did not answer in ${String(DEADLINE_MS / 1000)} s` : `no answer from ${address.host}`,
      { cause: error },
    );
  }
}

function authorizationFor({ address, token, user, password }: ReachableController): string | undefined {
  if (token === undefined) return user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password ?? ""}`).toString("base64")}`;
  try {
    return `Bearer ${token()}`;
  } catch (cause) {
    throw new Silence(`the tokenFile of ${address.host} cannot be read`, { cause });
  }
}

/** Each by itself, so many at once: a cluster has more nodes and pods than a process should have open connections. */
export async function eachOf<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of waiting) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
