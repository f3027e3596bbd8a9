import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineEvent, type Event } from "../../events/define.ts";
import type { Broker, Message, Outgoing, Queue, Settlement } from "../broker/broker.ts";
import { openMemoryBroker } from "../broker/memory.ts";
import { decodeAmqp, encodeAmqp } from "../codec/amqp.ts";
import { decodeLog } from "../codec/log.ts";
import { TransientError } from "../errors.ts";
import { defineFunction, type HostedFunction } from "../function.ts";
import { openLog } from "../log.ts";
import { openMetrics } from "../metrics.ts";
import { hostLocally, type LocalOptions } from "./local.ts";
import { queueOf } from "./queue.ts";

const Asked = defineEvent({ type: "t.asked.v1", summary: "", data: z.object({ n: z.int() }) });
const Answered = defineEvent({ type: "t.answered.v1", summary: "", data: z.object({ n: z.int() }) });
const asked = (n = 1): Event => Asked.make({ source: "/t", subject: "s", id: `ask-${String(n)}`, data: { n } });

const base = defineFunction({
  name: "answer",
  summary: "",
  on: [Asked],
  emits: [Answered],
  resources: {},
  handle: (event) => [Answered.make({ source: "/answer", subject: "s", cause: event, data: event.data })],
});
type Fn = HostedFunction<unknown>;
const fn = (over: Partial<Fn> = {}): Fn => ({ ...base, ...over });

const silent = openLog("error", { write: () => undefined });
const quick = { firstWaitMs: 2, longestWaitMs: 5, patienceMs: 200 };

/** A broker that does as a test says: publishing fails while `down`, and deliveries are made by hand. */
function byHand() {
  const state = {
    down: false,
    tries: 0,
    published: [] as Outgoing[],
    queues: [] as Queue[],
    deliver: new Map<string, (message: Message) => Promise<Settlement>>(),
  };
  const broker: Broker = {
    kind: "memory",
    publish: (messages) => {
      state.tries += 1;
      if (state.down) return Promise.reject(new TransientError("BROKER_UNAVAILABLE", "down"));
      state.published.push(...messages);
      return Promise.resolve();
    },
    consume: (queue, deliver) => {
      state.queues.push(queue);
      state.deliver.set(queue.name, deliver);
      return Promise.resolve({ stop: () => Promise.resolve() });
    },
    provide: () => Promise.resolve(),
    follow: () => {
      throw new Error("nobody follows");
    },
    isConnected: () => !state.down,
    close: () => Promise.resolve(),
  };
  const give = (event: Event, name = "answer", returns = 0): Promise<Settlement> => {
    const { headers, ...message } = encodeAmqp(event);
    const delivered = {
      ...message,
      headers: returns === 0 ? headers : { ...headers, "x-delivery-count": returns },
      redelivered: returns > 0,
    };
    return state.deliver.get(`nemo.fn.${name}`)?.(delivered) ?? Promise.reject(new Error("no such queue"));
  };
  return { broker, state, give };
}

let host: { stop(): Promise<void> } | undefined;
afterEach(async () => {
  await host?.stop();
  host = undefined;
});

async function hosted(functions: readonly Fn[], broker: Broker, options: LocalOptions<unknown> = {}, crash?: (step: string) => void) {
  const metrics = openMetrics();
  host = await hostLocally({ functions, broker, backing: undefined, log: silent, metrics, options: { ...quick, ...options }, crash });
  return metrics;
}

describe("the queue of a function", () => {
  it("binds every type with whatever executioner, or with its own", () => {
    expect(queueOf(fn())).toEqual({
      name: "nemo.fn.answer",
      bindings: [{ exchange: "nemo.events", exchangeType: "topic", key: "t.asked.v1.#" }],
      prefetch: 50,
      deliveryLimit: 20,
    });
    const own = queueOf(fn({ where: { executioner: "tfs" }, concurrency: 8 }));
    expect([own.bindings[0]?.key, own.prefetch]).toEqual(["t.asked.v1.tfs", 8]);
  });
});

