import { TransientError } from "../errors.ts";
import { type Broker, type BrokerLog, EVENTS_EXCHANGE, LOG_EXCHANGE, type Message, type Outgoing, type Queue } from "./broker.ts";
import { DEAD_LETTER_EXCHANGE, deadLetterQueue, deathHeaders, isDeadLetterQueue } from "./dead-letter.ts";
import { memoryLog } from "./memory-log.ts";
import { type MemoryQueue, memoryQueue } from "./memory-queue.ts";
import { matchesTopic } from "./topic.ts";

/** Routing keys are event types, of which there are few; a bound keeps a careless publisher from filling the memory. */
const MAX_ROUTES = 10_000;

const silent: BrokerLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What RabbitMQ promises, kept in one process and gone with it. */
export function openMemoryBroker(options: { readonly logMaxEvents?: number; readonly log?: BrokerLog } = {}): Broker {
  const { logMaxEvents = 10_000, log = silent } = options;
  const queues = new Map<string, MemoryQueue>();
  const bindings: { readonly exchange: string; readonly key: string; readonly queue: MemoryQueue }[] = [];
  const routes = new Map<string, readonly MemoryQueue[]>();
  const events = memoryLog(logMaxEvents);
  const closing = new AbortController();
  let confirming: Promise<void> | undefined;

  function declare(queue: Queue): MemoryQueue {
    const { name } = queue;
    const declared = queues.get(name) ?? (isDeadLetterQueue(name) ? openDeadLetters(name) : open(queue));
    for (const { exchange, key } of queue.bindings)
      if (!bindings.some((b) => b.exchange === exchange && b.key === key && b.queue === declared))
        bindings.push({ exchange, key, queue: declared });
    routes.clear();
    return declared;
  }

  function open({ name, foreign = false, deliveryLimit, deadLettersOf = name }: Queue): MemoryQueue {
    const dead = queues.get(deadLetterQueue(deadLettersOf)) ?? openDeadLetters(deadLetterQueue(deadLettersOf));
    const opened = memoryQueue(name, {
      deliveryLimit: foreign ? Infinity : deliveryLimit,
      log,
      deadLetter: (message, reason) =>
        dead.push({
          ...message,
          routingKey: deadLettersOf,
          headers: { ...message.headers, ...deathHeaders(name, reason, message.routingKey) },
        }),
    });
    queues.set(name, opened);
    return opened;
  }

  function openDeadLetters(name: string): MemoryQueue {
    const opened = memoryQueue(name, { deliveryLimit: Infinity, deadLetter: undefined, log });
    queues.set(name, opened);
    return opened;
  }

  function routeOf(exchange: string, key: string): readonly MemoryQueue[] {
    const at = `${exchange} ${key}`;
    const known = routes.get(at);
    if (known !== undefined) return known;
    if (routes.size >= MAX_ROUTES) routes.clear();
    const found = exchange === "" ? named(key) : exchange === DEAD_LETTER_EXCHANGE ? named(deadLetterQueue(key)) : bound(exchange, key);
    routes.set(at, found);
    return found;
  }

  const named = (name: string): readonly MemoryQueue[] => {
    const queue = queues.get(name);
    return queue === undefined ? [] : [queue];
  };

  /** A queue gets a message once, however many of its bindings take it. */
  const bound = (exchange: string, key: string): readonly MemoryQueue[] => {
    const isFrom = (source: string): boolean => source === exchange || (exchange === EVENTS_EXCHANGE && source === LOG_EXCHANGE);
    return [...new Set(bindings.filter((b) => isFrom(b.exchange) && matchesTopic(b.key, key)).map((b) => b.queue))];
  };

  /** False where nobody takes it. */
  function route(outgoing: Outgoing): boolean {
    const { exchange = EVENTS_EXCHANGE, routingKey, body, contentType, messageId, headers } = outgoing;
    const message: Message = { body, contentType, messageId, headers, routingKey, redelivered: false };
    const takers = routeOf(exchange, routingKey);
    for (const queue of takers) queue.push(message);
    const isLogged = exchange === EVENTS_EXCHANGE || exchange === LOG_EXCHANGE;
    if (isLogged) events.append(message);
    return isLogged || takers.length > 0;
  }

  /** A confirm takes a turn of the event loop, as over a socket: who publishes in a loop must not keep the others from their turn. */
  const turn = (): Promise<void> =>
    (confirming ??= new Promise((resolve) => {
      setImmediate(() => {
        confirming = undefined;
        resolve();
      });
    }));

  return {
    kind: "memory",
    async publish(messages) {
      if (closing.signal.aborted) throw new TransientError("BROKER_UNAVAILABLE", "the broker is closed");
      const lost = messages.filter((message) => !route(message));
      await turn();
      const [first] = lost;
      if (first !== undefined)
        throw new TransientError("BROKER_UNROUTABLE", `no queue takes ${first.routingKey} on ${first.exchange ?? EVENTS_EXCHANGE}`);
    },
    async consume(queue, deliver) {
      if (closing.signal.aborted) throw new TransientError("BROKER_UNAVAILABLE", "the broker is closed");
      return declare(queue).consume(queue.prefetch, deliver);
    },
    async provide({ name, bindings }) {
      declare({ name, bindings, prefetch: 1, deliveryLimit: 1, foreign: true });
    },
    follow: (after, signal) => events.follow(after, AbortSignal.any([signal, closing.signal])),
    isConnected: () => !closing.signal.aborted,
    async close() {
      closing.abort();
    },
  };
}
