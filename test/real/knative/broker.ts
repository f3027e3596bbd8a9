import { randomUUID } from "node:crypto";
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from "amqplib";
import { freePort, startChild, untilReady } from "../../../scripts/services/child.ts";

/** What a Trigger says, as far as the data plane hears of it. */
export interface Trigger {
  readonly name: string;
  /** Of `spec.filter.attributes`: exact matches, all of them. */
  readonly filter: Readonly<Record<string, string>>;
  readonly subscriber: string;
  readonly retry?: number;
  /** Go's notation of a duration. */
  readonly backoffDelay?: string;
  readonly parallelism?: number;
  /** Without one, as with a Trigger whose delivery block is half there, the dispatcher knows no dead-letter exchange. */
  readonly isWithoutDeadLetters?: boolean;
  /** Who gets what is given up, by a dispatcher of its own. */
  readonly deadLetterSink?: string;
}

export interface Programs {
  readonly ingress: string;
  readonly dispatcher: string;
}

/** A RabbitMQ Broker of Knative without its control plane: what the reconcilers would declare is declared here, the rest is theirs. */
export interface KnativeBroker {
  readonly ingress: string;
  /** Everything that reached the broker's exchange, in order. */
  readonly messages: readonly ConsumeMessage[];
  /** What a trigger gave up, by its name. */
  readonly graves: ReadonlyMap<string, readonly ConsumeMessage[]>;
  /** Past the ingress, as a producer of AMQP does through a binding of exchanges. */
  publish(message: { body: Buffer; contentType: string; headers: Record<string, unknown> }): Promise<void>;
  /** What waits in a trigger's queue, and what its dispatcher has not acknowledged, is not zero until it is done. */
  waiting(trigger: string): Promise<number>;
  addTrigger(trigger: Trigger): Promise<void>;
  close(): Promise<void>;
}

const NAMESPACE = "nemo-net";
const BROKER = "nemo";
const QUIET = { K_LOGGING_CONFIG: "{}", K_OBSERVABILITY_CONFIG: '{"metrics":{"protocol":"none"},"tracing":{"protocol":"none"}}' };

/** Names and arguments are those of eventing-rabbitmq's pkg/rabbitmqnaming and pkg/rabbit. */
export async function startKnative(url: string, programs: Programs): Promise<KnativeBroker> {
  const uid = randomUUID();
  const exchange = `b.${NAMESPACE}.${BROKER}.${uid}`;
  const connection: ChannelModel = await connect(url);
  const channel = await connection.createConfirmChannel();
  const messages: ConsumeMessage[] = [];
  const graves = new Map<string, ConsumeMessage[]>();
  const queues: string[] = [];
  const exchanges = [exchange];
  const running: ReturnType<typeof startChild>[] = [];

  await channel.assertExchange(exchange, "headers", { durable: true });
  // A binding without a filter gets everything: a Trigger without one does the same.
  await listen(channel, exchange, `log.${uid}`, messages);
  queues.push(`log.${uid}`);

  const port = await freePort();
  const ingress = `http://127.0.0.1:${String(port)}/`;
  const server = startChild(programs.ingress, [], {
    ...QUIET,
    PORT: String(port),
    BROKER_URL: url,
    EXCHANGE_NAME: exchange,
    BROKER_NAME: BROKER,
    BROKER_NAMESPACE: NAMESPACE,
    SYSTEM_NAMESPACE: "knative-eventing",
  });
  running.push(server);
  await untilReady("Knative's ingress", server, async () => {
    const { status } = await fetch(ingress); // it answers a GET with 405
    return String(status);
  });

  async function dispatch(queue: string, subscriber: string, env: Readonly<Record<string, string>>): Promise<void> {
    await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
    queues.push(queue);
    const dispatcher = startChild(programs.dispatcher, [], {
      ...QUIET,
      QUEUE_NAME: queue,
      RABBIT_URL: url,
      BROKER_INGRESS_URL: ingress,
      SUBSCRIBER: subscriber,
      NAMESPACE,
      BACKOFF_POLICY: "exponential",
      SYSTEM_NAMESPACE: "knative-eventing",
      ...env,
    });
    running.push(dispatcher);
    await untilReady("Knative's dispatcher", dispatcher, async () => {
      const { consumerCount } = await channel.checkQueue(queue);
      if (consumerCount === 0) throw new Error("nobody consumes yet");
      return "ready";
    });
  }

  async function addTrigger(trigger: Trigger): Promise<void> {
    const {
      name,
      filter,
      subscriber,
      retry,
      backoffDelay = "20ms",
      parallelism = 1,
      isWithoutDeadLetters = false,
      deadLetterSink,
    } = trigger;
    const queue = `${NAMESPACE}.${name}.${uid}`;
    const dlx = `t.${NAMESPACE}.${name}.dlx.${uid}`;
    const dlq = `t.${NAMESPACE}.${name}.dlq.${uid}`;
    const env = { PARALLELISM: String(parallelism), BACKOFF_DELAY: backoffDelay, ...(retry === undefined ? {} : { RETRY: String(retry) }) };
    const grave: ConsumeMessage[] = [];
    graves.set(name, grave);
    await channel.assertExchange(dlx, "headers", { durable: true });
    exchanges.push(dlx);
    await listen(channel, dlx, `log.${dlq}`, grave);
    queues.push(`log.${dlq}`);
    if (deadLetterSink !== undefined) {
      await dispatch(dlq, deadLetterSink, { ...env, DLX: "true" });
      await channel.bindQueue(dlq, dlx, "", { "x-match": "all", "x-knative-dlq": name });
    }
    await dispatch(queue, subscriber, { ...env, ...(isWithoutDeadLetters ? {} : { DLX_NAME: dlx }) });
    await channel.bindQueue(queue, exchange, "", { ...filter, "x-match": "all", "x-knative-trigger": name });
  }

  return {
    ingress,
    messages,
    graves,
    addTrigger,
    async publish({ body, contentType, headers }) {
      channel.publish(exchange, "", body, { contentType, headers, deliveryMode: 2 });
      await channel.waitForConfirms();
    },
    waiting: async (trigger) => (await channel.checkQueue(`${NAMESPACE}.${trigger}.${uid}`)).messageCount,
    async close() {
      await Promise.all(running.map((child) => child.kill()));
      for (const queue of queues) await channel.deleteQueue(queue);
      for (const one of exchanges) await channel.deleteExchange(one);
      await connection.close();
    },
  };
}

async function listen(channel: Channel, exchange: string, queue: string, into: ConsumeMessage[]): Promise<void> {
  await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
  await channel.bindQueue(queue, exchange, "", { "x-match": "all" });
  await channel.consume(queue, (message) => {
    if (message === null) return;
    into.push(message);
    channel.ack(message);
  });
}
