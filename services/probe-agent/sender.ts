import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { evaluate, type Echo, type SessionResult } from "../../domain/probe/session.ts";
import { type ClockError, decodeReflected, encodeSender, type Hmac, ntpOf, PACKET_BYTES, unixNsOf } from "../../domain/probe/stamp.ts";
import { generator } from "../../domain/random.ts";
import type { ProbeClock } from "./clock.ts";

export interface SessionPlan {
  readonly packets: number;
  /** Gaps are exponential (RFC 2330 section 11.1.1): what is periodic in the network is not hidden. */
  readonly meanGapMs: number;
  readonly warmUp: number;
  /** After the last packet: what is not back by then is lost. */
  readonly timeoutMs: number;
}

export const SESSION: SessionPlan = { packets: 100, meanGapMs: 15, warmUp: 5, timeoutMs: 1_000 };

interface SenderParts {
  readonly from: string;
  readonly to: { readonly address: string; readonly port: number };
  readonly clock: ProbeClock;
  readonly clockError: ClockError;
  /** Authenticated mode; open mode without it. */
  readonly hmac?: Hmac | undefined;
  readonly plan?: Partial<SessionPlan>;
  readonly signal: AbortSignal;
}

export interface SessionRun {
  readonly result: SessionResult;
  /** Datagrams that answered nothing that was sent: forged, strayed, or another session's. */
  readonly rejected: number;
  readonly closing: { readonly sent: number; readonly lost: number };
  /** On the wire, both ways, with IP and UDP headers. */
  readonly bytes: number;
}

const GAP_MS = { least: 1, most: 100 } as const;
/** A path on which nothing came back is not asked for long. */
const CLOSING = { tries: 20, triesInSilence: 5, everyMs: 100 } as const;
const HEADER_BYTES = { v4: 28, v6: 48 } as const;

interface Sent extends ReturnType<ProbeClock["now"]> {
  readonly timestamp: bigint;
}

/** A STAMP Session-Sender (RFC 8762 section 4.2): one session, and what it says of the path. Who is not there is a path that loses everything. */
export async function runSession({ from, to, clock, clockError, hmac, plan, signal }: SenderParts): Promise<SessionRun> {
  const { packets, meanGapMs, warmUp, timeoutMs } = { ...SESSION, ...plan };
  const sessionId = randomInt(1, 0x1_0000);
  const socket = await connected(from, to);
  /** Of the closing packet, which goes out several times under one number, all copies. */
  const sent: Sent[][] = [];
  const echoes: Echo[] = [];
  let reached: number | undefined;
  let closingBack = 0;
  let received = 0;
  let rejected = 0;
  const back = new Set<number>();
  let onProgress = (): void => undefined;

  socket.on("message", (bytes) => {
    const { wallNs: t4Ns, monotonicNs: nowNs } = clock.now();
    received += 1;
    const packet = decodeReflected(bytes, hmac);
    const original = packet.ok && packet.value.sessionId === sessionId ? sent[packet.value.senderSequence] : undefined;
    const match = packet.ok ? original?.find(({ timestamp }) => timestamp === packet.value.senderTimestamp) : undefined;
    if (!packet.ok || match === undefined) return void (rejected += 1);
    const { senderSequence, sequence, receivedAt, timestamp, clock: theirs } = packet.value;
    const t2Ns = unixNsOf(receivedAt);
    const t3Ns = unixNsOf(timestamp);
    const elapsedNs = Number(nowNs - match.monotonicNs);
    // A reflector that had it longer than it was away has not had it.
    if (t3Ns < t2Ns || Number(t3Ns - t2Ns) > elapsedNs) return void (rejected += 1);
    if (senderSequence === packets) {
      reached = sequence;
      closingBack += 1;
    } else {
      const isKnown = clockError.isSynchronised && theirs.isSynchronised;
      echoes.push({
        senderSequence,
        reflectorSequence: sequence,
        t1Ns: match.wallNs,
        t2Ns,
        t3Ns,
        t4Ns,
        elapsedNs,
        ...(isKnown ? { clockErrorNs: clockError.errorNs + theirs.errorNs } : {}),
      });
      back.add(senderSequence);
    }
    onProgress();
  });

  const send = (sequence: number): void => {
    const moment = clock.now();
    const timestamp = ntpOf(moment.wallNs);
    const bytes = encodeSender({ sequence, timestamp, clock: clockError, sessionId }, hmac);
    (sent[sequence] ??= []).push({ timestamp, ...moment });
    socket.send(bytes, () => undefined);
  };
  /** Until something is so, or the time is up. */
  const wait = async (isSo: () => boolean, ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    onProgress = () => (isSo() ? resolve() : undefined);
    onProgress();
    const over = new AbortController();
    await Promise.race([promise, sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined)]);
    over.abort();
    signal.throwIfAborted();
  };

  const stepsBefore = clock.steps();
  const random = generator(randomInt(2 ** 32));
  let closings = 0;
  try {
    for (let sequence = 0; sequence < packets; sequence += 1) {
      if (sequence > 0) {
        const gapMs = -meanGapMs * Math.log(1 - random());
        await sleep(Math.min(GAP_MS.most, Math.max(GAP_MS.least, gapMs)), undefined, { signal });
      }
      send(sequence);
    }
    await wait(() => back.size === packets, timeoutMs);
    // One more packet, of which nothing is measured, asks the reflector how many it got. A copy of it does not change the answer.
    const tries = back.size === 0 ? CLOSING.triesInSilence : CLOSING.tries;
    while (back.size < packets && reached === undefined && closings < tries) {
      send(packets);
      closings += 1;
      await wait(() => reached !== undefined, CLOSING.everyMs);
    }
  } finally {
    socket.close();
  }
  const result = evaluate({
    sent: packets,
    echoes,
    warmUp,
    wasOwnClockSet: clock.steps() !== stepsBefore,
    ...(back.size === packets ? { reached: packets } : reached === undefined ? {} : { reached }),
  });
  const perPacket = PACKET_BYTES[hmac === undefined ? "open" : "authenticated"] + HEADER_BYTES[isIPv6(to.address) ? "v6" : "v4"];
  return {
    result,
    rejected,
    closing: { sent: closings, lost: Math.max(0, closings - closingBack) },
    bytes: (packets + closings + received) * perPacket,
  };
}

/** Connected, the kernel drops what comes from anywhere else. Bound to the node's address, for that is what the other end allows. */
async function connected(from: string, to: { readonly address: string; readonly port: number }): Promise<Socket> {
  const socket = createSocket(isIPv6(to.address) ? "udp6" : "udp4");
  socket.bind(0, from);
  await once(socket, "listening");
  socket.connect(to.port, to.address);
  await once(socket, "connect");
  socket.on("error", () => undefined); // "connection refused" tells of a packet that is lost anyway
  return socket;
}
