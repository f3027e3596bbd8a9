import { describe, expect, it } from "vitest";
import { FiveGsBridge } from "./bridge.ts";
import { fiveQiFor } from "./five-qi.ts";
import { AppSessionContext, appSession, bitRateOf, type QosRequest } from "./npcf.ts";

const bridge = FiveGsBridge.parse({
  node: "5gs",
  bridgeId: "18446744073709551615",
  ports: [
    { neighbour: "sw", side: "nw-tt", portNumber: 1, macAddress: "02-00-00-00-00-01" },
    { neighbour: "robot", side: "ds-tt", portNumber: 2, macAddress: "02:00:00:00:00:0b", residenceNs: 300_000 },
  ],
  delays: [
    { direction: "uplink", delay: { minNs: 1, maxNs: 6_000_000 } },
    { direction: "downlink", delay: { minNs: 1, maxNs: 8_000_000 } },
  ],
  af: { notifUri: "http://tsn-af.nemo.svc/npcf", tscNotifUri: "http://tsn-af.nemo.svc/tsc" },
  survivalMessages: 1,
});
const [, dstt] = bridge.ports;
if (dstt === undefined) throw new Error("the bridge has two ports");
const qi = fiveQiFor(1200, 8);
if (!qi.ok) throw new Error(qi.reason);

const request = (more: Partial<QosRequest> = {}, aggregate: Partial<QosRequest["aggregate"]> = {}): QosRequest => ({
  aggregate: {
    streams: [{ stream: "s", tree: 0 }],
    trafficClass: 7,
    ingressPort: 1,
    egressPort: 2,
    burstArrivalNs: 1_767_225_600_000_200_000n,
    periodicityNs: 1_000_000,
    burstBytes: 1200,
    ...aggregate,
  },
  direction: "downlink",
  fiveQi: qi.value,
  packetDelayMs: 8,
  flows: [{ destinationMac: "02-00-00-00-00-0B", sourceMac: "02-00-00-00-00-0E", vlanId: 100 }],
  ...more,
});

