import { z } from "zod";
import { ok, type Outcome, refuse } from "../../outcome.ts";
import { dateTimeOf } from "../formats/times.ts";
import type { FiveGsBridge, FiveGsPort } from "./bridge.ts";
import type { FiveQi } from "./five-qi.ts";
import type { Aggregate } from "./tscai.ts";

/*
 * The body of `POST …/npcf-policyauthorization/v1/app-sessions` (3GPP TS 29.514 V18), by which a TSN AF asks for a QoS flow. The schema is
 * ours, and stricter than the published one, which lets unknown members and contradictions pass.
 */

const mac = z.string().regex(/^[0-9A-F]{2}(?:-[0-9A-F]{2}){5}$/);
const bitRate = z.string().regex(/^\d+(?:\.\d+)? (?:bps|Kbps|Mbps|Gbps|Tbps)$/);
const dateTime = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$/);

const tscai = z.strictObject({
  /** µs. */
  periodicity: z.int().min(1).max(640_000),
  burstArrivalTime: dateTime,
  surTimeInNumMsg: z.int().positive().optional(),
});

const ethernetFlow = z.strictObject({
  ethType: z.string().regex(/^[0-9A-F]{4}$/),
  fDir: z.enum(["DOWNLINK", "UPLINK", "BIDIRECTIONAL"]),
  sourceMacAddr: mac.optional(),
  destMacAddr: mac.optional(),
  vlanTags: z
    .array(z.string().regex(/^[0-9A-F]{4}$/))
    .min(1)
    .max(2)
    .optional(),
});

const mediaComponent = z
  .strictObject({
    medCompN: z.int().positive(),
    fStatus: z.literal("ENABLED"),
    medType: z.literal("CONTROL"),
    tscaiTimeDom: z.int().nonnegative().optional(),
    tsnQos: z
      .strictObject({
        /** Whole ms, 1 at least. */
        tscPackDelay: z.int().min(1),
        maxPer: z.string().regex(/^[0-9]E-[0-9]$/),
        tscPrioLevel: z.int().min(1).max(8),
      })
      .optional(),
    tscaiInputUl: tscai.optional(),
    tscaiInputDl: tscai.optional(),
    marBwUl: bitRate.optional(),
    marBwDl: bitRate.optional(),
    mirBwUl: bitRate.optional(),
    mirBwDl: bitRate.optional(),
    medSubComps: z.record(
      z.string().regex(/^[1-9]\d*$/),
      z.strictObject({
        fNum: z.int().positive(),
        fStatus: z.enum(["ENABLED", "ENABLED-DOWNLINK", "ENABLED-UPLINK"]),
        ethfDescs: z.array(ethernetFlow).min(1).max(2),
      }),
    ),
  })
  .refine((one) => one.tsnQos === undefined || (one.tscaiInputUl === undefined) !== (one.tscaiInputDl === undefined), {
    error: "expected the pattern of one direction",
  });

/** `AppSessionContext`, as far as we ask. */
export const AppSessionContext = z.strictObject({
  ascReqData: z.strictObject({
    notifUri: z.url(),
    suppFeat: z.string().regex(/^[0-9A-Fa-f]*$/),
    ueMac: mac,
    afAppId: z.string().min(1),
    dnn: z.string().min(1).optional(),
    tscNotifUri: z.url().optional(),
    tscNotifCorreId: z.string().min(1).optional(),
    evSubsc: z.strictObject({ events: z.array(z.strictObject({ event: z.literal("TSN_BRIDGE_INFO") })), notifUri: z.url() }),
    medComponents: z.record(z.string().regex(/^[1-9]\d*$/), mediaComponent),
  }),
});
export type AppSessionContext = z.infer<typeof AppSessionContext>;
type MediaComponent = z.infer<typeof mediaComponent>;

/** What identifies the frames of one stream. */
export interface EthernetFlow {
  readonly destinationMac: string;
  readonly sourceMac?: string | undefined;
  readonly vlanId: number;
}

/** One QoS flow that a DS-TT's PDU session is to have. */
export interface QosRequest {
  readonly aggregate: Aggregate;
  readonly direction: "uplink" | "downlink";
  readonly fiveQi: FiveQi;
  /** What of the 5GS bridge's delay is between UE and UPF: without the UE-DS-TT residence time. */
  readonly packetDelayMs: number;
  readonly flows: readonly EthernetFlow[];
}

export type NpcfRefusal = "TSCAI_PERIODICITY" | "TSCAI_DELAY";

