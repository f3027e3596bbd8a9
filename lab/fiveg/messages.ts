import { z } from "zod";

/*
 * The data types of 3GPP TS 29.122 AsSessionWithQoS (Rel-18) that a flow with quality needs. A real NEF may ignore an attribute that it
 * does not know; this one refuses it, so that a misspelt one is found.
 */

const bitRate = z.string().regex(/^\d+(\.\d+)? (bps|Kbps|Mbps|Gbps|Tbps)$/);
const durationSec = z.int().nonnegative();
const volume = z.int().nonnegative();
const ipv4 = z
  .string()
  .regex(/^(([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])\.){3}([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$/);

/** `permit` only, no options: an IPFilterRule of RFC 6733 with the limits of TS 29.214. */
const place = String.raw`(?:any|\d+\.\d+\.\d+\.\d+(?:\/\d+)?)(?: \d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)?`;
const filterRule = z.string().regex(new RegExp(String.raw`^permit (?:in|out) (?:ip|\d+) from ${place} to ${place}$`));

const flowInfo = z.strictObject({ flowId: z.int(), flowDescriptions: z.array(filterRule).min(1).max(2).optional() });
const tscQosReq = z.strictObject({
  reqGbrDl: bitRate.optional(),
  reqGbrUl: bitRate.optional(),
  reqMbrDl: bitRate.optional(),
  reqMbrUl: bitRate.optional(),
  maxTscBurstSize: z.int().min(1).max(2_000_000).optional(),
  req5Gsdelay: z.int().min(1).optional(),
  priority: z.int().min(1).max(127).optional(),
});
const qosMonInfo = z.strictObject({
  reqQosMonParams: z.array(z.string()).min(1),
  repFreqs: z.array(z.string()).min(1),
  repThreshDl: z.int().optional(),
  repThreshUl: z.int().optional(),
  repThreshRp: z.int().optional(),
  waitTime: durationSec.optional(),
  repPeriod: durationSec.optional(),
});
const usageThreshold = z.strictObject({
  duration: durationSec.optional(),
  totalVolume: volume.optional(),
  downlinkVolume: volume.optional(),
  uplinkVolume: volume.optional(),
});

/** What a PATCH may change: everything else was said once and for all. */
const patchable = {
  notificationDestination: z.string().refine((text) => URL.canParse(text), "not a URI"),
  exterAppId: z.string().optional(),
  flowInfo: z.array(flowInfo).min(1).optional(),
  qosReference: z.string().min(1).optional(),
  altQoSReferences: z.array(z.string()).min(1).optional(),
  tscQosReq: tscQosReq.optional(),
  qosMonInfo: qosMonInfo.optional(),
  usageThreshold: usageThreshold.optional(),
  qosDuration: durationSec.optional(),
  events: z.array(z.string()).min(1).optional(),
};
/** Attributes of a PATCH; their values are judged in the subscription that comes of it. */
export const patchableNames: ReadonlySet<string> = new Set(Object.keys(patchable));

export const AsSessionWithQos = z.strictObject({
  ...patchable,
  dnn: z.string().optional(),
  snssai: z
    .strictObject({
      sst: z.int().min(0).max(255),
      sd: z
        .string()
        .regex(/^[A-Fa-f0-9]{6}$/)
        .optional(),
    })
    .optional(),
  ueIpv4Addr: ipv4.optional(),
  ipDomain: z.string().optional(),
  supportedFeatures: z
    .string()
    .regex(/^[A-Fa-f0-9]*$/)
    .optional(),
});
export type AsSessionWithQos = z.infer<typeof AsSessionWithQos>;

/** The query `ip-addrs`: an array of IpAddr, as JSON. */
export const IpAddrs = z.array(z.strictObject({ ipv4Addr: ipv4 })).min(1);

const units: Readonly<Record<string, number>> = { bps: 1e-6, Kbps: 1e-3, Mbps: 1, Gbps: 1e3, Tbps: 1e6 };

export function megabits(rate: string | undefined): number {
  const [number = "0", unit = "bps"] = (rate ?? "").split(" ");
  return Number(number) * (units[unit] ?? 0);
}

/** RFC 7396. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
