import { type Dispatcher, errors } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import { type Refusal, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { jsonIn, mayPass, retryAfterIn, textWithin } from "../reply.ts";

const MAX_BYTES = 4 << 20;

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the controller's address, with a leading slash; its variable parts are percent-encoded already. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One controller for the time of one event. */
export interface Tfs {
  /** Host and port, for messages. */
  readonly host: string;
  call(call: Call): Promise<Reply>;
  /** Takes the controller's credentials out of a text that it sent. */
  redact(text: string): string;
}

const json = { "content-type": "application/json", accept: "application/json" };
export const jsonBody = (value: object): Pick<Call, "headers" | "body"> => ({ headers: json, body: JSON.stringify(value) });

export function reach(controller: ReachableController, pool: Dispatcher, signal: AbortSignal): Tfs {
  const { address, user, password } = controller;
  const prefix = address.pathname.replace(/\/+$/, "");
  const basic = user === undefined ? undefined : Buffer.from(`${user}:${password ?? ""}`).toString("base64");
  const secrets = [basic, password].filter((secret) => secret !== undefined && secret !== "") as string[];
  const redact = (text: string): string => secrets.reduce((left, secret) => left.replaceAll(secret, "[redacted]"), text);

  return {
    host: address.host,
    redact,
    async call({ method, path, headers, body, deadlineMs = 10_000, maxBytes = MAX_BYTES }) {
      try {
        const reply = await pool.request({
          method,
          path: prefix + path,
          headers: basic === undefined ? (headers ?? null) : { ...headers, authorization: `Basic ${basic}` },
          body: body ?? null,
          // Ends the call when the order's time is up; the two below when the controller falls silent.
          signal,
          headersTimeout: deadlineMs,
          bodyTimeout: deadlineMs,
        });
        return {
          status: reply.statusCode,
          headers: reply.headers,
          text: await textWithin(
            reply,
            maxBytes,
            (limit) => new TransientError("TFS_UNAVAILABLE", `TeraFlowSDN answered more than ${limit}`),
          ),
        };
      } catch (cause) {
        if (cause instanceof TransientError) throw cause;
        throw new TransientError("TFS_UNREACHABLE", unreachable(address.host, deadlineMs, signal, cause), { cause });
      }
    },
  };
}

function unreachable(host: string, deadlineMs: number, signal: AbortSignal, cause: unknown): string {
  if (cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError)
    return `TeraFlowSDN at ${host} did not answer within ${deadlineMs / 1000} s`;
  if (signal.aborted) return `the time for the order was up before TeraFlowSDN at ${host} answered`;
  return `no answer from ${host}: check that TeraFlowSDN runs there and that its controller entry names the right host and port`;
}

/** TeraFlowSDN's own words in a reply: `{"message"}`, RESTCONF's list of errors, or plain text. */
export function words(reply: Reply): string {
  const type = String(reply.headers["content-type"] ?? "");
  if (type.includes("html")) return "";
  const parsed = type.includes("json") ? jsonIn(reply.text) : undefined;
  return (wordsIn(parsed) ?? reply.text).replaceAll(/\s+/g, " ").trim().slice(0, 300);
}

function wordsIn(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.map((one) => wordsIn(one) ?? JSON.stringify(one)).join("; ");
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const { message, error } = value as { message?: unknown; error?: unknown };
  return wordsIn(message ?? error);
}

const hints: Readonly<Record<number, string>> = {
  401: "; check userFile and passwordFile of this controller",
  404: "; check that its origin serves this interface",
};

/** What an answer other than the hoped-for one means: thrown when it may pass by itself, else a refusal. */
export function declined(tfs: Tfs, reply: Reply, doing: string): Refusal<"TFS_REFUSED"> {
  const said = words(reply);
  const what = tfs.redact(`TeraFlowSDN at ${tfs.host} answered ${reply.status} to ${doing}${said === "" ? "" : `: ${said}`}`);
  if (!mayPass(reply.status)) return refuse("TFS_REFUSED", what + (hints[reply.status] ?? ""));
  throw new TransientError("TFS_UNAVAILABLE", what, retryAfterIn(reply.headers));
}