describe("a delivery", () => {
  it("passes its steps in order", async () => {
    const { broker, give } = byHand();
    const steps: string[] = [];
    const noting = fn({ settled: () => Promise.resolve(void steps.push("(settled)")) });
    await hosted([noting], broker, {}, (step) => steps.push(step));
    expect(await give(asked())).toBe("ack");
    await new Promise(setImmediate);
    expect(steps).toEqual(["answer:received", "answer:published", "answer:confirmed", "(settled)", "answer:settled", "answer:acked"]);
  });

  it("publishes again, without running the handler again, until the broker confirms", async () => {
    const { broker, state, give } = byHand();
    let handled = 0;
    await hosted([fn({ handle: (event, scope) => ((handled += 1), base.handle(event, scope)) })], broker);
    state.down = true;
    setTimeout(() => (state.down = false), 30);
    expect(await give(asked())).toBe("ack");
    expect(handled).toBe(1);
    expect(state.tries).toBeGreaterThan(2);
    expect(state.published).toHaveLength(1);
  });

  it("goes back to the queue when the broker does not confirm in time", async () => {
    const { broker, state, give } = byHand();
    let settled = 0;
    await hosted([fn({ settled: () => Promise.resolve(void (settled += 1)) })], broker);
    state.down = true;
    expect(await give(asked())).toBe("requeue");
    expect(settled).toBe(0);
  });

  it("goes back to the queue when the host stops during a wait", async () => {
    const { broker, give } = byHand();
    const pending = fn({ handle: () => Promise.reject(new TransientError("PENDING", "not yet", { retryAfterMs: 60_000 })) });
    await hosted([pending], broker, { patienceMs: 120_000 });
    const settlement = give(asked());
    await new Promise((resolve) => setTimeout(resolve, 10));
    await host?.stop();
    expect(await settlement).toBe("requeue");
  });

  it("settles again, without publishing again, when the store was down", async () => {
    const { broker, state, give } = byHand();
    let settled = 0;
    const shaky = fn({
      settled: () => {
        settled += 1;
        return settled < 3 ? Promise.reject(new TransientError("STORE_DOWN", "down")) : Promise.resolve();
      },
    });
    await hosted([shaky], broker);
    expect(await give(asked())).toBe("ack");
    expect([settled, state.tries]).toEqual([3, 1]);
  });

  it("is kept, and nobody is told that it failed, when it cannot be settled at all", async () => {
    const { broker, state, give } = byHand();
    const broken = fn({
      settled: () => Promise.reject(new Error("why")),
      exhausted: (event) => [Answered.make({ source: "/x", subject: "s", cause: event, data: { n: 0 } })],
    });
    await hosted([broken], broker);
    expect(await give(asked())).toBe("dead-letter");
    expect(state.published).toHaveLength(1);
  });

  it("counts data that no wire can carry as the function's bug", async () => {
    const { broker, state, give } = byHand();
    let handled = 0;
    const unsendable = fn({
      handle: (event) => {
        handled += 1;
        return [{ ...Answered.make({ source: "/answer", subject: "s", cause: event, data: { n: 1 } }), data: { n: 1n } }];
      },
    });
    const metrics = await hosted([unsendable], broker);
    expect(await give(asked())).toBe("dead-letter");
    expect(handled).toBe(3);
    expect(state.published).toEqual([]);
    expect(await metrics.registry.metrics()).toContain('dead_letters_total{fn="answer",code="INTERNAL"} 1');
  });

  it("still ends when telling of the end fails", async () => {
    const { broker, give } = byHand();
    const broken = fn({
      handle: () => Promise.reject(new Error("why")),
      exhausted: () => {
        throw new Error("that too");
      },
    });
    await hosted([broken], broker);
    expect(await give(asked())).toBe("dead-letter");
  });

  it("acknowledges what is not meant for the function", async () => {
    const { broker, state, give } = byHand();
    await hosted([fn({ where: { region: "es" } })], broker);
    expect(await give(asked())).toBe("ack");
    expect(state.published).toEqual([]);
  });

  it("counts what happened", async () => {
    const { broker, give } = byHand();
    const metrics = await hosted([fn()], broker);
    await give(asked(), "answer", 1);
    const text = await metrics.registry.metrics();
    expect(text).toContain('invocations_total{fn="answer",outcome="done",code=""} 1');
    expect(text).toContain('redeliveries_total{fn="answer"} 1');
    expect(text).toContain('events_published_total{type="t.answered.v1"} 1');
    expect(text).toContain('invocation_seconds_count{fn="answer"} 1');
  });
});

