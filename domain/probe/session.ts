import { jitterOf, type Summary, summaryOf } from "./statistics.ts";

/** One reflection as it came in, a second copy of the same packet included. Nanoseconds since 1970; T1 to T4 as in RFC 8762. */
export interface Echo {
  readonly senderSequence: number;
  readonly reflectorSequence: number;
  readonly t1Ns: bigint;
  readonly t2Ns: bigint;
  readonly t3Ns: bigint;
  readonly t4Ns: bigint;
  /** T4 − T1 by a clock that nobody sets. */
  readonly elapsedNs: number;
  /** Both ends say that their clocks follow UTC, and this is the sum of their errors. Undefined: one of them does not. */
  readonly clockErrorNs?: number;
}

export interface Session {
  readonly sent: number;
  /** In the order of arrival. */
  readonly echoes: readonly Echo[];
  /** How many of the packets the reflector had got when all was over, by its own count; undefined when it was not heard of again. */
  readonly reached?: number;
  /** How many first packets are left out of the delays: they pay for cold caches and address resolution. They count as sent, and as lost. */
  readonly warmUp?: number;
  /** The sender saw its own clock being set. */
  readonly wasOwnClockSet?: boolean;
}

export interface SessionResult {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** Which way the lost ones got lost; undefined when the reflector's count is not known. */
  readonly lostForward?: number;
  readonly lostBackward?: number;
  readonly duplicates: number;
  /** Packets that came after one that was sent later (RFC 4737 section 3.4). */
  readonly reordered: { readonly forward: number; readonly backward: number };
  /** T4 − T1 less the reflector's own time, in ms. */
  readonly roundTripMs?: Summary;
  /** Undefined where the clocks do not allow it. */
  readonly oneWayMs?: { readonly forward: Summary; readonly backward: Summary; readonly clockErrorMs: number };
  readonly jitterMs?: { readonly forward: number; readonly backward: number };
  /** A clock of either end was set while it was measured: what depends on both is not told. */
  readonly isClockStepped: boolean;
}

/** Clocks that run at most this far apart (500 ppm each way, what NTP slews at) are not taken for set. */
const DRIFT = 0.001;
/** And timestamps are taken a little beside what they stand for. */
const SLACK_NS = 200_000;

const ms = (ns: number): number => ns / 1e6;
const between = (from: bigint, to: bigint): number => Number(to - from);

/** What a session of test packets says of a path. */
export function evaluate({ sent, echoes, reached, warmUp = 0, wasOwnClockSet = false }: Session): SessionResult {
  const first = firstCopies(echoes);
  const received = first.length;
  const counts = {
    sent,
    received,
    lost: sent - received,
    ...(reached === undefined || reached < received || reached > sent
      ? {}
      : { lostForward: sent - reached, lostBackward: reached - received }),
    duplicates: echoes.length - received,
    reordered: {
      forward: lateOnes(first.toSorted((a, b) => a.reflectorSequence - b.reflectorSequence).map((e) => e.senderSequence)),
      backward: lateOnes(first.map((e) => e.reflectorSequence)),
    },
  };
  const isClockStepped = wasOwnClockSet || wasSet(first);
  const timed = first.filter((e) => e.senderSequence >= warmUp);
  const roundTripMs = summaryOf(timed.map((e) => ms(Math.max(0, e.elapsedNs - between(e.t2Ns, e.t3Ns)))));
  if (roundTripMs === undefined) return { ...counts, isClockStepped };
  if (isClockStepped) return { ...counts, roundTripMs, isClockStepped };
  return { ...counts, roundTripMs, isClockStepped, ...oneWay(timed), ...jitter(timed) };
}

function firstCopies(echoes: readonly Echo[]): readonly Echo[] {
  const seen = new Set<number>();
  return echoes.filter(({ senderSequence }) => !seen.has(senderSequence) && seen.add(senderSequence));
}

function lateOnes(sequences: readonly number[]): number {
  let highest = -1;
  let late = 0;
  for (const sequence of sequences) {
    if (sequence < highest) late += 1;
    else highest = sequence;
  }
  return late;
}

/**
 * Whether one of the clocks was set meanwhile. Delays are not negative, so every packet bounds how far the reflector's clock is ahead: at least
 * T3 − T4, at most T2 − T1. Bounds that no one offset meets, drift allowed for, are two clocks' worth.
 */
function wasSet(echoes: readonly Echo[]): boolean {
  let low = -Infinity;
  let high = Infinity;
  const [start] = echoes;
  if (start === undefined) return false;
  for (const e of echoes) {
    const slack = SLACK_NS + DRIFT * Math.abs(between(start.t1Ns, e.t1Ns));
    low = Math.max(low, between(e.t4Ns, e.t3Ns) - slack);
    high = Math.min(high, between(e.t1Ns, e.t2Ns) + slack);
    // The sender's own: what its two clocks say of one packet.
    if (Math.abs(between(e.t1Ns, e.t4Ns) - e.elapsedNs) > slack) return true;
  }
  return low > high;
}

function oneWay(timed: readonly Echo[]): Pick<SessionResult, "oneWayMs"> {
  const forward = summaryOf(timed.map((e) => ms(between(e.t1Ns, e.t2Ns))));
  const backward = summaryOf(timed.map((e) => ms(between(e.t3Ns, e.t4Ns))));
  let clockErrorNs = 0;
  for (const e of timed) {
    if (e.clockErrorNs === undefined) return {};
    clockErrorNs = Math.max(clockErrorNs, e.clockErrorNs);
  }
  if (forward === undefined || backward === undefined) return {};
  return { oneWayMs: { forward, backward, clockErrorMs: ms(clockErrorNs) } };
}

function jitter(timed: readonly Echo[]): Pick<SessionResult, "jitterMs"> {
  const byArrival = timed.toSorted((a, b) => a.reflectorSequence - b.reflectorSequence);
  const forward = jitterOf(byArrival.map((e) => ms(between(e.t1Ns, e.t2Ns))));
  const backward = jitterOf(timed.map((e) => ms(between(e.t3Ns, e.t4Ns))));
  return forward === undefined || backward === undefined ? {} : { jitterMs: { forward, backward } };
}
