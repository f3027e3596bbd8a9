import { openConsumer } from "./amqp-consumer.ts";
import { followLog } from "./amqp-follower.ts";
import { type LinkOptions, openLink } from "./amqp-link.ts";
import { openPublisher } from "./amqp-publisher.ts";
import { provideQueue } from "./amqp-topology.ts";
import type { Broker, BrokerLog } from "./broker.ts";

export interface AmqpOptions {
  readonly url: string;
  readonly log: BrokerLog;
  /** Also how long publish() waits for a broker that is away. */
  readonly confirmTimeoutMs?: number;
  /** amqplib takes two to three of these to find a peer that has vanished. */
  readonly heartbeatS?: number;
  /** The log forgets from its oldest end. Holds for a log that is not there yet; an existing one keeps its size. */
  readonly logMaxBytes?: number;
  /** Called for each of the two connections. */
  readonly onReconnect?: () => void;
}

/** RabbitMQ 3.10 or later. Rejects when the broker cannot be reached now; later losses are mended behind the interface. */
export async function openAmqp(options: AmqpOptions): Promise<Broker> {
  const { url, log, confirmTimeoutMs = 5_000, heartbeatS = 3, logMaxBytes = 2_000_000_000, onReconnect = () => undefined } = options;
  const shared: Omit<LinkOptions, "name"> = { url, heartbeatS, connectTimeoutMs: confirmTimeoutMs, log, onReconnect };
  // Two connections, since a broker in need stops reading from the one that publishes, and acknowledgements must still get through.
  const publisher = await openPublisher({ ...shared, name: "nemo publish" }, { confirmTimeoutMs, logMaxBytes });
  const link = await openLink({ ...shared, name: "nemo consume" }).catch(async (cause: unknown) => {
    await publisher.close();
    throw cause;
  });
  let closed: Promise<void> | undefined;

  return {
    kind: "amqp",
    publish: (messages) => publisher.publish(messages),
    consume: (queue, deliver) => openConsumer(link, queue, deliver, { publisher, log }),
    provide: async (queue) => provideQueue(await link.opened(), queue),
    follow: (after, signal) => followLog(link, after, signal, log),
    isConnected: () => publisher.isReady(),
    close: () => (closed ??= Promise.all([publisher.close(), link.close()]).then(() => undefined)),
  };
}
