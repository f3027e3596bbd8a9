/** A message as it came off a queue, before anybody knows whether it is an event. */
export interface Message {
  readonly body: Buffer;
  readonly contentType: string | undefined;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly routingKey: string;
  readonly redelivered: boolean;
}

/** A message on its way out. `exchange` defaults to `nemo.events`; "" reaches the queue that the routing key names, and no other. */
export interface Outgoing {
  readonly exchange?: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly messageId: string;
  readonly type?: string;
  readonly timestampMs?: number;
  readonly headers: Readonly<Record<string, string | number | boolean>>;
}

/**
 * What becomes of a delivery: done; never again, kept in the dead-letter queue; back to the queue for whoever takes it next.
 * A dead letter says where it comes from in the headers `x-first-death-queue`, `x-first-death-reason` and `x-death`. A dead-letter queue
 * has none of its own: there "dead-letter" puts the message back.
 */
export type Settlement = "ack" | "dead-letter" | "requeue";

export interface Queue {
  readonly name: string;
  readonly bindings: readonly { readonly exchange: string; readonly exchangeType: "topic"; readonly key: string }[];
  /** Deliveries in work at once. */
  readonly prefetch: number;
  /** Deliveries of one message before the broker dead-letters it by itself, which only a consumer that keeps dying or requeuing gets to. */
  readonly deliveryLimit: number;
  /** The queue among whose dead letters its own are kept; absent: they have a queue to themselves. */
  readonly deadLettersOf?: string;
  /** Belongs to another system (NEMO's `mncc`): used as found, declared durable only where it is missing, and without a delivery limit. */
  readonly foreign?: boolean;
}

export interface Consumer {
  /** Takes no more deliveries, lets those in work settle, and resolves when the last one has. */
  stop(): Promise<void>;
}

/** A place in the log: what SSE calls an event id. Grows with every event; a number as text. */
export type Offset = string;

export interface Logged {
  readonly offset: Offset;
  readonly message: Message;
}

/** RabbitMQ or its stand-in in memory; test/conformance/broker.test.ts says what both promise. */
export interface Broker {
  readonly kind: "amqp" | "memory";
  /**
   * Resolves when the broker has confirmed every message and routed it somewhere. Rejects with a TransientError otherwise: BROKER_UNROUTABLE
   * where no queue takes a message (on `nemo.events` and `nemo.log` the log always does), BROKER_UNAVAILABLE for all else, and then any of the
   * messages may have arrived all the same.
   */
  publish(messages: readonly Outgoing[]): Promise<void>;
  /**
   * Declares the queue, its bindings and its dead-letter queue `<name>.dlq` (a queue of such a name is taken for one), then delivers until
   * stopped. Survives reconnection. A `deliver` that throws is a bug: its message is dead-lettered.
   */
  consume(queue: Queue, deliver: (message: Message) => Promise<Settlement>): Promise<Consumer>;
  /**
   * Sees to it that a queue of another system's is there, bound as said: used as found, declared durable only where it is missing, and left to
   * others to consume.
   */
  provide(queue: Pick<Queue, "name" | "bindings">): Promise<void>;
  /**
   * The log of everything published on `nemo.events` and `nemo.log`, from just after an offset ("first": from the oldest kept, "next": only what comes).
   * Ends when the signal aborts, or the broker closes. An offset that is no number is a PermanentError OFFSET_INVALID.
   */
  follow(after: Offset | "first" | "next", signal: AbortSignal): AsyncIterable<Logged>;
  /** True while a publish can be expected to succeed: readiness. */
  isConnected(): boolean;
  /** Publishes in flight are confirmed first. Consumers must have been stopped. */
  close(): Promise<void>;
}

export const EVENTS_EXCHANGE = "nemo.events";
/**
 * Bound to by `nemo.events`; the log queue hangs on it, and so do events that a fused process hands over in memory, or that Knative's broker carries.
 * Who only looks on binds here, and sees all of them.
 */
export const LOG_EXCHANGE = "nemo.log";

/** What a broker says about itself while it runs. */
export type BrokerLog = Readonly<Record<"info" | "warn" | "error", (fields: object, phrase: string) => void>>;
