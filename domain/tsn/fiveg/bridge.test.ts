import { describe, expect, it } from "vitest";
import { bridgeReport, dependentDelayPsPerOctet, FiveGsBridge, independentDelay } from "./bridge.ts";
import { lldpFrame, neighbourReports } from "./lldp.ts";

const bridge = FiveGsBridge.parse({
  node: "5gs",
  bridgeId: "7",
  ports: [
    { neighbour: "sw", side: "nw-tt", portNumber: 1, macAddress: "02-00-00-00-00-01" },
    { neighbour: "robot", side: "ds-tt", portNumber: 2, macAddress: "02-00-00-00-00-02", residenceNs: 300_000, lldp: false },
    { neighbour: "agv", side: "ds-tt", portNumber: 3, macAddress: "02-00-00-00-00-03", residenceNs: 200_000 },
  ],
  delays: [
    { direction: "uplink", delay: { minNs: 1_000_000, maxNs: 6_000_000 } },
    { direction: "downlink", delay: { minNs: 2_000_000, maxNs: 5_000_000 } },
    { direction: "downlink", trafficClass: 6, delay: { minNs: 3_000_000, maxNs: 9_000_000 } },
  ],
  af: { notifUri: "http://af.example/n" },
});
const [nwtt, robot, agv] = bridge.ports;
if (nwtt === undefined || robot === undefined || agv === undefined) throw new Error("the bridge has three ports");

describe("the delay of a 5GS bridge (TS 23.501 5.27.5)", () => {
  it("is residence and the way between UE and UPF, by direction and class", () => {
    expect(independentDelay(bridge, { ingress: nwtt, egress: robot }, 7)).toMatchObject({ value: { minNs: 2_300_000, maxNs: 5_300_000 } });
    expect(independentDelay(bridge, { ingress: nwtt, egress: robot }, 6)).toMatchObject({ value: { minNs: 3_300_000, maxNs: 9_300_000 } });
    expect(independentDelay(bridge, { ingress: robot, egress: nwtt }, 7)).toMatchObject({ value: { minNs: 1_300_000, maxNs: 6_300_000 } });
  });

  it("is both legs and both residences between two DS-TTs", () => {
    expect(independentDelay(bridge, { ingress: robot, egress: agv }, 7)).toMatchObject({ value: { minNs: 3_500_000, maxNs: 11_500_000 } });
  });

  it("is not known where no delay holds for the class", () => {
    const some = { ...bridge, delays: bridge.delays.filter(({ direction, trafficClass }) => direction === "uplink" || trafficClass === 6) };
    expect(independentDelay(some, { ingress: nwtt, egress: robot }, 7)).toMatchObject({ ok: false, code: "FIVEGS_DELAY_UNKNOWN" });
  });

  it("is reported for every pair of ports that has links, with the time an octet takes", () => {
    const link = (from: string, to: string) => ({
      id: `${from}>${to}`,
      from,
      to,
      rateMbps: 100,
      propagationNs: 0,
      queues: 8,
      gates: { maxEntries: 8, maxCycleNs: 1, maxIntervalNs: 1, minIntervalNs: 1, tickNs: 1 },
      bestEffortMaxFrameBytes: 1522,
    });
    const report = bridgeReport(bridge, [link("sw", "5gs"), link("5gs", "robot"), link("robot", "5gs"), link("5gs", "sw")], [7]);
    expect(report.map(({ ingressPort, egressPort }) => [ingressPort, egressPort])).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(report[0]).toMatchObject({
      independentDelayMinNs: 2_300_000,
      independentDelayMaxNs: 5_300_000,
      dependentDelayPsPerOctet: 80_000,
    });
    expect(dependentDelayPsPerOctet(1000)).toBe(8000);
  });
});

describe("the neighbours of a 5GS bridge", () => {
  it("are found by each translator, and by the NW-TT in the place of a DS-TT that has no LLDP", () => {
    const found = neighbourReports(bridge, { macAddresses: { robot: "02-00-00-00-00-AA" } });
    expect(found.map(({ portNumber, discoveredBy, neighbourMac }) => [portNumber, discoveredBy, neighbourMac])).toEqual([
      [1, "nw-tt", undefined],
      [2, "nw-tt-in-place-of-ds-tt", "02-00-00-00-00-AA"],
      [3, "ds-tt", undefined],
    ]);
    expect(found.map(({ frame }) => frame !== undefined)).toEqual([false, true, false]);
  });

  it("are told of us in an LLDP frame: chassis, port and time to live (IEEE 802.1AB)", () => {
    expect(lldpFrame({ sourceMac: "02-00-00-00-00-02", chassis: "7", port: "2" })).toBe(
      ["0180C200000E", "020000000002", "88CC", "020207" + "37", "040207" + "32", "06020078", "0000"].join(""),
    );
  });
});
