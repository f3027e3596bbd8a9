import { describe, expect, it } from "vitest";
import type { ExpectationTarget, Intent } from "../../model.ts";
import { library } from "./library.ts";
import { TsnStreamOrder } from "./payload.ts";

type Values = Readonly<Record<string, string | number | undefined>>;
const whole: Values = { talker: "hmi", listener: "drive", interval: 10, frameSize: 64 };
const contexts = (values: Values) =>
  Object.entries(values).flatMap(([contextAttribute, contextValueRange]) =>
    contextValueRange === undefined ? [] : [{ contextAttribute, contextCondition: "IS_EQUAL_TO" as const, contextValueRange }],
  );
const target = (
  targetName: string,
  targetValueRange: string | number,
  targetCondition: ExpectationTarget["targetCondition"] = "IS_EQUAL_TO",
) => ({
  targetName,
  targetCondition,
  targetValueRange,
});
const intent = (objects: Values = {}, targets: readonly ExpectationTarget[] = [], around: Values = {}): Intent => ({
  id: "i",
  userLabel: "cloud_continuum",
  intentExpectations: [
    {
      expectationId: "1",
      expectationVerb: "DELIVER",
      expectationObject: { objectType: "TSN_STREAM", objectContexts: contexts({ ...whole, ...objects }) },
      expectationTargets: [...targets],
      expectationContexts: contexts({ domain: "plant-1", ...around }),
    },
  ],
  intentContexts: [],
  intentAdminState: "ACTIVATED",
  intentPriority: 1,
});
const payloadOf = (...given: Parameters<typeof intent>): TsnStreamOrder => {
  const translated = library.translate(intent(...given));
  if (!translated.ok || translated.value.kind !== "orders") throw new Error(JSON.stringify(translated));
  return TsnStreamOrder.parse(translated.value.orders[0]?.payload);
};
const refusal = (...given: Parameters<typeof intent>) => library.translate(intent(...given));

describe("the tsn-stream library", () => {
  it("asks tsn-schedule for one stream, named after intent and expectation, in the intent's domain", () => {
    const translated = library.translate(intent());
    expect(translated).toMatchObject({
      value: { kind: "orders", orders: [{ executioner: "tsn", resource: "stream/plant-1/i-1", expectationIds: ["1"], origins: [] }] },
    });
  });

  it.each([
    [10, 10_000_000],
    ["10", 10_000_000],
    ["10 ms", 10_000_000],
    ["125 us", 125_000],
    ["125 µs", 125_000],
    ["0.25", 250_000],
    ["31250 ns", 31_250],
    ["1 s", 1_000_000_000],
  ])("reads an interval of %j as %d ns", (interval, intervalNs) => {
    expect(payloadOf({ interval }).intervalNs).toBe(intervalNs);
  });

  it.each([0, -1, "0.0000001", "0.5 ns", "61 s", "10 m", "fast", ""])("refuses an interval of %j", (interval) => {
    expect(refusal({ interval })).toMatchObject({ code: "CONTEXT_INVALID", reason: expect.stringMatching(/^interval: /) });
  });

  it.each([0, 65_536, 1.5, "1.5", "many", -1])("refuses a frameSize of %j", (frameSize) => {
    expect(refusal({ frameSize })).toMatchObject({ code: "CONTEXT_INVALID", reason: expect.stringMatching(/^frameSize: /) });
  });

  it("takes a latency as a bound, whichever way it is written, and the interval where there is none", () => {
    expect(payloadOf().maxLatencyNs).toBe(10_000_000);
    expect(payloadOf({}, [target("latency", "2 ms")]).maxLatencyNs).toBe(2_000_000);
    expect(payloadOf({}, [target("latency", 2, "IS_EQUAL_TO_OR_LESS_THAN")]).maxLatencyNs).toBe(2_000_000);
    expect(payloadOf({}, [target("latency", 2, "IS_LESS_THAN")]).maxLatencyNs).toBe(1_999_999);
  });

  it("takes a jitter only where one is asked for", () => {
    expect(payloadOf().maxJitterNs).toBeUndefined();
    expect(payloadOf({}, [target("jitter", "5 us")]).maxJitterNs).toBe(5000);
  });

  it("refuses targets that no schedule holds, and comparisons that bound nothing", () => {
    expect(refusal({}, [target("bandwidth", 1)])).toMatchObject({ code: "TARGET_UNSUPPORTED" });
    expect(refusal({}, [target("latency", 1, "IS_GREATER_THAN")])).toMatchObject({ code: "CONDITION_UNSUPPORTED" });
    expect(refusal({}, [target("latency", "soon")])).toMatchObject({ code: "TARGET_INVALID" });
  });

  it("has class 7 and one tree where nothing else is said, and no class or tree that does not exist", () => {
    expect(payloadOf()).toMatchObject({ trafficClass: 7, trees: 1 });
    expect(payloadOf({ trafficClass: "5", seamlessTrees: 2 })).toMatchObject({ trafficClass: 5, trees: 2 });
    expect(refusal({ trafficClass: 8 })).toMatchObject({ code: "CONTEXT_INVALID" });
    expect(refusal({ seamlessTrees: 5 })).toMatchObject({ code: "CONTEXT_INVALID" });
  });

  it("refuses a stream from a station to itself", () => {
    expect(refusal({ listener: "hmi" })).toMatchObject({ code: "CONTEXT_INVALID", reason: "talker and listener are the same node" });
  });
});
