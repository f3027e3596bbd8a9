import { connect, type Socket } from "node:net";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { Hmac } from "../../domain/probe/stamp.ts";
import { type Throughput, throughputOf } from "../../domain/probe/throughput.ts";
import { ANSWER, type Caps, CHALLENGE_BYTES, encodeRequest, REPORT_LIMIT, SinkReport } from "./transfer.ts";

interface FloodParts {
  readonly from: string;
  readonly to: { readonly address: string; readonly port: number };
  readonly hmac: Hmac;
  readonly caps: Caps;
  readonly signal: AbortSignal;
}

export interface Flood {
  readonly throughput: Outcome<Throughput>;
  /** What the sink got. */
  readonly bytes: number;
}

const PAYLOAD = Buffer.alloc(64 * 1024);
/** Beyond the cap: a handshake, and a path that is slow to deliver what was sent. */
const PATIENCE_MS = 5_000;

const refusals: Readonly<Record<number, Outcome<never>>> = {
  [ANSWER.busy]: refuse("PROBE_BUSY", "the destination is in another throughput test"),
  [ANSWER.spent]: refuse("PROBE_BUDGET_SPENT", "the destination has used up this hour's bytes for tests"),
  [ANSWER.denied]: refuse("PROBE_TOKEN_WRONG", "the destination has another token"),
};

/** Sends as fast as TCP lets it, until the sink has seen enough; the rate is what the sink counted. */
export async function runFlood({ from, to, hmac, caps, signal }: FloodParts): Promise<Flood> {
  const timeout = AbortSignal.timeout(caps.ms + PATIENCE_MS);
  const socket = connect({ host: to.address, port: to.port, localAddress: from, noDelay: true });
  const stop = (): void => void socket.destroy();
  const either = AbortSignal.any([signal, timeout]);
  either.addEventListener("abort", stop);
  try {
    const report = await converse(socket, hmac, caps);
    signal.throwIfAborted();
    return report.ok ? { throughput: throughputOf(report.value.bins), bytes: report.value.bytes } : { throughput: report, bytes: 0 };
  } finally {
    either.removeEventListener("abort", stop);
    socket.destroy(); // and with it what the kernel still wanted to send
  }
}

function converse(socket: Socket, hmac: Hmac, caps: Caps): Promise<Outcome<SinkReport>> {
  const { promise, resolve } = Promise.withResolvers<Outcome<SinkReport>>();
  let heard = Buffer.alloc(0);
  let isFlooding = false;
  let sent = 0;
  const unreachable = (why: string): void => resolve(refuse("PROBE_SINK_UNREACHABLE", `no throughput test with the destination: ${why}`));

  const flood = (): void => {
    while (sent < caps.bytes) {
      sent += PAYLOAD.length;
      if (!socket.write(PAYLOAD)) return;
    }
    socket.end();
  };
  socket.on("drain", () => (isFlooding && !socket.writableEnded ? flood() : undefined));
  socket.on("data", (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
    if (heard.length > REPORT_LIMIT) return void socket.destroy();
    if (!isFlooding && heard.length > CHALLENGE_BYTES) {
      const answer = heard[CHALLENGE_BYTES] ?? 0;
      if (answer !== ANSWER.ready) return resolve(refusals[answer] ?? refuse("PROBE_SINK_UNREACHABLE", "what answers there is no sink"));
      isFlooding = true;
      heard = heard.subarray(CHALLENGE_BYTES + 1);
      flood();
    } else if (!isFlooding && heard.length === CHALLENGE_BYTES) socket.write(encodeRequest(hmac(heard), caps));
  });
  socket.on("end", () => resolve(reportFrom(heard)));
  socket.on("error", (error: NodeJS.ErrnoException) => unreachable(error.code ?? error.message));
  socket.on("close", () => unreachable("the connection ended before its report"));
  return promise;
}

function reportFrom(heard: Buffer): Outcome<SinkReport> {
  try {
    return ok(SinkReport.parse(JSON.parse(heard.toString("utf8"))));
  } catch {
    return refuse("PROBE_SINK_UNREACHABLE", "the destination's report of the throughput test cannot be read");
  }
}
