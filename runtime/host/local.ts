import { setMaxListeners } from "node:events";
import type { Broker, Consumer } from "../broker/broker.ts";
import { encodeAmqp } from "../codec/amqp.ts";
import type { HostedFunction } from "../function.ts";
import { prepare } from "../invoke.ts";
import { type HostParts, openCalls } from "./calls.ts";
import { type ClockEvents, startClock } from "./clock.ts";
import { deliveries } from "./delivery.ts";
import { fusion } from "./fuse.ts";
import { PERSISTENCE, type Persistence } from "./persist.ts";
import { queueOf } from "./queue.ts";

export interface LocalOptions<B> extends Partial<Persistence> {
  /** Names of functions that hand events to each other in memory. A deployment's choice; the events are the same either way. */
  readonly fuse?: ReadonlySet<string>;
  /** What other processes host: an event that one of these consumes is never kept in memory. */
  readonly elsewhere?: readonly HostedFunction<B>[];
  /** Absent: functions with `every` wait for somebody else's clock. */
  readonly clockEvents?: ClockEvents;
}

interface LocalHosting<B> extends HostParts<B> {
  readonly functions: readonly HostedFunction<B>[];
  readonly broker: Broker;
  readonly options?: LocalOptions<B>;
}

/** Hosts functions on a broker, in this process: RabbitMQ's or the one in memory. Resolves when every queue is being consumed. */
export async function hostLocally<B>(hosting: LocalHosting<B>): Promise<{ stop(): Promise<void> }> {
  const { functions, broker, log, metrics, options = {} } = hosting;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // every delivery that waits for its next try listens
  functions.forEach(prepare);
  const deliver = deliveries({
    broker,
    calls: openCalls(functions, hosting),
    handOver: fusion(options.fuse ?? new Set(), functions, options.elsewhere),
    persistence: { ...PERSISTENCE, ...options },
    stopping: stop.signal,
    log,
    metrics,
  });

  const consumers: Consumer[] = [];
  const stopAll = async (): Promise<void> => {
    stop.abort();
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  };
  const started = await Promise.allSettled(
    functions.map(async (fn) => consumers.push(await broker.consume(queueOf(fn), (message) => deliver(fn, message)))),
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
