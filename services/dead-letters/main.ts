import { createServer, type IncomingMessage } from "node:http";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import { DEAD_LETTER_EXCHANGE } from "../../runtime/broker/dead-letter.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { decodeHttp, EVENT_LIMIT } from "../../runtime/codec/http.ts";
import { readConfig } from "../../runtime/config.ts";
import { openLog } from "../../runtime/log.ts";

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > EVENT_LIMIT) throw new Error(`more than ${String(EVENT_LIMIT)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The queue of the function that gave up, of the address that Knative's dispatcher writes on a dead letter. */
function queueOf(destination: unknown): string {
  const name = /^https?:\/\/([a-z0-9-]+)[./:]/.exec(`${String(destination)}/`)?.[1];
  if (name === undefined) throw new Error("knativeerrordest names no function");
  return `nemo.fn.${name}`;
}

/** Where Knative's triggers send what a function would not take: kept in the same dead-letter queues as on every other host. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  if (config.AMQP_URL === undefined) throw new Error("AMQP_URL is not set: dead letters are kept on RabbitMQ");
  const log = openLog(config.LOG_LEVEL);
  const broker = await openAmqp({ url: config.AMQP_URL, log });

  async function keep(request: IncomingMessage): Promise<void> {
    const event = decodeHttp(request.headers, await bodyOf(request));
    await broker.publish([{ ...encodeAmqp(event), exchange: DEAD_LETTER_EXCHANGE, routingKey: queueOf(event["knativeerrordest"]) }]);
  }

  const server = createServer((request, response) => {
    if (request.method === "POST")
      keep(request).then(
        () => response.writeHead(200).end(),
        (cause: unknown) => {
          log.error({ err: cause }, "dead letter could not be kept");
          response.writeHead(503).end();
        },
      );
    else response.writeHead(request.url === "/_/health" || (request.url === "/_/ready" && broker.isConnected()) ? 200 : 503).end();
  });
  server.listen(config.PORT, config.HOST);
  log.info({ port: config.PORT }, "dead letters are kept");
  process.once("SIGTERM", () => server.close(() => void broker.close()));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