describe("a message that comes back again and again", () => {
  const failing = {
    exhausted: (event: Event, { code }: { readonly code: string }) => [
      Answered.make({ source: "/x", subject: code, cause: event, data: { n: -1 } }),
    ],
  };

  it("is tried like any other after one return, which any restart causes", async () => {
    const { broker, state, give } = byHand();
    await hosted([fn()], broker);
    expect(await give(asked(), "answer", 1)).toBe("ack");
    expect(state.published.map(({ type }) => type)).toEqual([Answered.type]);
  });

  it("goes on alone after the second, as it was and with nothing of its first queue on it", async () => {
    const { broker, state, give } = byHand();
    const metrics = await hosted([fn()], broker);
    const event = asked();
    expect(await give(event, "answer", 2)).toBe("ack");
    expect(state.published).toMatchObject([{ exchange: "", routingKey: "nemo.fn.answer.quarantine", messageId: "ask-1" }]);
    const [moved] = state.published;
    expect(moved?.headers).toEqual(encodeAmqp(event).headers);
    expect(decodeAmqp({ ...(moved as Outgoing), redelivered: false })).toEqual(event);
    expect(await metrics.registry.metrics()).toContain('isolations_total{fn="answer"} 1');
  });

  it("goes back where it was when the broker does not take it", async () => {
    const { broker, state, give } = byHand();
    await hosted([fn()], broker);
    state.down = true;
    expect(await give(asked(), "answer", 2)).toBe("requeue");
  });

  it("is tried alone, and given up with a word when the process ended over it three times", async () => {
    const { broker, state, give } = byHand();
    await hosted([fn(failing)], broker);
    expect(await give(asked(), "answer.quarantine", 2)).toBe("ack");
    expect(await give(asked(2), "answer.quarantine", 3)).toBe("dead-letter");
    expect(state.published.map(({ headers }) => headers["subject"])).toEqual(["s", "FUNCTION_CRASHED"]);
  });

  it("is one at a time, and its dead letters are its function's", async () => {
    const { broker, state } = byHand();
    await hosted([fn()], broker);
    const quarantine = state.queues.find(({ name }) => name === "nemo.fn.answer.quarantine");
    expect(quarantine).toMatchObject({ prefetch: 1, deadLettersOf: "nemo.fn.answer", bindings: [] });
  });
});

it("lets a wait end within the grace of a stop, so that nothing is delivered twice", async () => {
  const { broker, give } = byHand();
  let tries = 0;
  const slow = fn({
    handle: (event) => {
      tries += 1;
      if (tries === 1) throw new TransientError("PENDING", "not yet", { retryAfterMs: 30 });
      return base.handle(event as never, undefined as never);
    },
  });
  const waiting: Promise<Settlement>[] = [];
  const idling: Broker = {
    ...broker,
    consume: async (queue, deliver) => {
      await broker.consume(queue, deliver);
      return { stop: async () => void (await Promise.all(waiting)) }; // as a broker's consumer does
    },
  };
  await hosted([slow], idling, { patienceMs: 10_000 });
  waiting.push(give(asked()));
  await host?.stop();
  expect(await Promise.all(waiting)).toEqual(["ack"]);
});

