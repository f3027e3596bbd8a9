import { describe, expect, it } from "vitest";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import type { KnownUe } from "./face.ts";
import { nameIn } from "./face.ts";
import { bitRate, body, declaredBy, differences, mbpsOf, mergePatch, mustMakeAnew, Subscription } from "./subscription.ts";

const flow: Flow5g = {
  name: "flow_1-1",
  supi: "imsi-001010000000001",
  profile: "audio4k",
  ulCapacityMbps: 3,
  dlCapacityMbps: 3,
  remote: { address: "1.1.1.1", protocol: "UDP", ports: ["36000"] },
  direction: "BOTH",
  reportPeriodS: 60,
  startTime: "2026-05-10T12:30:00.000Z",
  stopTime: "2026-05-10T13:45:00.000Z",
  qosDurationS: 4500,
};
const wantedOf = (change: Partial<Flow5g> = {}, around: Partial<KnownUe> = {}): KnownUe => ({
  flow: { ...flow, ...change },
  ue: "10.45.0.7",
  destination: "https://gateway.example/function/exec-5g/notify/flow_1-1",
  nowMs: Date.parse("2026-05-10T12:00:00Z"),
  ...around,
});
const shown = (wanted: KnownUe, change: object = {}): Subscription =>
  Subscription.parse({ self: "http://nef/s1", ...body(wanted), ...change });

it("is the payload of D2.3's example", () => {
  expect(body(wantedOf())).toEqual({
    notificationDestination: "https://gateway.example/function/exec-5g/notify/flow_1-1",
    ueIpv4Addr: "10.45.0.7",
    flowInfo: [
      {
        flowId: 1,
        flowDescriptions: ["permit out 17 from 1.1.1.1 36000 to 10.45.0.7", "permit in 17 from 10.45.0.7 to 1.1.1.1 36000"],
      },
    ],
    qosReference: "audio4k",
    tscQosReq: { reqGbrUl: "3 Mbps", reqGbrDl: "3 Mbps" },
    qosMonInfo: { reqQosMonParams: ["UPLINK", "DOWNLINK", "ROUND_TRIP"], repFreqs: ["PERIODIC"], repPeriod: 60 },
    usageThreshold: { duration: 60 },
    qosDuration: 4500,
    events: ["QOS_GUARANTEED", "QOS_NOT_GUARANTEED", "SESSION_TERMINATION", "QOS_MONITORING", "USAGE_REPORT"],
  });
});

it("says nothing of subscribers: an AF has no SUPI to tell", () => {
  expect(JSON.stringify(body(wantedOf()))).not.toContain("imsi");
});

it.each([
  [3, "3 Mbps"],
  [0.2, "0.2 Mbps"],
  [10, "10 Mbps"],
  [1_000_000, "1000000 Mbps"],
  [0.000001, "0.000001 Mbps"],
])("writes %d Mbit/s as %s, and reads it back", (mbps, text) => {
  expect(bitRate(mbps)).toBe(text);
  expect(mbpsOf(text)).toBe(mbps);
});

it.each([
  ["3000 Kbps", 3],
  ["3000000 bps", 3],
  ["0.003 Gbps", 3],
  ["3.0 Mbps", 3],
  ["1 Tbps", 1_000_000],
  ["3Mbps", undefined],
  ["3 Mbit/s", undefined],
  ["-3 Mbps", undefined],
  ["", undefined],
])("reads %j as %s Mbit/s", (text, mbps) => {
  expect(mbpsOf(text)).toBe(mbps);
});

