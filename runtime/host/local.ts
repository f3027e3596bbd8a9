import { setMaxListeners } from "node:events";
import type { Broker, Consumer } from "../broker/broker.ts";
import { encodeAmqp } from "../codec/amqp.ts";
import type { HostedFunction } from "../function.ts";
import { prepare } from "../invoke.ts";
import { type Calls, type HostParts, openCalls } from "./calls.ts";
import { type ClockEvents, startClock } from "./clock.ts";
import { deliveries } from "./delivery.ts";
import { fusion } from "./fuse.ts";
import { lanes } from "./lanes.ts";
import { PERSISTENCE, type Persistence } from "./persist.ts";
import { quarantineOf, queueOf } from "./queue.ts";

export interface LocalOptions<B> extends Partial<Persistence> {
  /** Names of functions that hand events to each other in memory. A deployment's choice; the events are the same either way. */
  readonly fuse?: ReadonlySet<string>;
  /** What other processes host: an event that one of these consumes is never kept in memory. */
  readonly elsewhere?: readonly HostedFunction<B>[];
  /** Absent: functions with `every` wait for somebody else's clock. */
  readonly clockEvents?: ClockEvents;
  /** How long a delivery may go on waiting for its next try when the host is told to stop, before it goes back to its queue. */
  readonly graceMs?: number;
}

export interface BrokerHosting<B> extends Omit<HostParts<B>, "backing"> {
  readonly functions: readonly HostedFunction<B>[];
  readonly broker: Broker;
  readonly options?: LocalOptions<B>;
}

export interface Hosting {
  stop(): Promise<void>;
}

const GRACE_MS = 10_000;

/** Hosts functions on a broker, in this process: RabbitMQ's or the one in memory. Resolves when every queue is being consumed. */
export const hostLocally = <B>(hosting: BrokerHosting<B> & HostParts<B>): Promise<Hosting> =>
  hostOnBroker(hosting, () => openCalls(hosting.functions, hosting));

/**
 * The same for functions wherever they are: takes their messages, has them called, publishes what they answer, and settles.
 * @param callsUntil is given the signal that ends every wait: the host was told to stop, and its grace is over.
 */
export async function hostOnBroker<B>(hosting: BrokerHosting<B>, callsUntil: (stopping: AbortSignal) => Calls<B>): Promise<Hosting> {
  const { functions, broker, log, metrics, options = {} } = hosting;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // every delivery that waits for its next try listens
  functions.forEach(prepare);
  const taking = deliveries({
    broker,
    calls: callsUntil(stop.signal),
    handOver: fusion(options.fuse ?? new Set(), functions, options.elsewhere),
    persistence: { ...PERSISTENCE, ...options },
    stopping: stop.signal,
    log,
    metrics,
  });

  const { wide, narrow } = lanes({ broker, deliveries: taking, metrics, log });

  const consumers: Consumer[] = [];
  const stopAll = async (): Promise<void> => {
    const hurry = setTimeout(() => stop.abort(), options.graceMs ?? GRACE_MS);
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    clearTimeout(hurry);
    stop.abort();
  };
  const started = await Promise.allSettled(
    functions.flatMap((fn) => [
      broker.consume(queueOf(fn), (message) => wide(fn, message)).then((consumer) => consumers.push(consumer)),
      broker.consume(quarantineOf(fn), (message) => narrow(fn, message)).then((consumer) => consumers.push(consumer)),
    ]),
  );
  const failed = started.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await stopAll();
    throw failed.reason;
  }

  const { clockEvents } = options;
  const clock =
    clockEvents === undefined
      ? undefined
      : startClock(functions, async (fn) => {
          try {
            await broker.publish(clockEvents(fn.name).map(encodeAmqp));
          } catch (error) {
            // The next tick makes up for it: what a clock starts is due again.
            log.warn({ fn: fn.name, reason: error instanceof Error ? error.message : "" }, "clock event not published");
          }
        });
  return {
    stop: async () => {
      clock?.stop();
      await stopAll();
    },
  };
}
