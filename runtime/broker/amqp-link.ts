import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Channel, type ChannelModel, connect } from "amqplib";
import { PermanentError, TransientError } from "../errors.ts";
import type { BrokerLog } from "./broker.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
const CLOSE_PATIENCE_MS = 2_000;

/** One connection to RabbitMQ that comes back for as long as it is wanted. */
export interface Link {
  /** The connection, once there is one; rejects when the link is closed. */
  opened(): Promise<ChannelModel>;
  readonly closed: AbortSignal;
  close(): Promise<void>;
}

export interface LinkOptions {
  readonly url: string;
  /** What an operator sees in RabbitMQ's list of connections. */
  readonly name: string;
  readonly heartbeatS: number;
  readonly connectTimeoutMs: number;
  readonly log: BrokerLog;
  readonly onReconnect: () => void;
  /** A broker short of disk or memory stops reading from connections that publish: what is sent then is neither refused nor confirmed. */
  readonly onBlocked?: (isBlocked: boolean) => void;
}

interface Connected {
  readonly model: ChannelModel;
  /** Resolves with the reason when the connection is gone. */
  readonly lost: Promise<unknown>;
}

/**
 * Rejects when the first attempt fails; reconnects by itself after that.
 * amqplib's own recovery is not used: it listens for errors only after its set-up, so that a connection which breaks in between is an
 * uncaught exception, and it waits for ever for the close of a connection that has died (read: lib/recovery.js of 2.3.1).
 */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { name, log } = options;
  const closing = new AbortController();
  let opened = Promise.withResolvers<ChannelModel>();
  let current: ChannelModel | undefined;

  const onBlocked = options.onBlocked ?? (() => undefined);

  async function keep(first: Connected): Promise<void> {
    for (let connected: Connected | undefined = first; connected !== undefined; connected = await reconnect()) {
      current = connected.model;
      current.on("blocked", (reason) => {
        log.warn({ link: name, reason }, "broker takes no messages");
        onBlocked(true);
      });
      current.on("unblocked", () => onBlocked(false));
      opened.resolve(current);
      if (connected !== first) log.info({ link: name }, "broker connection is back");
      if (connected !== first) setImmediate(options.onReconnect);
      const reason = await connected.lost;
      destroySocket(connected.model);
      current = undefined;
      onBlocked(false);
      opened = Promise.withResolvers();
      opened.promise.catch(() => undefined); // nobody has to be waiting
      if (!closing.signal.aborted) log.warn({ link: name, cause: String(reason) }, "broker connection lost");
    }
    opened.reject(new TransientError("BROKER_UNAVAILABLE", "the broker client is closed"));
  }

  async function reconnect(): Promise<Connected | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      await pause(attempt, closing.signal);
      if (closing.signal.aborted) return undefined;
      try {
        const connected = await connectOnce(options);
        if (!closing.signal.aborted) return connected;
        await closeConnection(connected.model);
      } catch (cause) {
        log.warn({ link: name, attempt, cause: String(cause) }, "broker cannot be reached");
      }
    }
  }

  const kept = keep(await connectOnce(options));
  return {
    opened: () => opened.promise,
    closed: closing.signal,
    async close() {
      closing.abort();
      if (current !== undefined) await closeConnection(current);
      await kept;
    },
  };
}

async function connectOnce({ url, name, heartbeatS, connectTimeoutMs, log }: LinkOptions): Promise<Connected> {
  const at = new URL(url);
  if (!at.searchParams.has("heartbeat")) at.searchParams.set("heartbeat", String(heartbeatS));
  let model: ChannelModel | undefined;
  try {
    const clientProperties = { connection_name: name };
    model = await connect(at.href, { noDelay: true, keepAlive: true, timeout: connectTimeoutMs, clientProperties });
    const opened = model;
    const lost = new Promise<unknown>((resolve) => opened.once("close", resolve));
    opened.on("error", (cause) => log.warn({ link: name, cause: cause.message }, "broker connection failed"));
    writeInBursts(streamOf(opened));
    // A broker that is going down may close in the very segment that opened, before anybody could listen: such a connection opens no channel.
    await withChannel(opened, () => Promise.resolve());
    return { model: opened, lost };
  } catch (cause) {
    if (model !== undefined) destroySocket(model);
    throw new TransientError("BROKER_UNAVAILABLE", `no connection to RabbitMQ at ${at.host}`, { cause });
  }
}

