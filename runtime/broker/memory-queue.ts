import type { BrokerLog, Consumer, Message, Queue, Settlement } from "./broker.ts";

/** How many places that have become free are filled again before others have their turn. */
const REFILLS_A_TURN = 256;

type Deliver = (message: Message) => Promise<Settlement>;

interface Held {
  readonly message: Message;
  deliveries: number;
}

interface Taker {
  readonly deliver: Deliver;
  readonly prefetch: number;
  inWork: number;
  onIdle?: () => void;
}

export interface MemoryQueue {
  readonly name: string;
  push(message: Message): void;
  consume(prefetch: number, deliver: Deliver): Consumer;
}

export interface QueueFate {
  /** Infinity where nothing is ever dead-lettered for being delivered too often. */
  readonly deliveryLimit: number;
  readonly deadLetter: ((message: Message, reason: "rejected" | "delivery_limit") => void) | undefined;
  readonly log: BrokerLog;
}

export function memoryQueue(name: Queue["name"], { deliveryLimit, deadLetter, log }: QueueFate): MemoryQueue {
  let ready: Held[] = [];
  let head = 0;
  /** Requeued messages go first, the last returned foremost. */
  const returned: Held[] = [];
  const takers: Taker[] = [];
  let isScheduled = false;
  let spare = 0;

  /** A turn of the event loop later, so that publish() never runs a consumer, and a busy queue does not keep the process from its sockets. */
  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      spare = REFILLS_A_TURN;
      dispatch();
    });
  }

  function dispatch(): void {
    while (returned.length > 0 || head < ready.length) {
      const at = takers.findIndex((taker) => taker.inWork < taker.prefetch);
      const [taker] = at === -1 ? [] : takers.splice(at, 1);
      if (taker === undefined) return;
      takers.push(taker); // in turn
      const held = returned.pop() ?? next();
      if (held !== undefined) void work(taker, held);
    }
  }

  function next(): Held | undefined {
    const held = ready[head];
    head += 1;
    if (head === ready.length || (head > 1024 && head * 2 > ready.length)) {
      ready = ready.slice(head);
      head = 0;
    }
    return held;
  }

  async function work(taker: Taker, held: Held): Promise<void> {
    taker.inWork += 1;
    held.deliveries += 1;
    let settlement: Settlement;
    try {
      settlement = await taker.deliver(asDelivered(held));
    } catch (cause) {
      log.error({ queue: name, messageId: held.message.messageId, err: cause }, "delivery threw");
      settlement = "dead-letter";
    }
    settle(held, settlement);
    taker.inWork -= 1;
    if (taker.inWork === 0) taker.onIdle?.();
    spare -= 1;
    if (spare > 0) dispatch();
    else if (returned.length > 0 || head < ready.length) schedule();
  }

  function settle(held: Held, settlement: Settlement): void {
    if (settlement === "ack") return;
    if (deadLetter !== undefined && settlement === "dead-letter") deadLetter(held.message, "rejected");
    else if (deadLetter !== undefined && held.deliveries >= deliveryLimit) deadLetter(held.message, "delivery_limit");
    else returned.push(held);
  }

  return {
    name,
    push(message) {
      ready.push({ message, deliveries: 0 });
      if (takers.length > 0) schedule();
    },
    consume(prefetch, deliver) {
      const taker: Taker = { deliver, prefetch, inWork: 0 };
      let stopped: Promise<void> | undefined;
      takers.push(taker);
      schedule();
      return {
        stop: () =>
          (stopped ??= new Promise((resolve) => {
            takers.splice(takers.indexOf(taker), 1);
            if (taker.inWork === 0) resolve();
            else taker.onIdle = resolve;
          })),
      };
    },
  };
}

const asDelivered = ({ message, deliveries }: Held): Message =>
  deliveries === 1 ? message : { ...message, redelivered: true, headers: { ...message.headers, "x-delivery-count": deliveries - 1 } };