/** The session of one DS-TT with all flows that it needs, those for LLDP included. */
export function appSession(
  bridge: FiveGsBridge,
  dstt: FiveGsPort,
  requests: readonly QosRequest[],
  needsLldp: boolean,
): Outcome<AppSessionContext, NpcfRefusal> {
  const components: [string, MediaComponent][] = [];
  for (const request of requests) {
    const component = componentOf(bridge, request, components.length + 1);
    if (!component.ok) return component;
    components.push([String(components.length + 1), component.value]);
  }
  if (needsLldp) components.push([String(components.length + 1), lldpComponent(components.length + 1)]);
  const { afAppId, notifUri, tscNotifUri, dnn } = bridge.af;
  const body = {
    ascReqData: {
      notifUri,
      suppFeat: "0",
      ueMac: dstt.macAddress,
      afAppId,
      ...(dnn === undefined ? {} : { dnn }),
      ...(tscNotifUri === undefined ? {} : { tscNotifUri, tscNotifCorreId: `${bridge.bridgeId}-${String(dstt.portNumber)}` }),
      evSubsc: { events: [{ event: "TSN_BRIDGE_INFO" as const }], notifUri },
      medComponents: Object.fromEntries(components),
    },
  };
  return ok(AppSessionContext.parse(body));
}

const MAX_PERIOD_US = 640_000;

function componentOf(bridge: FiveGsBridge, request: QosRequest, number: number): Outcome<MediaComponent, NpcfRefusal> {
  const { aggregate, direction, fiveQi, packetDelayMs, flows } = request;
  const periodUs = aggregate.periodicityNs / 1000;
  if (!Number.isInteger(periodUs) || periodUs > MAX_PERIOD_US)
    return refuse(
      "TSCAI_PERIODICITY",
      `a period of ${String(aggregate.periodicityNs)} ns is not a whole number of µs up to ${String(MAX_PERIOD_US)}`,
    );
  if (packetDelayMs < 1) return refuse("TSCAI_DELAY", "less than 1 ms for the way between UE and UPF cannot be asked of a PCF");
  const isUp = direction === "uplink";
  const pattern = {
    periodicity: periodUs,
    burstArrivalTime: dateTimeOf(aggregate.burstArrivalNs),
    ...(bridge.survivalMessages === undefined ? {} : { surTimeInNumMsg: bridge.survivalMessages }),
  };
  const rate = bitRateOf(aggregate.burstBytes, aggregate.periodicityNs);
  return ok({
    medCompN: number,
    fStatus: "ENABLED",
    medType: "CONTROL",
    tscaiTimeDom: bridge.timeDomain,
    // `maxTscBurstSize` begins at 4096 octets, above all that a 5QI takes: the burst is the 5QI's to say.
    tsnQos: { tscPackDelay: packetDelayMs, maxPer: fiveQi.packetErrorRate, tscPrioLevel: priorityOf(aggregate.trafficClass) },
    ...(isUp ? { tscaiInputUl: pattern, marBwUl: rate, mirBwUl: rate } : { tscaiInputDl: pattern, marBwDl: rate, mirBwDl: rate }),
    medSubComps: Object.fromEntries(
      flows.map((flow, i) => [
        String(i + 1),
        {
          fNum: i + 1,
          fStatus: isUp ? ("ENABLED-UPLINK" as const) : ("ENABLED-DOWNLINK" as const),
          ethfDescs: [
            {
              ethType: "8100",
              fDir: isUp ? ("UPLINK" as const) : ("DOWNLINK" as const),
              ...(flow.sourceMac === undefined ? {} : { sourceMacAddr: flow.sourceMac }),
              destMacAddr: flow.destinationMac,
              vlanTags: [flow.vlanId.toString(16).toUpperCase().padStart(4, "0")],
            },
          ],
        },
      ]),
    ),
  });
}

/** Class 7 is the most urgent there, 1 here. */
const priorityOf = (trafficClass: number): number => 8 - trafficClass;

/** For neighbour discovery in a DS-TT's place: LLDP frames on a QoS flow of their own, by their EtherType (TS 23.501 5.28.3). */
const lldpComponent = (number: number): MediaComponent => ({
  medCompN: number,
  fStatus: "ENABLED",
  medType: "CONTROL",
  medSubComps: { "1": { fNum: 1, fStatus: "ENABLED", ethfDescs: [{ ethType: "88CC", fDir: "BIDIRECTIONAL" }] } },
});

/** TS 29.571 BitRate: one burst a period, rounded up to whole bit/s, in the largest unit that tells it exactly in three decimals. */
export function bitRateOf(burstBytes: number, periodNs: number): string {
  const bps = (BigInt(burstBytes) * 8_000_000_000n + BigInt(periodNs) - 1n) / BigInt(periodNs);
  const [unit, scale] = [["Gbps", 1_000_000_000n] as const, ["Mbps", 1_000_000n] as const, ["Kbps", 1000n] as const].find(
    ([, of]) => bps >= of && (bps * 1000n) % of === 0n,
  ) ?? ["bps", 1n];
  return `${String(Number((bps * 1000n) / scale) / 1000)} ${unit}`;
}