describe("fused functions", () => {
  const end = (over: Partial<Fn> = {}): Fn => fn({ name: "end", on: [Answered], emits: [], handle: () => [], ...over });

  it("keep an event in memory only where all that consume it are fused", async () => {
    const exchangeOf = async (options: LocalOptions<unknown>, functions: readonly Fn[]) => {
      const { broker, state, give } = byHand();
      await hosted(functions, broker, options);
      expect(await give(asked())).toBe("ack");
      await host?.stop();
      return state.published.map(({ exchange }) => exchange);
    };
    const fuse = new Set(["end"]);
    expect(await exchangeOf({ fuse }, [fn(), end()])).toEqual(["nemo.log"]);
    expect(await exchangeOf({ fuse }, [fn(), end(), end({ name: "other" })])).toEqual([undefined]);
    expect(await exchangeOf({ fuse, elsewhere: [end({ name: "other" })] }, [fn(), end()])).toEqual([undefined]);
    expect(await exchangeOf({ fuse, elsewhere: [end({ name: "other", where: { executioner: "x" } })] }, [fn(), end()])).toEqual([
      "nemo.log",
    ]);
    expect(await exchangeOf({ fuse }, [fn(), end({ where: { executioner: "x" } })])).toEqual([undefined]);
  });

  it("publish in one batch, and settle only after it, the first one first", async () => {
    const { broker, state, give } = byHand();
    const order: string[] = [];
    const noting = (name: string) => ({
      settled: () => Promise.resolve(void order.push(`${name} after ${String(state.published.length)}`)),
    });
    await hosted([fn(noting("answer")), end(noting("end"))], broker, { fuse: new Set(["answer", "end"]) });
    await give(asked());
    expect(state.tries).toBe(1);
    expect(order).toEqual(["answer after 1", "end after 1"]);
  });

  it("share no object with whom they hand an event to", async () => {
    const { broker, state, give } = byHand();
    const vandal = end({
      handle: (event) => {
        (event.data as { n: number }).n = 666;
        return [];
      },
    });
    await hosted([fn(), vandal], broker, { fuse: new Set(["end"]) });
    await give(asked(5));
    expect(state.published.flatMap((message) => decodeLog({ ...message, redelivered: false }).map(({ data }) => data))).toEqual([{ n: 5 }]);
  });

  it("go back to the queue as a whole when the host stops, and nothing was published", async () => {
    const { broker, state, give } = byHand();
    const pending = end({ handle: () => Promise.reject(new TransientError("PENDING", "not yet", { retryAfterMs: 60_000 })) });
    await hosted([fn(), pending], broker, { fuse: new Set(["end"]), patienceMs: 120_000 });
    const settlement = give(asked());
    await new Promise((resolve) => setTimeout(resolve, 10));
    await host?.stop();
    expect([await settlement, state.published]).toEqual(["requeue", []]);
  });

  it("hold a function's limit, however many events are handed to it at once", async () => {
    const { broker, give } = byHand();
    let inside = 0;
    let most = 0;
    const slow = end({
      concurrency: 2,
      async handle() {
        most = Math.max(most, (inside += 1));
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside -= 1;
        return [];
      },
    });
    const many = fn({
      handle: (event) =>
        Array.from({ length: 10 }, (_, index) => Answered.make({ source: "/a", subject: "s", cause: event, index, data: { n: index } })),
    });
    await hosted([many, slow], broker, { fuse: new Set(["end"]) });
    await give(asked());
    expect(most).toBe(2);
  });

  it("have to be hosted here", async () => {
    const { broker } = byHand();
    await expect(hosted([fn()], broker, { fuse: new Set(["nobody"]) })).rejects.toThrow(/nobody/);
  });
});

describe("a clock", () => {
  it("starts what is due, until the host stops", async () => {
    const broker = openMemoryBroker();
    const seen: Event[] = [];
    const ticking = fn({ every: "* * * * * *", handle: (event) => (seen.push(event), []) });
    await hosted([ticking, fn({ name: "no-clock", on: [] })], broker, { clockEvents: (name) => (name === "answer" ? [asked(7)] : []) });
    const end = performance.now() + 5_000;
    while (seen.length === 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen[0]).toMatchObject({ type: Asked.type, data: { n: 7 } });
    await host?.stop();
    const count = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(seen).toHaveLength(count);
    await broker.close();
  });
});

it("stops what it has begun when one queue cannot be consumed", async () => {
  let stopped = 0;
  const { broker } = byHand();
  const refusing: Broker = {
    ...broker,
    consume: (queue) =>
      queue.name === "nemo.fn.bad"
        ? Promise.reject(new TransientError("BROKER_UNAVAILABLE", "no"))
        : Promise.resolve({ stop: () => Promise.resolve(void (stopped += 1)) }),
  };
  await expect(hosted([fn(), fn({ name: "bad" })], refusing)).rejects.toThrow(/no/);
  expect(stopped).toBe(3); // the other's, and both quarantines
});
