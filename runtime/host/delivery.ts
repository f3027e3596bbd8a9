import type { Event } from "../../events/define.ts";
import type { Broker, Message, Outgoing, Settlement } from "../broker/broker.ts";
import { DEAD_LETTER_EXCHANGE } from "../broker/dead-letter.ts";
import { decodeAmqp, encodeAmqp } from "../codec/amqp.ts";
import { checkEvent } from "../codec/attributes.ts";
import { encodeLog } from "../codec/log.ts";
import { PermanentError, TransientError } from "../errors.ts";
import type { Fault, HostedFunction } from "../function.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { rejectedEvent } from "../rejected.ts";
import { queueName } from "./queue.ts";
import type { Called, Calls } from "./calls.ts";
import type { HandOver } from "./fuse.ts";
import { type Answer, backOffMs, persist, type Persistence, type Tried, wait } from "./persist.ts";

interface Parts<B> {
  readonly broker: Broker;
  readonly calls: Calls<B>;
  readonly handOver: HandOver<B>;
  readonly persistence: Persistence;
  readonly stopping: AbortSignal;
  readonly log: Logger;
  readonly metrics: Metrics;
}

interface Step<B> {
  readonly fn: HostedFunction<B>;
  readonly event: Event;
}

/** An event on its way out, encoded inside the try that made it: data that cannot be encoded is that function's bug. */
interface Departure {
  readonly event: Event;
  readonly outgoing: Outgoing;
}

type Done = { readonly kind: "done"; readonly departures: readonly Departure[] };
type Attempted = Tried<Done | Exclude<Answer, { kind: "done" }>>;

export interface Deliveries<B> {
  /** "crashed": the process of the handler ended in the middle of it; what becomes of the message is for the caller to say. */
  deliver(fn: HostedFunction<B>, message: Message): Promise<Settlement | "crashed">;
  /** Tells that a message is not tried any more, and keeps it. */
  giveUp(fn: HostedFunction<B>, message: Message, fault: Fault): Promise<Settlement>;
}

/** What came of handing events over: everything to publish, in the order in which it happened, and who is to be settled after that. */
type Branch<B> =
  | {
      readonly outgoing: readonly Outgoing[];
      /** Handed over in memory: for the log alone. */
      readonly kept: readonly Outgoing[];
      readonly steps: readonly Step<B>[];
    }
  | "stopped";

/**
 * Takes one message through its function: decode, invoke, publish, settle, and says what becomes of the message.
 *
 * Fused functions get their events in memory, and everything that the whole chain made is published in one confirmed batch before the
 * message is acknowledged. Nothing can be lost in between: until then the broker keeps the message, and its redelivery makes the same
 * events with the same ids. What never comes back from memory is only time.
 */
