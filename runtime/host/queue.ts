import { EVENTS_EXCHANGE, type Queue } from "../broker/broker.ts";
import { type HostedFunction, whereOf } from "../function.ts";
import { CONCURRENCY } from "./calls.ts";

const DELIVERY_LIMIT = 20;

export const queueName = <B>(fn: HostedFunction<B>): string => `nemo.fn.${fn.name}`;

/** For what may end the process that takes it: one at a time, so that only the one which does is counted. */
export const quarantineOf = <B>(fn: HostedFunction<B>): Queue => ({
  name: `${queueName(fn)}.quarantine`,
  bindings: [],
  prefetch: 1,
  deliveryLimit: DELIVERY_LIMIT,
  deadLettersOf: queueName(fn),
});

/** A function's queue. `#` stands for no word or any number of them, so one binding takes a type with and without an executioner. */
export function queueOf<B>(fn: HostedFunction<B>): Queue {
  return {
    name: queueName(fn),
    bindings: fn.on.map((consumed) => ({
      exchange: EVENTS_EXCHANGE,
      exchangeType: "topic",
      key: `${consumed.type}.${whereOf(fn, consumed)["executioner"] ?? "#"}`,
    })),
    prefetch: fn.concurrency ?? CONCURRENCY,
    deliveryLimit: DELIVERY_LIMIT,
  };
}