describe("the body for Npcf_PolicyAuthorization", () => {
  it("is the one that TS 29.514's schema takes, field by field", () => {
    expect(appSession(bridge, dstt, [request()], false)).toEqual({
      ok: true,
      value: {
        ascReqData: {
          notifUri: "http://tsn-af.nemo.svc/npcf",
          suppFeat: "0",
          ueMac: "02-00-00-00-00-0B",
          afAppId: "nemo-tsn-af",
          tscNotifUri: "http://tsn-af.nemo.svc/tsc",
          tscNotifCorreId: "18446744073709551615-2",
          evSubsc: { events: [{ event: "TSN_BRIDGE_INFO" }], notifUri: "http://tsn-af.nemo.svc/npcf" },
          medComponents: {
            "1": {
              medCompN: 1,
              fStatus: "ENABLED",
              medType: "CONTROL",
              tscaiTimeDom: 0,
              tsnQos: { tscPackDelay: 8, maxPer: "1E-4", tscPrioLevel: 1 },
              tscaiInputDl: { periodicity: 1000, burstArrivalTime: "2026-01-01T00:00:00.000200000Z", surTimeInNumMsg: 1 },
              marBwDl: "9.6 Mbps",
              mirBwDl: "9.6 Mbps",
              medSubComps: {
                "1": {
                  fNum: 1,
                  fStatus: "ENABLED-DOWNLINK",
                  ethfDescs: [
                    {
                      ethType: "8100",
                      fDir: "DOWNLINK",
                      sourceMacAddr: "02-00-00-00-00-0E",
                      destMacAddr: "02-00-00-00-00-0B",
                      vlanTags: ["0064"],
                    },
                  ],
                },
              },
            },
          },
        },
      },
    });
  });

  it("says the other way up", () => {
    const body = appSession(bridge, dstt, [request({ direction: "uplink" })], false);
    expect(body.ok && body.value.ascReqData.medComponents["1"]).toMatchObject({
      tscaiInputUl: { periodicity: 1000 },
      marBwUl: "9.6 Mbps",
      medSubComps: { "1": { fStatus: "ENABLED-UPLINK", ethfDescs: [{ fDir: "UPLINK" }] } },
    });
  });

  it("asks for a flow of LLDP's EtherType where the NW-TT speaks in the DS-TT's place", () => {
    const body = appSession(bridge, dstt, [request()], true);
    expect(body.ok && body.value.ascReqData.medComponents["2"]).toMatchObject({
      medCompN: 2,
      medSubComps: { "1": { ethfDescs: [{ ethType: "88CC", fDir: "BIDIRECTIONAL" }] } },
    });
  });

  it("is refused where 3GPP's units cannot say it: a period of 62.5 µs, one above 640 ms, less than a ms of delay", () => {
    expect(appSession(bridge, dstt, [request({}, { periodicityNs: 62_500 })], false)).toMatchObject({ code: "TSCAI_PERIODICITY" });
    expect(appSession(bridge, dstt, [request({}, { periodicityNs: 641_000_000 })], false)).toMatchObject({ code: "TSCAI_PERIODICITY" });
    expect(appSession(bridge, dstt, [request({ packetDelayMs: 0 })], false)).toMatchObject({ code: "TSCAI_DELAY" });
  });

  const whole = (): Record<string, unknown> => {
    const body = appSession(bridge, dstt, [request()], false);
    if (!body.ok) throw new Error(body.reason);
    return structuredClone(body.value) as unknown as Record<string, unknown>;
  };
  const put = (path: string, value: unknown) => {
    const steps = path.split("/");
    const body = whole();
    const parent = steps.slice(0, -1).reduce<Record<string, unknown>>((at, step) => at[step] as Record<string, unknown>, body);
    parent[steps.at(-1) ?? ""] = value;
    return body;
  };
  const media = "ascReqData/medComponents/1";

  it.each<[string, string, unknown]>([
    ["a delay of 0", `${media}/tsnQos/tscPackDelay`, 0],
    ["a delay of half a ms", `${media}/tsnQos/tscPackDelay`, 0.5],
    ["an error rate in small letters", `${media}/tsnQos/maxPer`, "1e-5"],
    ["an error rate of two digits", `${media}/tsnQos/maxPer`, "1E-10"],
    ["priority 0", `${media}/tsnQos/tscPrioLevel`, 0],
    ["a period of 62.5 µs", `${media}/tscaiInputDl/periodicity`, 62.5],
    ["an arrival without a zone", `${media}/tscaiInputDl/burstArrivalTime`, "2026-01-01T00:00:00.000200000"],
    ["an arrival in ms", `${media}/tscaiInputDl/burstArrivalTime`, "2026-01-01T00:00:00.000Z"],
    ["a MAC address with colons", "ascReqData/ueMac", "02:00:00:00:00:0B"],
    ["two identities of the UE", "ascReqData/ueIpv4", "10.0.0.1"],
    ["no suppFeat", "ascReqData/suppFeat", undefined],
    ["no EtherType", `${media}/medSubComps/1/ethfDescs/0/ethType`, undefined],
    ["a rate without a unit", `${media}/marBwDl`, "9600000"],
    ["a burst size that the field cannot hold", `${media}/tsnQos/maxTscBurstSize`, 255],
    ["both directions at once", `${media}/tscaiInputUl`, { periodicity: 1, burstArrivalTime: "2026-01-01T00:00:00.000200000Z" }],
    ["an unknown member", "ascReqData/note", "x"],
  ])("is not one with %s", (_, path, value) => {
    expect(AppSessionContext.safeParse(whole()).success).toBe(true);
    expect(AppSessionContext.safeParse(put(path, value)).success).toBe(false);
  });
});

describe("bit rates", () => {
  it.each([
    [1200, 1_000_000, "9.6 Mbps"],
    [400, 10_000_000, "320 Kbps"],
    [1, 1_000_000_000, "8 bps"],
    [100, 3_000_000, "266.667 Kbps"],
    [125_000, 1_000_000, "1 Gbps"],
  ])("of %d octets every %d ns are %s", (bytes, periodNs, text) => {
    expect(bitRateOf(bytes, periodNs)).toBe(text);
  });
});
