import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PodChanged } from "../../events/pod.ts";
import type { Event } from "../../events/define.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { streamEvents } from "./sse.ts";
import { openTail, type Tail } from "./tail.ts";

let broker: Broker;
let tail: Tail;
let app: FastifyInstance;
let sockets: Socket[];
let streams: number;

beforeEach(async () => {
  broker = openMemoryBroker();
  tail = openTail(broker);
  sockets = [];
  streams = 0;
  app = fastify({ forceCloseConnections: true });
  app.get("/", async (request, reply) => {
    streams += 1;
    reply.raw.on("close", () => (streams -= 1));
    await streamEvents(request, reply, { broker, tail, isWanted: () => true });
    return reply;
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets) socket.destroy();
  await app.close();
  await tail.stop();
  await broker.close();
});

async function open(last?: string): Promise<Socket> {
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const socket = connect(address.port, "127.0.0.1");
  sockets.push(socket);
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n${last === undefined ? "" : `last-event-id: ${last}\r\n`}\r\n`);
  await once(socket, "readable");
  return socket;
}

/** An event of about so many bytes. */
const event = (bytes: number): Event => ({
  specversion: "1.0",
  id: String(Math.random()),
  type: PodChanged.type,
  source: "/test",
  data: { filler: "x".repeat(bytes) },
});
const publish = (count: number, bytes: number) => broker.publish(Array.from({ length: count }, () => encodeAmqp(event(bytes))));

/** The ids of the events that come, until there are so many. */
async function idsFrom(socket: Socket, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let rest = "";
  for await (const chunk of socket) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("id: ")) ids.push(line.slice(4));
    if (ids.length >= count) break;
  }
  return ids;
}

describe("a stream of events", () => {
  it("cuts a client off that does not read, so that it costs no memory, and lets the others be", async () => {
    const slow = await open();
    const quick = await open();
    slow.pause();
    const reading = idsFrom(quick, 400);
    for (let i = 0; i < 40; i += 1) await publish(10, 50_000);
    expect(await reading).toHaveLength(400); // and has gone
    await vi.waitFor(() => expect(streams).toBe(0), { timeout: 5_000 });
  });

  it("gives a client that comes back everything that it missed, at its own pace, however much that is", async () => {
    await publish(300, 50_000); // 15 MB: far more than may wait for one client
    const ids = await idsFrom(await open("0"), 299);
    expect(ids).toEqual(Array.from({ length: 299 }, (_, i) => String(i + 1)));
  });

  it("goes to the log for what the tail has forgotten, and on to what is live", async () => {
    await publish(6_000, 10);
    expect(tail.after("5")).toBeUndefined();
    const reading = idsFrom(await open("5"), 6_004);
    await publish(10, 10);
    expect(await reading).toEqual(Array.from({ length: 6_004 }, (_, i) => String(i + 6)));
  });

  it("says that it lives, and how far the log is, when nothing happens", async () => {
    await publish(3, 10);
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const socket = await open();
    socket.read();
    vi.advanceTimersByTime(15_000);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    expect(String(chunk)).toContain(": head 2\n\n");
  });
});
