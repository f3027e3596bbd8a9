import { describe, expect, it } from "vitest";
import type { Condition, Context, Intent } from "../../model.ts";
import { library as slice } from "../network-slice-5g/library.ts";
import { library } from "./library.ts";
import { Flow5g } from "./payload.ts";

type Value = string | number | readonly (string | number)[];
interface Asked {
  readonly subscriber?: string | undefined;
  readonly objects?: Readonly<Record<string, Value | undefined>>;
  readonly targets?: readonly (readonly [name: string, value: Value, profile?: string | undefined, condition?: Condition])[];
  readonly around?: Readonly<Record<string, Value>>;
  readonly observationPeriod?: number;
}

const whole = { ip4Address: "1.1.1.1", type: "BOTH", portType: "UDP", portNumber: "36000" };
const contexts = (values: Readonly<Record<string, Value | undefined>>): Context[] =>
  Object.entries(values).flatMap(([contextAttribute, contextValueRange]) =>
    contextValueRange === undefined
      ? []
      : [
          {
            contextAttribute,
            contextCondition: "IS_EQUAL_TO" as const,
            contextValueRange: typeof contextValueRange === "object" ? [...contextValueRange] : contextValueRange,
          },
        ],
  );

const intent = (asked: Asked): Intent => {
  const { objects = {}, targets = [["ulCapacity", 3, "audio4k"]], around = {}, observationPeriod } = asked;
  const subscriber = "subscriber" in asked ? asked.subscriber : "imsi-001010000000001";
  return {
    id: "i",
    userLabel: "cloud_continuum",
    intentExpectations: [
      {
        expectationId: "1",
        expectationVerb: "CREATE",
        expectationObject: {
          objectType: "5G_SLICE_FLOW",
          ...(subscriber === undefined ? {} : { objectInstance: subscriber }),
          objectContexts: contexts({ ...whole, ...objects }),
        },
        expectationTargets: targets.map(([targetName, value, profile, targetCondition = "IS_EQUAL_TO"]) => ({
          targetName,
          targetCondition,
          targetValueRange: typeof value === "object" ? [...value] : value,
          ...(profile === undefined ? {} : { targetContexts: contexts({ profile }) }),
        })),
        expectationContexts: contexts(around),
      },
    ],
    intentContexts: [],
    intentAdminState: "ACTIVATED",
    intentPriority: 1,
    ...(observationPeriod === undefined ? {} : { observationPeriod }),
  };
};

const payloadOf = (asked: Asked): Flow5g => {
  const translated = library.translate(intent(asked));
  if (!translated.ok || translated.value.kind !== "orders") throw new Error(JSON.stringify(translated));
  const [order, ...more] = translated.value.orders;
  if (order === undefined || more.length > 0) throw new Error("expected one order");
  return Flow5g.parse(order.payload);
};
const refused = (asked: Asked) => library.translate(intent(asked));
const at = "/intentExpectations/0";

