import type { Dispatcher } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { jsonIn, textWithin } from "../reply.ts";
import { restconfErrorsIn } from "../restconf.ts";

const MAX_BYTES = 4 << 20;
const DEADLINE_MS = 10_000;
const MEDIA_TYPE = "application/yang-data+json";

/** One RESTCONF server for the time of one event. A definite no is a refusal, what may pass by itself is thrown. */
export interface Restconf {
  readonly host: string;
  /** The resource's content; undefined where there is none. */
  get(path: string): Promise<Outcome<unknown>>;
  put(path: string, content: object): Promise<Outcome<void>>;
  /** What is gone already is fine. */
  remove(path: string): Promise<Outcome<void>>;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

const tooLong = (limit: string): TransientError =>
  new TransientError("RESTCONF_UNAVAILABLE", `the RESTCONF server answered more than ${limit}`);

export function openRestconf({ address, user, password }: ReachableController, pool: Dispatcher, signal: AbortSignal): Restconf {
  const prefix = `${address.pathname.replace(/\/+$/, "")}/data/`;
  const basic = user === undefined ? undefined : Buffer.from(`${user}:${password ?? ""}`).toString("base64");

  async function call(method: "GET" | "PUT" | "DELETE", path: string, content?: object): Promise<Reply> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    try {
      const reply = await pool.request({
        method,
        path: prefix + path,
        headers: {
          accept: MEDIA_TYPE,
          ...(content === undefined ? {} : { "content-type": MEDIA_TYPE }),
          ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }),
        },
        body: content === undefined ? null : JSON.stringify(content),
        signal: AbortSignal.any([signal, late]),
      });
      return { status: reply.statusCode, text: await textWithin(reply, MAX_BYTES, tooLong) };
    } catch (cause) {
      if (cause instanceof TransientError) throw cause;
      const why = late.aborted ? `no answer within ${String(DEADLINE_MS / 1000)} s` : "no answer";
      throw new TransientError(
        "RESTCONF_UNREACHABLE",
        `${why} from the RESTCONF server at ${address.host}: check that it runs, and its controller entry`,
        { cause },
      );
    }
  }

  function declined(reply: Reply, doing: string) {
    const { words, mayPass } = restconfErrorsIn(reply);
    const said = words.join("; ").slice(0, 300);
    const what = `the RESTCONF server at ${address.host} answered ${String(reply.status)} to ${doing}${said === "" ? "" : `: ${said}`}`;
    if (mayPass) throw new TransientError("RESTCONF_UNAVAILABLE", what);
    return refuse("RESTCONF_REFUSED", what);
  }

  return {
    host: address.host,
    async get(path) {
      const reply = await call("GET", path);
      if (reply.status === 404) return ok(undefined);
      if (reply.status !== 200) return declined(reply, "a GET");
      const content = jsonIn(reply.text);
      return content === undefined
        ? refuse("RESTCONF_REFUSED", `the RESTCONF server at ${address.host} answered something other than JSON`)
        : ok(content);
    },
    async put(path, content) {
      const reply = await call("PUT", path, content);
      return reply.status === 200 || reply.status === 201 || reply.status === 204 ? ok(undefined) : declined(reply, "a PUT");
    },
    async remove(path) {
      const reply = await call("DELETE", path);
      return reply.status === 204 || reply.status === 200 || reply.status === 404 ? ok(undefined) : declined(reply, "a DELETE");
    },
  };
}
