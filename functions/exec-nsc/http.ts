import type { Dispatcher } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import { type Refusal, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { jsonIn, retryAfterIn, textWithin } from "../reply.ts";
import { restconfErrorsIn } from "../restconf.ts";

const MAX_BYTES = 4 << 20;

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the controller's address, with a leading slash; its variable parts are percent-encoded already. */
  readonly path: string;
  /** `application/json` for TeraFlowSDN; RESTCONF has a type of its own (RFC 8040 section 11.3.2). */
  readonly type: "application/json" | "application/yang-data+json";
  readonly body?: object;
  readonly deadlineMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One controller for the time of one event. */
export interface Nsc {
  /** Host and port, for messages. */
  readonly host: string;
  call(call: Call): Promise<Reply>;
  /** Takes the controller's credentials out of a text that it sent. */
  redact(text: string): string;
}

export function reach(controller: ReachableController, pool: Dispatcher, signal: AbortSignal): Nsc {
  const { address, user, password } = controller;
  const prefix = address.pathname.replace(/\/+$/, "");
  const basic = user === undefined ? undefined : Buffer.from(`${user}:${password ?? ""}`).toString("base64");
  const secrets = [basic, password].filter((secret) => secret !== undefined && secret !== "") as string[];

  return {
    host: address.host,
    redact: (text) => secrets.reduce((left, secret) => left.replaceAll(secret, "[redacted]"), text),
    async call({ method, path, type, body, deadlineMs = 10_000 }) {
      const ended = new AbortController();
      const timer = setTimeout(() => ended.abort(new DOMException(`no answer in ${deadlineMs / 1000} s`, "TimeoutError")), deadlineMs);
      try {
        const reply = await pool.request({
          method,
          path: prefix + path,
          headers: {
            accept: type,
            ...(body === undefined ? {} : { "content-type": type }),
            ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }),
          },
          body: body === undefined ? null : JSON.stringify(body),
          signal: AbortSignal.any([signal, ended.signal]),
        });
        return { status: reply.statusCode, headers: reply.headers, text: await textWithin(reply, MAX_BYTES, tooLong) };
      } catch (cause) {
        if (cause instanceof TransientError) throw cause;
        throw new TransientError("NSC_UNREACHABLE", unreachable(address.host, deadlineMs, signal, ended.signal), { cause });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

const tooLong = (limit: string): TransientError =>
  new TransientError("NSC_UNAVAILABLE", `the network slice controller answered more than ${limit}`);

function unreachable(host: string, deadlineMs: number, signal: AbortSignal, ended: AbortSignal): string {
  if (ended.aborted) return `the network slice controller at ${host} did not answer within ${deadlineMs / 1000} s`;
  if (signal.aborted) return `the time for the order was up before the network slice controller at ${host} answered`;
  return `no answer from ${host}: check that a network slice controller runs there and that its controller entry names the right host and port`;
}

/** The controller's own words: RESTCONF's errors, TeraFlowSDN's `{"error"}` or `{"message"}`, or plain text. */
export function words(reply: Reply): string {
  if (String(reply.headers["content-type"] ?? "").includes("html")) return "";
  const { words: errors } = restconfErrorsIn(reply);
  const { error, message } = (jsonIn(reply.text) ?? {}) as { error?: unknown; message?: unknown };
  const said = errors.length > 0 ? errors.join("; ") : (textOr(error) ?? textOr(message) ?? reply.text);
  return said.replaceAll(/\s+/g, " ").trim().slice(0, 300);
}

const textOr = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const hints: Readonly<Record<number, string>> = {
  308: "; check the face of this controller's entry",
  401: "; check userFile and passwordFile of this controller",
  404: "; check that its origin serves network slices, and the face of its entry",
};

/** What an answer other than the hoped-for one means: thrown when it may pass by itself, else a refusal. */
export function declined(nsc: Nsc, reply: Reply, doing: string): Refusal<"NSC_REFUSED"> {
  const said = words(reply);
  const what = nsc.redact(
    `the network slice controller at ${nsc.host} answered ${reply.status} to ${doing}${said === "" ? "" : `: ${said}`}`,
  );
  if (!restconfErrorsIn(reply).mayPass) return refuse("NSC_REFUSED", what + (hints[reply.status] ?? ""));
  throw new TransientError("NSC_UNAVAILABLE", what, retryAfterIn(reply.headers));
}