describe("the slice-5g-flow library", () => {
  it("needs a subscriber, an address, a direction, a protocol and a port", () => {
    for (const name of Object.keys(whole))
      expect(refused({ objects: { [name]: undefined } })).toEqual({
        ok: false,
        code: "CONTEXT_MISSING",
        reason: `needs the context ${name}`,
        path: `${at}/expectationObject/objectContexts`,
      });
    expect(refused({ subscriber: undefined })).toMatchObject({
      code: "CONTEXT_MISSING",
      reason: expect.stringContaining("objectInstance") as string,
      path: `${at}/expectationObject/objectInstance`,
    });
    expect(payloadOf({})).toEqual({
      name: "i-1",
      supi: "imsi-001010000000001",
      profile: "audio4k",
      ulCapacityMbps: 3,
      remote: { address: "1.1.1.1", protocol: "UDP", ports: ["36000"] },
      direction: "BOTH",
    });
  });

  it.each([
    "imsi-1",
    "imsi-0010100000000012",
    "001010000000001",
    "IMSI-001010000000001",
    "imsi-00101000000000a",
    "nai-a@b",
    "imsi-001010000000001\n",
  ])("refuses the subscriber %j and does not repeat it", (subscriber) => {
    const answer = refused({ subscriber });
    expect(answer).toMatchObject({ code: "CONTEXT_INVALID", path: `${at}/expectationObject/objectInstance` });
    expect(JSON.stringify(answer)).not.toContain(subscriber);
  });

  it.each([
    ["1.1.1.1", "1.1.1.1"],
    ["1.1.1.1/32", "1.1.1.1"],
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["ANY", "any"],
  ])("takes the address %s", (ip4Address, address) => {
    expect(payloadOf({ objects: { ip4Address } }).remote.address).toBe(address);
  });

  it.each(["1.1.1.1-1.1.1.9", "1.1.1.256", "1.1.1", "01.1.1.1", "any", "10.0.0.0/33", "2001:db8::1", "!1.1.1.1", "1.1.1.1 to any"])(
    "refuses the address %j",
    (ip4Address) => {
      expect(refused({ objects: { ip4Address } })).toMatchObject({
        code: "CONTEXT_INVALID",
        reason: expect.stringMatching(/^ip4Address: /) as string,
      });
    },
  );

  it.each<[Value, readonly string[]]>([
    ["36000", ["36000"]],
    [36_000, ["36000"]],
    ["1000-1005", ["1000-1005"]],
    ["80,8000-8080", ["80", "8000-8080"]],
    ["80, 443", ["80", "443"]],
    [
      [80, "8000-8080"],
      ["80", "8000-8080"],
    ],
    ["7-7", ["7"]],
    ["ANY", []],
    ["1-65535", ["1-65535"]],
  ])("takes the ports %j", (portNumber, ports) => {
    expect(payloadOf({ objects: { portNumber } }).remote.ports).toEqual(ports);
  });

  it.each<[Value]>([
    ["0"],
    [0],
    ["65536"],
    ["5-4"],
    ["-1"],
    ["1-2-3"],
    ["80,"],
    ["80,,81"],
    ["1.5"],
    [1.5],
    ["0x10"],
    ["http"],
    [" 80"],
    [Array.from({ length: 17 }, (_, i) => i + 1)],
  ])("refuses the ports %j", (portNumber) => {
    expect(refused({ objects: { portNumber } })).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringMatching(/^portNumber: /) as string,
    });
  });

  it("needs no port where every protocol is asked for", () => {
    expect(payloadOf({ objects: { portType: "ANY", portNumber: undefined } }).remote).toMatchObject({ protocol: "ANY", ports: [] });
  });

  it.each<[Value, number]>([
    ["3", 3],
    [0.2, 0.2],
    ["0.2", 0.2],
    ["3 Mbps", 3],
    ["500 kbps", 0.5],
    ["1 Gbit/s", 1000],
    ["1 bps", 0.000001],
    [1_000_000, 1_000_000],
  ])("reads a capacity of %j as %d Mbit/s", (value, mbps) => {
    expect(payloadOf({ targets: [["dlCapacity", value, "audio4k"]] })).toMatchObject({ dlCapacityMbps: mbps });
  });

  it.each<[Value]>([["ten"], [0], [-1], ["1 ms"], ["1 constructor"], [""], ["0.1 bps"], [2_000_000], [Number.NaN], [[1, 2]]])(
    "refuses a capacity of %j",
    (value) => {
      expect(refused({ targets: [["dlCapacity", value, "audio4k"]] })).toMatchObject({
        code: "TARGET_INVALID",
        path: `${at}/expectationTargets/0/targetValueRange`,
      });
    },
  );

  it("takes capacities by equality alone, at least one of them, and no other target", () => {
    expect(refused({ targets: [["ulCapacity", 3, "a", "IS_GREATER_THAN"]] })).toMatchObject({ code: "CONDITION_UNSUPPORTED" });
    expect(refused({ targets: [["latency", 3, "a"]] })).toMatchObject({
      code: "TARGET_UNSUPPORTED",
      reason: expect.stringContaining("latency") as string,
    });
    expect(refused({ targets: [] })).toMatchObject({
      code: "TARGET_INVALID",
      reason: expect.stringContaining("ulCapacity or dlCapacity") as string,
    });
  });

  it("needs a profile in every target, and the same one", () => {
    expect(refused({ targets: [["ulCapacity", 3]] })).toMatchObject({
      code: "CONTEXT_MISSING",
      reason: "needs the context profile",
      path: `${at}/expectationTargets/0/targetContexts`,
    });
    const two: Asked["targets"] = [
      ["ulCapacity", 3, "audio4k"],
      ["dlCapacity", 3, "video"],
    ];
    expect(refused({ targets: two })).toMatchObject({ code: "CONTEXT_INVALID", path: `${at}/expectationTargets/1/targetContexts` });
    expect(refused({ targets: [["ulCapacity", 3, "a b"]] })).toMatchObject({ code: "CONTEXT_INVALID" });
  });

  it("reads both times as UTC, with what is between them", () => {
    const around = { startTime: "2026-05-10T14:30:00+02:00", stopTime: "2026-05-10T13:45:00.5Z" };
    expect(payloadOf({ around })).toMatchObject({
      startTime: "2026-05-10T12:30:00.000Z",
      stopTime: "2026-05-10T13:45:00.500Z",
      qosDurationS: 4501,
    });
    const alone = payloadOf({ around: { stopTime: around.stopTime } });
    expect([alone.startTime, alone.qosDurationS]).toEqual([undefined, undefined]);
  });

  it.each([
    "2021-05-10T12:30:00-1",
    "20210510T123000-2000",
    "2026-05-10",
    "2026-05-10T12:30:00",
    "2026-05-10T12:30Z",
    "2026-02-30T00:00:00Z",
    "tomorrow",
  ])("refuses the time %s", (stopTime) => {
    expect(refused({ around: { stopTime } })).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringMatching(/^stopTime: /) as string,
      path: `${at}/expectationContexts/0/contextValueRange`,
    });
  });

  it.each(["2026-05-10T12:30:00Z", "2026-05-10T12:29:59Z"])("refuses a stop at %s, which is not after the start", (stopTime) => {
    expect(refused({ around: { startTime: "2026-05-10T12:30:00Z", stopTime } })).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining("stopTime") as string,
    });
  });

  it("hands the period of reports on, and the url as the controller", () => {
    expect(payloadOf({ observationPeriod: 60 })).toMatchObject({ reportPeriodS: 60 });
    const translated = refused({ around: { url: "https://nef.example/3gpp-as-session-with-qos/v1" } });
    expect(translated).toMatchObject({
      value: { orders: [{ executioner: "5g", controller: "https://nef.example/3gpp-as-session-with-qos/v1" }] },
    });
  });
});

it("gets every network slice of either verb, with all that was said", () => {
  expect(slice.selects.map(([label, verb]) => `${label} ${verb}`)).toEqual(library.selects.map(([label, verb]) => `${label} ${verb}`));
  const flow = intent({ observationPeriod: 60 });
  const asked = JSON.parse(JSON.stringify(flow).replace("5G_SLICE_FLOW", "5G_NETWORK_SLICE")) as Intent;
  expect(slice.translate(asked)).toEqual({ ok: true, value: { kind: "sub-intents", intents: [flow] } });
});
