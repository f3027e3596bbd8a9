import type { Channel, ConsumeMessage } from "amqplib";
import { closeChannel, keepChannel, type Link } from "./amqp-link.ts";
import { toMessage } from "./amqp-consumer.ts";
import { LOG_QUEUE } from "./amqp-topology.ts";
import type { BrokerLog, Logged, Offset } from "./broker.ts";
import { readOffset } from "./offset.ts";

/** Deliveries that may wait for the reader. */
const PREFETCH = 100;

interface Entry {
  readonly channel: Channel;
  readonly raw: ConsumeMessage;
  readonly offset: number;
}

export function followLog(link: Link, after: Offset | "first" | "next", asked: AbortSignal, log: BrokerLog): AsyncIterable<Logged> {
  let from: unknown = readOffset(after);
  const signal = AbortSignal.any([asked, link.closed]);
  let entries: Entry[] = [];
  let wake = (): void => undefined;

  const kept = keepChannel(link, {
    what: "the log",
    log,
    open: (model) => model.createChannel(),
    async setUp(channel) {
      channel.once("close", () => {
        entries = []; // they come again, after the last one that was read
      });
      await channel.prefetch(PREFETCH);
      await channel.consume(
        LOG_QUEUE,
        (raw) => {
          const offset: unknown = raw?.properties.headers?.["x-stream-offset"];
          if (raw === null) void closeChannel(channel); // the log was deleted: whoever publishes next declares it again
          else if (typeof offset === "number") entries.push({ channel, raw, offset });
          wake();
        },
        { arguments: { "x-stream-offset": from } },
      );
      // Cut off before anything came, "next" would miss what came meanwhile; a time may repeat a little instead.
      if (from === "next") from = { "!": "timestamp", value: Math.floor(Date.now() / 1000) };
    },
  });
  const end = (): void => {
    wake();
    void kept.stop();
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });

  async function* read(): AsyncGenerator<Logged, void, undefined> {
    try {
      while (!signal.aborted) {
        const entry = entries.shift();
        if (entry === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        from = entry.offset + 1;
        acknowledge(entry);
        yield { offset: String(entry.offset), message: toMessage(entry.raw) };
      }
    } finally {
      await kept.stop();
    }
  }
  return read();
}

/** On a stream it is only the credit for one more delivery. */
function acknowledge({ channel, raw }: Entry): void {
  try {
    channel.ack(raw);
  } catch {
    // The channel has died: the next one begins after this entry.
  }
}
