import { z } from "zod";
import { ok, type Outcome, refuse } from "../../../outcome.ts";
import { readContexts, readTargets } from "../../attributes.ts";
import type { IntentLibrary, TranslationRefusal } from "../../library.ts";
import type { ExpectationTarget, Intent, IntentExpectation } from "../../model.ts";
import { effectName } from "../../name.ts";
import type { Order } from "../../order.ts";
import { latencyMs, nodeName, plainName } from "../../values.ts";
import type { TsnStreamOrder } from "./payload.ts";

/*
 * TSN_STREAM is an object type of our own: D2.3 has TSN (section 5) and no intent for it. A stream between two stations of a network whose
 * gates are scheduled, with the latency and the jitter that it may have.
 */

/** Ms, or a number with a unit; kept as ns, of which there has to be a whole number. */
const duration = latencyMs.transform((ms, context) => {
  const ns = Math.round(ms * 1e6);
  if (ns >= 1 && ns <= 60_000_000_000 && Math.abs(ns - ms * 1e6) < 1e-3) return ns;
  context.addIssue({ code: "custom", message: "expected a whole number of ns, at most a minute" });
  return z.NEVER;
});

const wholeNumber = (least: number, most: number) => {
  const expected = { error: `expected a whole number from ${String(least)} to ${String(most)}` };
  const digits = z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number);
  return z.union([z.int(), digits], expected).refine((n) => n >= least && n <= most, expected);
};

const objectContexts = z.strictObject({
  talker: nodeName,
  listener: nodeName,
  interval: duration,
  /** Octets of payload of one message. */
  frameSize: wholeNumber(1, 65_535),
  trafficClass: wholeNumber(0, 7).default(7),
  seamlessTrees: wholeNumber(1, 4).default(1),
});
const expectationContexts = z.strictObject({ domain: plainName });

const upTo = ["IS_EQUAL_TO", "IS_EQUAL_TO_OR_LESS_THAN", "IS_LESS_THAN"] as const;
const targets = { latency: { value: duration, conditions: upTo }, jitter: { value: duration, conditions: upTo } } as const;

export const library: IntentLibrary = {
  name: "tsn-stream",
  summary: "Time-sensitive stream through a network of scheduled gates (ILU).",
  selects: [["cloud_continuum", "DELIVER", "TSN_STREAM"]],
  translate(intent) {
    const orders: Order[] = [];
    for (const [i, expectation] of intent.intentExpectations.entries()) {
      const order = orderOf(intent, expectation, `/intentExpectations/${String(i)}`);
      if (!order.ok) return order;
      orders.push(order.value);
    }
    return ok({ kind: "orders", orders });
  },
};

function orderOf({ id }: Intent, expectation: IntentExpectation, place: string): Outcome<Order, TranslationRefusal> {
  const { expectationId, expectationObject, expectationTargets } = expectation;
  const objectPlace = `${place}/expectationObject/objectContexts`;
  const object = readContexts(objectContexts, expectationObject.objectContexts, objectPlace);
  if (!object.ok) return object;
  const bounds = readTargets(targets, expectationTargets, `${place}/expectationTargets`);
  if (!bounds.ok) return bounds;
  const around = readContexts(expectationContexts, expectation.expectationContexts, `${place}/expectationContexts`);
  if (!around.ok) return around;
  const { talker, listener, interval, frameSize, trafficClass, seamlessTrees } = object.value;
  if (talker === listener) return refuse("CONTEXT_INVALID", "talker and listener are the same node", objectPlace);

  const stream = effectName(id, expectationId);
  const { domain } = around.value;
  const { latency, jitter } = bounds.value;
  const payload: TsnStreamOrder = {
    stream,
    domain,
    talker,
    listener,
    intervalNs: interval,
    frameBytes: frameSize,
    // Who says nothing of latency wants each message before the next one.
    maxLatencyNs: latency === undefined ? interval : below(expectationTargets, "latency", latency),
    ...(jitter === undefined ? {} : { maxJitterNs: below(expectationTargets, "jitter", jitter) }),
    trafficClass,
    trees: seamlessTrees,
  };
  return ok({ executioner: "tsn", resource: `stream/${domain}/${stream}`, expectationIds: [expectationId], origins: [], payload });
}

/** The largest whole number of ns that the target's condition lets through. */
const below = (all: readonly ExpectationTarget[], name: string, ns: number): number =>
  all.find((t) => t.targetName === name)?.targetCondition === "IS_LESS_THAN" ? ns - 1 : ns;
