import type { Broker } from "../../runtime/broker/broker.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Event } from "../../events/define.ts";
import { functions } from "../../functions/index.ts";
import { LOG_EXCHANGE } from "../../runtime/broker/broker.ts";
import { DEAD_LETTER_EXCHANGE } from "../../runtime/broker/dead-letter.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { decodeHttp, EVENT_LIMIT } from "../../runtime/codec/http.ts";
import { readConfig } from "../../runtime/config.ts";
import { exhausted } from "../../runtime/invoke.ts";
import type { HttpRequest } from "../../runtime/host/handling.ts";
import { listen } from "../../runtime/host/http.ts";
import { type HttpReply, problem } from "../../runtime/host/problem.ts";
import { openLog } from "../../runtime/log.ts";

/** The function that was given up on, of the address that Knative's dispatcher writes on a dead letter. */
function functionIn(destination: unknown): string {
  const name = /^https?:\/\/([a-z0-9-]+)[./:]/.exec(`${String(destination)}/`)?.[1];
  if (name === undefined) throw new Error("knativeerrordest names no function");
  return name;
}

/** What the world is told of it, as every other host tells it: a function that is called over HTTP does not know that it was the last time. */
function lastWords(name: string, event: Event): readonly Event[] {
  const fn = functions.find((one) => one.name === name);
  if (fn === undefined) return [];
  const { knativeerrorcode: status } = event;
  const reason = `the function answered ${typeof status === "string" ? status : "nothing"} to the last try`;
  const reply = exhausted(fn, event, { code: "DELIVERY_EXHAUSTED", reason });
  return reply.kind === "done" ? reply.events : [];
}

const made: ReadonlySet<string> = new Set(functions.flatMap(({ emits }) => emits.map(({ type }) => type)));

async function keep(broker: Broker, { path, headers, body }: HttpRequest): Promise<void> {
  if (body === "too large") throw new Error(`more than ${String(EVENT_LIMIT)} bytes`);
  const event = decodeHttp(headers, body);
  if (path === "/log") {
    // What the system itself told is in the log already.
    if (made.has(event.type)) await broker.publish([{ ...encodeAmqp(event), exchange: LOG_EXCHANGE }]);
    return;
  }
  const name = functionIn(event["knativeerrordest"]);
  const letter = { ...encodeAmqp(event), exchange: DEAD_LETTER_EXCHANGE, routingKey: `nemo.fn.${name}` };
  await broker.publish([letter, ...lastWords(name, event).map(encodeAmqp)]);
}

const answer = (status: number): HttpReply => ({ status, headers: {}, body: Buffer.alloc(0) });

/**
 * What comes back from Knative's broker: at `/` what a function would not take, kept in the same dead-letter queues as on every other host;
 * at `/log` all that functions made, for the log.
 */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  if (config.AMQP_URL === undefined) throw new Error("AMQP_URL is not set: dead letters are kept on RabbitMQ");
  const log = openLog(config.LOG_LEVEL);
  const broker = await openAmqp({ url: config.AMQP_URL, log });

  async function handle(request: HttpRequest): Promise<HttpReply> {
    if (request.path === "/_/health") return answer(200);
    if (request.path === "/_/ready") return answer(broker.isConnected() ? 200 : 503);
    if (request.method !== "POST") return problem(405, "METHOD_UNKNOWN", "dead letters are posted", { allow: "POST" });
    try {
      await keep(broker, request);
      return answer(200);
    } catch (cause) {
      log.error({ path: request.path, err: cause }, "event could not be kept");
      // Anything else would be taken for a success, and the letter lost.
      return problem(503, "DEAD_LETTER_NOT_KEPT");
    }
  }

  const host = await listen(handle, { host: config.HOST, port: config.PORT, bodyLimit: EVENT_LIMIT });
  log.info({ port: host.port }, "dead letters are kept");
  process.once("SIGTERM", () => void host.close().then(() => broker.close()));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
