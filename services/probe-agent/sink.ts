import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Hmac } from "../../domain/probe/stamp.ts";
import { type Bin, isEnough } from "../../domain/probe/throughput.ts";
import type { Budget } from "./budget.ts";
import { ANSWER, CAPS, CHALLENGE_BYTES, type Caps, decodeRequest, REQUEST_BYTES, type SinkReport } from "./transfer.ts";

/** One throughput test a node: two at once would each measure what the other left over. */
export interface Slot {
  isTaken: boolean;
}

interface SinkParts {
  readonly address: string;
  readonly port: number;
  readonly hmac: Hmac;
  readonly slot: Slot;
  readonly budget: Budget;
  readonly isAllowed: (address: string) => boolean;
  /** What it takes at most, whatever the flooder asks for. */
  readonly caps?: Caps;
}

export interface Sink {
  readonly port: number;
  close(): Promise<void>;
}

/** A bin ends after so long, or on a fast link after this share of the test's bytes. */
const BIN_MS = 10;
const BIN_SHARE = 1 / 64;
const LOOK_EVERY_BINS = 10;
const HANDSHAKE_MS = 5_000;
/** After the report the flooder has so long to hang up. */
const LINGER_MS = 1_000;

/** Receives floods, counts them itself, and tells the flooder what it counted. */
export async function openSink(parts: SinkParts): Promise<Sink> {
  const { address, port, isAllowed } = parts;
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    if (!isAllowed(socket.remoteAddress ?? "")) return void socket.destroy();
    receive(socket, parts);
  });
  server.listen(port, address);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function receive(socket: Socket, { hmac, slot, budget, caps: most = { ms: 2 * CAPS.ms, bytes: 2 * CAPS.bytes } }: SinkParts): void {
  const challenge = randomBytes(CHALLENGE_BYTES);
  let request = Buffer.alloc(0);
  let timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
  socket.on("close", () => clearTimeout(timer));
  socket.write(challenge);

  const refuse = (why: number): void => void socket.end(Buffer.of(why));
  socket.on("data", function handshake(chunk: Buffer) {
    request = Buffer.concat([request, chunk]);
    if (request.length < REQUEST_BYTES) return;
    socket.off("data", handshake);
    clearTimeout(timer);
    const { proof, caps: asked } = decodeRequest(request);
    if (!timingSafeEqual(proof, Buffer.from(hmac(challenge)))) return refuse(ANSWER.denied);
    const caps = { ms: Math.min(asked.ms, most.ms), bytes: Math.min(asked.bytes, most.bytes) };
    if (slot.isTaken) return refuse(ANSWER.busy);
    if (!budget.reserve(caps.bytes)) return refuse(ANSWER.spent);
    slot.isTaken = true;
    socket.on("close", () => (slot.isTaken = false));
    socket.write(Buffer.of(ANSWER.ready));
    count(socket, caps, (report) => {
      budget.giveBack(Math.max(0, caps.bytes - report.bytes));
      socket.end(JSON.stringify(report));
      // What is still on its way is read and dropped: closing now would make TCP reset the connection, and the report with it.
      timer = setTimeout(() => socket.destroy(), LINGER_MS);
    });
  });
}

/** Time begins with the first bytes. Every bin is the count at the moment at which it was read, not at a moment that was planned. */
function count(socket: Socket, caps: Caps, done: (report: SinkReport) => void): void {
  const bins: Bin[] = [];
  let startMs: number | undefined;
  let bytes = 0;
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timeUp);
    done({ bytes, bins });
  };
  // Also for a flooder that sends nothing.
  const timeUp = setTimeout(finish, caps.ms + HANDSHAKE_MS);
  socket.on("data", (chunk: Buffer) => {
    if (isDone) return;
    const nowMs = performance.now();
    startMs ??= nowMs;
    const ms = nowMs - startMs;
    bytes += chunk.length;
    const last = bins.at(-1);
    const isBin = last === undefined || ms - last.ms >= BIN_MS || bytes - last.bytes >= BIN_SHARE * caps.bytes;
    if (isBin) bins.push({ ms, bytes });
    if (ms >= caps.ms || bytes >= caps.bytes || (isBin && bins.length % LOOK_EVERY_BINS === 0 && isEnough(bins))) finish();
  });
  socket.on("end", finish);
  socket.on("close", finish);
}
