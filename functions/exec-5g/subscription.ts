import { z } from "zod";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import { durationS, type KnownUe, stopMoved } from "./face.ts";
import { filtersOf, flowInfo } from "./filter.ts";

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

/** The parts of AsSessionWithQoSSubscription (TS 29.122 5.14.2.1.2) that a flow is told by; only the destination is required there. */
export const Subscription = z.object({
  self: optional(z.string()),
  notificationDestination: z.string(),
  ueIpv4Addr: optional(z.string()),
  flowInfo: optional(z.array(z.object({ flowDescriptions: z.array(z.string()).default([]) }))),
  qosReference: optional(z.string()),
  tscQosReq: optional(z.object({ reqGbrUl: optional(z.string()), reqGbrDl: optional(z.string()) })),
  qosMonInfo: optional(z.object({ repPeriod: optional(z.number()) })),
  qosDuration: optional(z.number()),
});
export type Subscription = z.infer<typeof Subscription>;

/** TS 29.571 BitRate, which has no exponents. */
export const bitRate = (mbps: number): string => `${mbps.toFixed(6).replace(/\.?0+$/, "")} Mbps`;

const mbpsPer: Readonly<Record<string, number>> = { bps: 1e-6, Kbps: 1e-3, Mbps: 1, Gbps: 1e3, Tbps: 1e6 };

/** Mbit/s; undefined where it is no BitRate. */
export function mbpsOf(rate: string | undefined): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ([KMGT]?bps)$/.exec(rate ?? "") ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * (mbpsPer[unit] ?? Number.NaN) * 1e6) / 1e6;
}

/** What the core was told to guarantee, in the intent's words and units: Mbit/s. */
export function declaredBy({ tscQosReq }: Subscription): Readonly<Record<string, number>> {
  const ulCapacity = mbpsOf(tscQosReq?.reqGbrUl);
  const dlCapacity = mbpsOf(tscQosReq?.reqGbrDl);
  return { ...(ulCapacity === undefined ? {} : { ulCapacity }), ...(dlCapacity === undefined ? {} : { dlCapacity }) };
}

const always = ["QOS_GUARANTEED", "QOS_NOT_GUARANTEED", "SESSION_TERMINATION"];

const eventsOf = ({ reportPeriodS }: Flow5g): readonly string[] =>
  reportPeriodS === undefined ? always : [...always, "QOS_MONITORING", "USAGE_REPORT"];

const ratesOf = ({ ulCapacityMbps, dlCapacityMbps }: Flow5g): Readonly<Record<string, string>> => ({
  ...(ulCapacityMbps === undefined ? {} : { reqGbrUl: bitRate(ulCapacityMbps) }),
  ...(dlCapacityMbps === undefined ? {} : { reqGbrDl: bitRate(dlCapacityMbps) }),
});

const monitoring = (repPeriod: number): object => ({
  reqQosMonParams: ["UPLINK", "DOWNLINK", "ROUND_TRIP"],
  repFreqs: ["PERIODIC"],
  repPeriod,
});

/** Delays and usage, both as often. */
const monitored = (periodS: number): object => ({ qosMonInfo: monitoring(periodS), usageThreshold: { duration: periodS } });

/** The whole subscription, as POST and PUT take it. */
export function body(wanted: KnownUe): object {
  const { flow, ue, destination } = wanted;
  const duration = durationS(wanted);
  return {
    notificationDestination: destination,
    ueIpv4Addr: ue,
    flowInfo: flowInfo(flow, ue),
    qosReference: flow.profile,
    tscQosReq: ratesOf(flow),
    ...(flow.reportPeriodS === undefined ? {} : monitored(flow.reportPeriodS)),
    ...(duration === undefined ? {} : { qosDuration: duration }),
    events: eventsOf(flow),
  };
}

type Difference =
  | "objectInstance"
  | "ip4Filter"
  | "profile"
  | "ulCapacity"
  | "dlCapacity"
  | "observationPeriod"
  | "stopTime"
  | "notificationDestination";

/** Names, in the intent's words, of what the subscription has otherwise than wanted. */
export function differences(has: Subscription, wanted: KnownUe, before?: Flow5g): readonly Difference[] {
  const { flow, ue, destination } = wanted;
  const rates = declaredBy(has);
  const endsAsWanted =
    flow.qosDurationS === undefined && flow.stopTime !== undefined
      ? has.qosDuration !== undefined && !stopMoved(flow, before)
      : has.qosDuration === flow.qosDurationS;
  const isAsWanted: Readonly<Record<Difference, boolean>> = {
    objectInstance: has.ueIpv4Addr === ue,
    ip4Filter: filtersOf(has.flowInfo ?? []) === filtersOf(flowInfo(flow, ue)),
    profile: has.qosReference === flow.profile,
    ulCapacity: rates["ulCapacity"] === flow.ulCapacityMbps,
    dlCapacity: rates["dlCapacity"] === flow.dlCapacityMbps,
    observationPeriod: has.qosMonInfo?.repPeriod === flow.reportPeriodS,
    stopTime: endsAsWanted,
    notificationDestination: has.notificationDestination === destination,
  };
  return (Object.keys(isAsWanted) as Difference[]).filter((name) => !isAsWanted[name]);
}

/** A PATCH of TS 29.122 has no `ueIpv4Addr`: for another address the subscription is made anew. */
export const mustMakeAnew = (differs: readonly Difference[]): boolean => differs.includes("objectInstance");

/** RFC 7396: only what differs; null takes away. */
export function mergePatch(wanted: KnownUe, differs: readonly Difference[]): object {
  const { flow, ue, destination } = wanted;
  const rates = ratesOf(flow);
  const has = (name: Difference): boolean => differs.includes(name);
  const changedRates = {
    ...(has("ulCapacity") ? { reqGbrUl: rates["reqGbrUl"] ?? null } : {}),
    ...(has("dlCapacity") ? { reqGbrDl: rates["reqGbrDl"] ?? null } : {}),
  };
  return {
    ...(has("notificationDestination") ? { notificationDestination: destination } : {}),
    ...(has("ip4Filter") ? { flowInfo: flowInfo(flow, ue) } : {}),
    ...(has("profile") ? { qosReference: flow.profile } : {}),
    ...(Object.keys(changedRates).length === 0 ? {} : { tscQosReq: changedRates }),
    ...(has("observationPeriod")
      ? {
          ...(flow.reportPeriodS === undefined ? { qosMonInfo: null, usageThreshold: null } : monitored(flow.reportPeriodS)),
          events: eventsOf(flow),
        }
      : {}),
    ...(has("stopTime") ? { qosDuration: durationS(wanted) ?? null } : {}),
  };
}
