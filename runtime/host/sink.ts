import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { Event } from "../../events/define.ts";
import { encodeBinary } from "../codec/http.ts";
import { TransientError } from "../errors.ts";

/** Where the events go that do not fit into a reply, which carries one: a broker's ingress or the bridge. */
export interface Sink {
  /** Resolves when the sink has accepted every event; rejects with a TransientError otherwise. */
  post(events: readonly Event[]): Promise<void>;
  close(): void;
}

const TIMEOUT_MS = 10_000;
const CONNECTIONS = 16;

export function openSink(url: string): Sink {
  const target = new URL(url);
  const options = { keepAlive: true, maxSockets: CONNECTIONS };
  const isTls = target.protocol === "https:";
  const agent = isTls ? new TlsAgent(options) : new Agent(options);

  async function post(event: Event): Promise<void> {
    const { headers, body } = encodeBinary(event);
    const call = (isTls ? tlsRequest : request)(target, {
      method: "POST",
      agent,
      headers: { ...headers, "content-length": body.length },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    let response: IncomingMessage;
    try {
      call.end(body);
      [response] = (await once(call, "response")) as [IncomingMessage];
      response.resume(); // the connection is free again once the body is read
    } catch (cause) {
      throw new TransientError("SINK_UNREACHABLE", `no answer from ${target.host}`, { cause });
    }
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw new TransientError("SINK_REFUSED", `the sink answered ${String(status)}`);
  }

  return {
    post: async (events) => {
      await Promise.all(events.map(post));
    },
    close: () => {
      agent.destroy();
    },
  };
}