async function closeConnection(model: ChannelModel): Promise<void> {
  const patience = setTimeout(() => destroySocket(model, new Error("the broker did not answer the close")), CLOSE_PATIENCE_MS);
  await new Promise((resolve) => {
    model.once("close", resolve);
    model.close().catch(resolve); // closed already
  });
  clearTimeout(patience);
}

/** amqplib only ends its socket, which a peer that has vanished never answers: the handle would keep the process alive. */
const destroySocket = (model: ChannelModel, reason?: Error): unknown => streamOf(model).destroy(reason);

const streamOf = (model: ChannelModel): Duplex => (model.connection as unknown as { readonly stream: Duplex }).stream;

/**
 * What one turn of the event loop writes leaves together. amqplib writes frame by frame, and without Nagle's algorithm, which would hold back
 * the second half of an event above 2 KiB, that is a packet each: 1.5 times the CPU here and in the broker (measured).
 */
function writeInBursts(stream: Duplex): void {
  const write = stream.write.bind(stream) as (frame: Buffer) => boolean;
  let isHeld = false;
  stream.write = (frame: Buffer): boolean => {
    if (!isHeld) {
      isHeld = true;
      stream.cork();
      process.nextTick(() => {
        isHeld = false;
        stream.uncork();
      });
    }
    return write(frame);
  };
}

export async function closeChannel(channel: Channel): Promise<void> {
  await new Promise<unknown>((resolve) => {
    channel.once("close", resolve); // also when the connection dies meanwhile, and the answer with it
    channel.close().catch(resolve); // closed already
  });
}

/** For calls that the broker may refuse: a refusal closes the channel that it happens on. */
export async function withChannel(model: ChannelModel, use: (channel: Channel) => Promise<unknown>): Promise<void> {
  const channel = await model.createChannel();
  channel.on("error", () => undefined); // the call that caused it says it too
  try {
    await use(channel);
  } finally {
    await closeChannel(channel);
  }
}

/** A channel that is opened again whenever it is lost, until stopped. */
export interface KeptChannel {
  /** Resolves when the channel is there for the first time; rejects with a PermanentError where the broker refuses what is asked. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

export interface ChannelUse<C extends Channel> {
  readonly what: string;
  readonly log: BrokerLog;
  open(model: ChannelModel): Promise<C>;
  /** Declares, sets limits, consumes. Runs again for each new channel; where it throws, the channel is closed and it is tried again later. */
  setUp(channel: C, model: ChannelModel): Promise<void>;
}

export function keepChannel<C extends Channel>(link: Link, { what, log, open, setUp }: ChannelUse<C>): KeptChannel {
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, link.closed]);
  const stopped = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined); // not everybody waits for it
  let wasReady = false;

  async function keep(): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const from = performance.now();
      try {
        await useOnce();
      } catch (cause) {
        if (signal.aborted) break;
        const refusal = refusalOf(what, cause);
        if (!wasReady && refusal !== undefined) return ready.reject(refusal);
        log.warn({ what, attempt, cause: String(cause) }, "broker channel cannot be opened");
      }
      if (performance.now() - from > LONGEST_PAUSE_MS) attempt = 0;
      await pause(attempt, signal);
    }
    ready.reject(new TransientError("BROKER_UNAVAILABLE", `${what} was stopped`));
  }

  async function useOnce(): Promise<void> {
    const model = await Promise.race([link.opened(), stopped]);
    if (model === undefined) return;
    const channel = await open(model);
    const lost = new Promise((resolve) => channel.once("close", resolve));
    channel.on("error", (cause) => log.warn({ what, cause: cause.message }, "broker channel failed"));
    try {
      await setUp(channel, model);
      wasReady = true;
      ready.resolve();
      await Promise.race([lost, stopped]);
    } finally {
      await closeChannel(channel);
    }
  }

  const kept = keep();
  return {
    ready: ready.promise,
    async stop() {
      stopping.abort();
      await kept;
    },
  };
}

/** What the broker answered when it closed a channel or a connection, as 404. */
export const replyCode = (cause: unknown): number | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "number" ? cause.code : undefined;

function refusalOf(what: string, cause: unknown): PermanentError | undefined {
  const code = replyCode(cause); // 403: not allowed to; 406: it exists and is another
  if (code !== 403 && code !== 406) return undefined;
  return new PermanentError("BROKER_REFUSED", `RabbitMQ answers ${String(code)} to ${what}`, { cause });
}

const pause = (attempt: number, signal: AbortSignal): Promise<unknown> =>
  sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + Math.random() / 2), undefined, { signal }).catch(
    () => undefined,
  );
