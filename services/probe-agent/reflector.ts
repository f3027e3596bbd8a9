import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { type ClockError, decodeSender, encodeReflected, type Hmac, ntpOf, PACKET_BYTES } from "../../domain/probe/stamp.ts";
import type { ProbeClock } from "./clock.ts";

export interface Reflector {
  readonly port: number;
  reflected(): number;
  /** Datagrams that were no test packets, or not from a node that is known. */
  refused(): number;
  close(): Promise<void>;
}

interface ReflectorParts {
  readonly address: string;
  readonly port: number;
  readonly clock: ProbeClock;
  readonly clockError: ClockError;
  readonly hmac: Hmac;
  /** Takes packets of authenticated mode only. */
  readonly authenticatedOnly: boolean;
  /** Packets from elsewhere are not answered: a reflector is no echo for whoever writes another's address on an envelope. */
  readonly isAllowed: (address: string) => boolean;
}

/** The reflector's memory of one sender. */
interface Session {
  next: number;
  /** What number each packet got: a copy gets the number of the first, so that the count is that of packets and not of copies. */
  readonly numbers: Map<number, number>;
  lastNs: bigint;
}

const IDLE_NS = 60_000_000_000n;
const MOST_SESSIONS = 4_096;
const MOST_NUMBERS = 100_000;
/** Node does not tell the TTL that a datagram came with: RFC 8762 section 4.3 knows no "unknown", its ancestor RFC 5357 says 255 for it. */
const TTL_UNKNOWN = 255;

/** A stateful STAMP Session-Reflector (RFC 8762 section 4.3), in both modes. */
export async function openReflector(parts: ReflectorParts): Promise<Reflector> {
  const { address, port, clock, clockError, hmac, authenticatedOnly, isAllowed } = parts;
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  const sessions = new Map<string, Session>();
  let reflected = 0;
  let refused = 0;

  const sessionOf = (from: RemoteInfo, sessionId: number, nowNs: bigint): Session => {
    const key = `${from.address}|${String(from.port)}|${String(sessionId)}`;
    const known = sessions.get(key);
    if (known !== undefined) return known;
    if (sessions.size >= MOST_SESSIONS) for (const [k, s] of sessions) if (nowNs - s.lastNs > IDLE_NS) sessions.delete(k);
    const [oldest] = sessions.keys();
    if (sessions.size >= MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    const fresh: Session = { next: 0, numbers: new Map(), lastNs: nowNs };
    sessions.set(key, fresh);
    clock.steps();
    return fresh;
  };

  const reflect = (bytes: Buffer, from: RemoteInfo): void => {
    const { wallNs: receivedNs } = clock.now();
    const key = bytes.length >= PACKET_BYTES.authenticated ? hmac : undefined;
    const packet = !isAllowed(from.address) || (authenticatedOnly && key === undefined) ? undefined : decodeSender(bytes, key);
    if (packet?.ok !== true) {
      refused += 1;
      return;
    }
    const session = sessionOf(from, packet.value.sessionId, receivedNs);
    session.lastNs = receivedNs;
    let number = session.numbers.get(packet.value.sequence);
    if (number === undefined) {
      number = session.next++;
      if (session.numbers.size < MOST_NUMBERS) session.numbers.set(packet.value.sequence, number);
    }
    const answer = encodeReflected(
      {
        sequence: number,
        timestamp: ntpOf(clock.now().wallNs),
        clock: clockError,
        sessionId: packet.value.sessionId,
        receivedAt: ntpOf(receivedNs),
        senderSequence: packet.value.sequence,
        senderTimestamp: packet.value.timestamp,
        senderClock: packet.value.clock,
        senderTtl: TTL_UNKNOWN,
      },
      key,
    );
    socket.send(answer, from.port, from.address, () => undefined);
    reflected += 1;
  };

  socket.on("message", reflect);
  socket.bind(port, address);
  await once(socket, "listening"); // rejects on an error, as a port that is taken
  socket.on("error", () => undefined); // of one answer: the sender sees it as a loss
  return {
    port: socket.address().port,
    reflected: () => reflected,
    refused: () => refused,
    close: async () => {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