export function deliveries<B>(parts: Parts<B>): Deliveries<B> {
  const { broker, calls, handOver, persistence, stopping, log, metrics } = parts;

  return {
    async deliver(fn, message) {
      calls.reached(fn, "received");
      const settlement = await safely(fn, () => take(fn, message));
      // The broker acknowledges when this promise resolves, so "acked" is the turn after.
      if (settlement === "ack") setImmediate(() => calls.reached(fn, "acked"));
      return settlement;
    },
    giveUp: (fn, message, fault) =>
      safely(fn, () => {
        log.error({ fn: fn.name, messageId: message.messageId, code: fault.code, reason: fault.reason }, "event given up");
        const event = decode(message);
        return event instanceof PermanentError ? reject(fn, event, message) : bury(fn, lastWords(fn, event, fault), fault.code);
      }),
  };

  async function safely<S extends Settlement | "crashed">(fn: HostedFunction<B>, work: () => Promise<S>): Promise<S | Settlement> {
    try {
      return await work();
    } catch (error) {
      const { name, message: said, stack } = error instanceof Error ? error : new Error("not an error");
      log.error({ fn: fn.name, error: { name, message: said, stack } }, "delivery failed in the host");
      // What AMQP cannot carry it never will; for anything else the queue's delivery limit is the end.
      if (!(error instanceof PermanentError)) return "requeue";
      metrics.deadLettered(fn.name, error.code);
      return "dead-letter";
    }
  }

  function reject(fn: HostedFunction<B>, { code, message: reason }: PermanentError, { body }: Message): Promise<Settlement> {
    log.warn({ fn: fn.name, code, reason }, "message rejected");
    return bury(fn, [departure(rejectedEvent(fn.name, { code, reason }, body))], code);
  }

  async function take(fn: HostedFunction<B>, message: Message): Promise<Settlement | "crashed"> {
    const event = decode(message);
    if (event instanceof PermanentError) return reject(fn, event, message);
    const tried = await attempt(fn, event);
    switch (tried.kind) {
      case "stopped":
        return "requeue";
      case "crashed":
        return "crashed";
      case "skipped":
        return "ack";
      case "rejected":
        return bury(fn, [departure(rejectedEvent(fn.name, tried, event))], tried.code);
      case "exhausted":
        return bury(fn, lastWords(fn, event, tried.fault), tried.fault.code);
      case "done":
        return conclude({ fn, event }, await follow(tried.departures));
      default:
        return tried satisfies never;
    }
  }

  function attempt(fn: HostedFunction<B>, event: Event): Promise<Attempted> {
    const encoded = async (last: boolean): Promise<Done | Exclude<Called, { kind: "done" }>> => {
      const reply = await calls.handle(fn, event, last);
      if (reply.kind !== "done") return reply;
      try {
        return { kind: "done", departures: reply.events.map(departure) };
      } catch (cause) {
        unsendable(fn, cause);
        return { kind: "bug", code: "INTERNAL", cause };
      }
    };
    return persist(encoded, persistence, stopping);
  }

  function unsendable(fn: HostedFunction<B>, cause: unknown): void {
    log.error({ fn: fn.name, reason: cause instanceof Error ? cause.message : "" }, "event cannot be encoded");
  }

  function lastWords(fn: HostedFunction<B>, event: Event, fault: Fault): readonly Departure[] {
    try {
      return calls.exhausted(fn, event, fault).map(departure);
    } catch (cause) {
      unsendable(fn, cause);
      return [];
    }
  }

  /** Siblings side by side, as they would be on the broker; each function's own limit holds. */
  async function follow(departures: readonly Departure[]): Promise<Branch<B>> {
    return joined(await Promise.all(departures.map(depart)));
  }

  async function depart({ event, outgoing }: Departure): Promise<Branch<B>> {
    const consumers = handOver(event);
    if (consumers.length === 0) return { outgoing: [outgoing], kept: [], steps: [] };
    const below = joined(await Promise.all(consumers.map((fn) => step(fn, outgoing))));
    return below === "stopped" ? below : { ...below, kept: [outgoing, ...below.kept] };
  }

  /** One function of a fused chain: tried, given up and rejected as if the event had come off its queue. */
  async function step(fn: HostedFunction<B>, outgoing: Outgoing): Promise<Branch<B>> {
    // As it would be read off that queue: the consumer shares no object with the producer, and sees no member that JSON leaves out.
    const event = decodeAmqp({ ...outgoing, redelivered: false });
    calls.reached(fn, "received");
    const tried = await attempt(fn, event);
    switch (tried.kind) {
      case "stopped":
      case "crashed": // where events are handed over in memory, no process but this one could have ended
        return "stopped";
      case "skipped":
        return { outgoing: [], kept: [], steps: [] };
      case "rejected":
        return lose(fn, outgoing, [departure(rejectedEvent(fn.name, tried, event))], tried.code);
      case "exhausted":
        return lose(fn, outgoing, lastWords(fn, event, tried.fault), tried.fault.code);
      case "done": {
        const below = await follow(tried.departures);
        return below === "stopped" ? below : { ...below, steps: [{ fn, event }, ...below.steps] };
      }
      default:
        return tried satisfies never;
    }
  }

  /** No queue holds a message that could be dead-lettered, so a copy goes where it would have ended. */
  async function lose(fn: HostedFunction<B>, outgoing: Outgoing, last: readonly Departure[], code: string): Promise<Branch<B>> {
    const below = await follow(last);
    if (below === "stopped") return below;
    metrics.deadLettered(fn.name, code);
    const queue = queueName(fn);
    const headers = { ...outgoing.headers, "x-first-death-queue": queue, "x-first-death-reason": "rejected" };
    return {
      ...below,
      outgoing: [...below.outgoing, { ...outgoing, exchange: DEAD_LETTER_EXCHANGE, routingKey: queue, headers }],
    };
  }

  async function conclude(root: Step<B>, branch: Branch<B>): Promise<Settlement> {
    if (branch === "stopped") return "requeue";
    const steps = [root, ...branch.steps];
    const reached = (name: string) => {
      for (const { fn } of steps) calls.reached(fn, name);
    };
    if (!(await publish(branch, reached))) return "requeue";
    const settled = await Promise.all(steps.map(({ fn, event }) => persist(() => calls.settle(fn, event), persistence, stopping)));
    if (settled.some(({ kind }) => kind === "stopped")) return "requeue";
    const failed = settled.find(({ kind }) => kind !== "done");
    if (failed !== undefined) {
      // What it had to say is published, so nobody waits; a redrive replays it and settles then.
      log.error({ fn: root.fn.name, ceId: root.event.id, outcome: failed.kind }, "event not settled");
      metrics.deadLettered(root.fn.name, "fault" in failed ? failed.fault.code : "SETTLING");
      return "dead-letter";
    }
    reached("settled");
    return "ack";
  }

  async function bury(fn: HostedFunction<B>, last: readonly Departure[], code: string): Promise<Settlement> {
    const outgoing = last.map((departing) => departing.outgoing);
    if (!(await publish({ outgoing, kept: [] }, (name) => calls.reached(fn, name)))) return "requeue";
    metrics.deadLettered(fn.name, code);
    return "dead-letter";
  }

  /** False when the broker did not confirm in time: the message goes back to the queue and everything is done again. */
  async function publish(
    { outgoing, kept }: { readonly outgoing: readonly Outgoing[]; readonly kept: readonly Outgoing[] },
    reached: (step: string) => void,
  ): Promise<boolean> {
    const [first, ...others] = kept;
    const messages = first === undefined ? outgoing : [encodeLog([first, ...others]), ...outgoing];
    if (messages.length === 0) return true;
    const until = performance.now() + persistence.patienceMs;
    for (let tries = 1; ; tries += 1) {
      try {
        const confirming = broker.publish(messages);
        reached("published");
        await confirming;
        reached("confirmed");
        metrics.published(
          [...kept, ...outgoing].flatMap(({ type, exchange }) => (type === undefined || exchange === DEAD_LETTER_EXCHANGE ? [] : [type])),
        );
        return true;
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        log.warn({ code: error.code, reason: error.message, tries }, "events not confirmed");
      }
      const waitMs = backOffMs(tries, persistence);
      if (performance.now() + waitMs > until || !(await wait(waitMs, stopping))) return false;
    }
  }
}

function departure(event: Event): Departure {
  checkEvent(event);
  return { event, outgoing: encodeAmqp(event) };
}

function joined<B>(branches: readonly Branch<B>[]): Branch<B> {
  const outgoing: Outgoing[] = [];
  const kept: Outgoing[] = [];
  const steps: Step<B>[] = [];
  for (const branch of branches) {
    if (branch === "stopped") return branch;
    outgoing.push(...branch.outgoing);
    kept.push(...branch.kept);
    steps.push(...branch.steps);
  }
  return { outgoing, kept, steps };
}

function decode(message: Message): Event | PermanentError {
  try {
    return decodeAmqp(message);
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
}
