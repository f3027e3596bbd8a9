import { z } from "zod";
import { ok, type Outcome, refuse } from "../../../outcome.ts";
import { readContexts, readTargets } from "../../attributes.ts";
import type { IntentLibrary, TranslationRefusal } from "../../library.ts";
import type { ExpectationTarget, Intent, IntentExpectation } from "../../model.ts";
import { effectName } from "../../name.ts";
import type { Order } from "../../order.ts";
import { httpUrl, plainName } from "../../values.ts";
import { claims } from "./claims.ts";
import type { Flow5g } from "./payload.ts";
import { capacityMbps, instant, portNumbers, remoteAddress, supi } from "./values.ts";

type Refusing<T> = Outcome<T, TranslationRefusal>;

// D2.3 table 2.
const objectContexts = z
  .strictObject({
    ip4Address: remoteAddress,
    type: z.enum(["IN", "OUT", "BOTH"], { error: "expected IN, OUT or BOTH" }),
    portType: z.enum(["TCP", "UDP", "ANY"], { error: "expected TCP, UDP or ANY" }),
    portNumber: portNumbers.optional(),
  })
  // Forgetting the port would give the quality to every port: whoever wants that says ANY.
  .refine(({ portType, portNumber }) => portType === "ANY" || portNumber !== undefined, {
    error: "needed with TCP and UDP",
    path: ["portNumber"],
  });

// D2.3 table 3.
const targets = {
  ulCapacity: { value: capacityMbps, conditions: ["IS_EQUAL_TO"] },
  dlCapacity: { value: capacityMbps, conditions: ["IS_EQUAL_TO"] },
} as const;
const targetContexts = z.strictObject({ profile: plainName });

// D2.3 table 4; reading has made `starTime` into `startTime`.
const expectationContexts = z.strictObject({ url: httpUrl.optional(), startTime: instant.optional(), stopTime: instant.optional() });

/**
 * Flows of 5G subscribers, with guaranteed rates. The order carries both times and, where both are given, the duration between them.
 * The order waits for its start, also over a restart, and is taken back at its stop where the core has not ended it by then.
 */
export const library: IntentLibrary = {
  name: "slice-5g-flow",
  summary: "Quality of service for a data flow of a 5G subscriber (ILU).",
  selects: [
    ["cloud_continuum", "DELIVER", "5G_SLICE_FLOW"],
    ["cloud_continuum", "CREATE", "5G_SLICE_FLOW"],
  ],
  claims,
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

function orderOf({ id, observationPeriod }: Intent, expectation: IntentExpectation, place: string): Refusing<Order> {
  const { expectationId, expectationObject } = expectation;
  const subscriber = subscriberOf(expectationObject.objectInstance, `${place}/expectationObject/objectInstance`);
  if (!subscriber.ok) return subscriber;
  const object = readContexts(objectContexts, expectationObject.objectContexts, `${place}/expectationObject/objectContexts`);
  if (!object.ok) return object;
  const quality = qualityOf(expectation.expectationTargets, `${place}/expectationTargets`);
  if (!quality.ok) return quality;
  const around = readContexts(expectationContexts, expectation.expectationContexts, `${place}/expectationContexts`);
  if (!around.ok) return around;
  const { url, ...window } = around.value;
  const times = timesOf(window, `${place}/expectationContexts`);
  if (!times.ok) return times;

  const name = effectName(id, expectationId);
  const { ip4Address, portType, portNumber = [], type } = object.value;
  const payload: Flow5g = {
    name,
    supi: subscriber.value,
    ...quality.value,
    remote: { address: ip4Address, protocol: portType, ports: portNumber },
    direction: type,
    ...(observationPeriod === undefined ? {} : { reportPeriodS: observationPeriod }),
    ...times.value,
  };
  return ok({
    executioner: "5g",
    resource: `flow/${name}`,
    expectationIds: [expectationId],
    ...(url === undefined ? {} : { controller: url }),
    origins: [],
    ...windowOf(times.value),
    payload,
  });
}

const windowOf = ({ startTime, stopTime }: Pick<Flow5g, "startTime" | "stopTime">): Pick<Order, "window"> =>
  startTime === undefined && stopTime === undefined
    ? {}
    : { window: { ...(startTime === undefined ? {} : { from: startTime }), ...(stopTime === undefined ? {} : { until: stopTime }) } };

function subscriberOf(objectInstance: string | undefined, place: string): Refusing<string> {
  if (objectInstance === undefined) return refuse("CONTEXT_MISSING", "needs objectInstance, the subscriber's SUPI", place);
  const read = supi.safeParse(objectInstance);
  return read.success ? ok(read.data) : refuse("CONTEXT_INVALID", `objectInstance: ${read.error.issues[0]?.message ?? "invalid"}`, place);
}

type Quality = Pick<Flow5g, "profile" | "ulCapacityMbps" | "dlCapacityMbps">;

function qualityOf(expectationTargets: readonly ExpectationTarget[], place: string): Refusing<Quality> {
  const wanted = readTargets(targets, expectationTargets, place);
  if (!wanted.ok) return wanted;
  const { ulCapacity, dlCapacity } = wanted.value;
  let profile: string | undefined;
  for (const [i, target] of expectationTargets.entries()) {
    const at = `${place}/${String(i)}/targetContexts`;
    const read = readContexts(targetContexts, target.targetContexts ?? [], at);
    if (!read.ok) return read;
    if (profile !== undefined && profile !== read.value.profile)
      return refuse("CONTEXT_INVALID", "profile: a flow has one profile, and its targets name two", at);
    ({ profile } = read.value);
  }
  if (profile === undefined) return refuse("TARGET_INVALID", "needs the target ulCapacity or dlCapacity, or both", place);
  return ok({
    profile,
    ...(ulCapacity === undefined ? {} : { ulCapacityMbps: ulCapacity }),
    ...(dlCapacity === undefined ? {} : { dlCapacityMbps: dlCapacity }),
  });
}

type Window = { readonly startTime?: string | undefined; readonly stopTime?: string | undefined };

/** Whether the stop has passed by now is for who carries the order out: there is no clock here. */
function timesOf({ startTime, stopTime }: Window, place: string): Refusing<Pick<Flow5g, "startTime" | "stopTime" | "qosDurationS">> {
  const given = { ...(startTime === undefined ? {} : { startTime }), ...(stopTime === undefined ? {} : { stopTime }) };
  if (startTime === undefined || stopTime === undefined) return ok(given);
  const qosDurationS = Math.ceil((Date.parse(stopTime) - Date.parse(startTime)) / 1000);
  if (qosDurationS <= 0) return refuse("CONTEXT_INVALID", "stopTime: is not after startTime", place);
  return ok({ ...given, qosDurationS });
}