describe("differences", () => {
  it("are none when it comes back as it was sent, or otherwise written", () => {
    expect(differences(shown(wantedOf()), wantedOf())).toEqual([]);
    const written = {
      tscQosReq: { reqGbrUl: "3000 Kbps", reqGbrDl: "3.000 Mbps" },
      events: ["QOS_GUARANTEED"],
      qosMonInfo: { repPeriod: 60 },
    };
    expect(differences(shown(wantedOf(), written), wantedOf())).toEqual([]);
  });

  it.each<[string, Partial<Flow5g>, Partial<KnownUe>?]>([
    ["profile", { profile: "video" }],
    ["ulCapacity", { ulCapacityMbps: 5 }],
    ["dlCapacity", { dlCapacityMbps: 5 }],
    ["observationPeriod", { reportPeriodS: 30 }],
    ["ip4Filter", { direction: "IN" }],
    ["ip4Filter", { remote: { ...flow.remote, ports: ["1"] } }],
    ["stopTime", { qosDurationS: 60 }],
    ["notificationDestination", {}, { destination: "https://other.example/notify/flow_1-1" }],
  ])("name %s and nothing else", (name, change, around) => {
    expect(differences(shown(wantedOf(change, around)), wantedOf())).toEqual([name]);
  });

  it("name what is there and not wanted", () => {
    const { ulCapacityMbps: _u, reportPeriodS: _r, startTime: _a, stopTime: _o, qosDurationS: _q, ...less } = flow;
    const wanted = { ...wantedOf(), flow: less };
    const differs = differences(shown(wantedOf()), wanted);
    expect(differs).toEqual(["ulCapacity", "observationPeriod", "stopTime"]);
    expect(mergePatch(wanted, differs)).toEqual({
      tscQosReq: { reqGbrUl: null },
      qosMonInfo: null,
      usageThreshold: null,
      events: ["QOS_GUARANTEED", "QOS_NOT_GUARANTEED", "SESSION_TERMINATION"],
      qosDuration: null,
    });
  });

  it("of the address mean another subscription; nothing else does", () => {
    const differs = differences(shown(wantedOf()), wantedOf({}, { ue: "10.45.0.9" }));
    expect(differs).toEqual(["objectInstance", "ip4Filter"]);
    expect([mustMakeAnew(differs), mustMakeAnew(["ip4Filter", "profile"])]).toEqual([true, false]);
  });

  it("do not follow the clock where only a stop is given, but do follow the stop", () => {
    const { startTime: _, qosDurationS: _q, ...until } = flow;
    const at = (text: string): KnownUe => ({ ...wantedOf(), flow: until, nowMs: Date.parse(text) });
    const made = shown(at("2026-05-10T12:45:00Z"));
    expect(made.qosDuration).toBe(3600);
    expect(differences(made, at("2026-05-10T13:00:00Z"), until)).toEqual([]);
    expect(differences(made, at("2026-05-10T13:00:00Z"), { ...until, stopTime: "2026-05-10T14:00:00.000Z" })).toEqual(["stopTime"]);
    expect(differences({ ...made, qosDuration: undefined }, at("2026-05-10T13:00:00Z"))).toEqual(["stopTime"]);
  });
});

it("patches only what differs: D2.3's raise of both rates", () => {
  const wanted = wantedOf({ ulCapacityMbps: 5, dlCapacityMbps: 5 });
  expect(mergePatch(wanted, differences(shown(wantedOf()), wanted))).toEqual({ tscQosReq: { reqGbrUl: "5 Mbps", reqGbrDl: "5 Mbps" } });
});

it("declares Mbit/s, and nothing where there is no rate", () => {
  expect(declaredBy(shown(wantedOf(), { tscQosReq: { reqGbrUl: "500 Kbps", reqGbrDl: "fast" } }))).toEqual({ ulCapacity: 0.5 });
  expect(declaredBy(Subscription.parse({ notificationDestination: "x", tscQosReq: null }))).toEqual({});
});

it.each([
  ["https://gateway.example/function/exec-5g/notify/flow_1-1", "flow_1-1"],
  ["https://gateway.example/notify/a%40b%3A1-1~2?x=1", "a@b:1-1~2"],
  ["https://gateway.example/notify/a/b", undefined],
  ["https://gateway.example/other/a", undefined],
  ["https://gateway.example/notify/%ff", undefined],
  ["nonsense", undefined],
  [undefined, undefined],
])("finds the name in %s: %s", (url, name) => {
  expect(nameIn(url)).toBe(name);
});
