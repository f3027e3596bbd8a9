import { describe, expect, it } from "vitest";
import { context, expectation, flat } from "../../test/support/loose-intent.ts";
import type { Intent } from "./model.ts";
import { readIntent } from "./read.ts";

const taken = (document: unknown) => {
  const read = readIntent(document);
  if (!read.ok) throw new Error(`${String(read.path)}: ${read.reason}`);
  return read.value;
};
const intentOf = (document: unknown): Intent => taken(document).intent;
const plain = intentOf(flat());
describe("reading an intent", () => {
  it("takes it in D2.3's root key, flat as 3GPP has it, and with the attributes of other NRMs", () => {
    const { id, ...attributes } = flat();
    for (const document of [{ Intent: flat() }, { intent: flat() }, { id, attributes }, { Intent: { id, attributes } }])
      expect(intentOf(document)).toEqual(plain);
  });

  it("fills in what may be left out", () => {
    const { intentContexts: _c, intentPriority: _p, observationPeriod: _o, intentAdminState: _a, ...least } = flat();
    expect(intentOf(least)).toEqual({
      ...plain,
      intentContexts: [],
      intentPriority: 1,
      intentAdminState: "ACTIVATED",
      observationPeriod: undefined,
    });
  });

  it.each([
    ["beare_token", "bearer_token"],
    ["k8s_12_network", "k8s_l2_network"],
    ["starTime", "startTime"],
    ["uc3m", "domain"],
    ["constructor", "constructor"],
    ["toString", "toString"],
    ["__proto__", "__proto__"],
  ])("reads the attribute %s as %s, wherever contexts stand", (written, meant) => {
    const one = [context(written, "x")];
    const { intentExpectations, intentContexts } = intentOf(
      flat({
        intentContexts: one,
        intentExpectations: [
          expectation({
            expectationObject: { objectType: "T", objectContexts: one },
            expectationContexts: one,
            expectationTargets: [{ targetName: "t", targetCondition: "IS_EQUAL_TO", targetValueRange: 1, targetContexts: one }],
          }),
        ],
      }),
    );
    const [e] = intentExpectations;
    const places = [intentContexts, e?.expectationObject.objectContexts, e?.expectationContexts, e?.expectationTargets[0]?.targetContexts];
    expect(places.map((contexts) => contexts?.[0]?.contextAttribute)).toEqual([meant, meant, meant, meant]);
  });

  it.each(["Cloud_continuum (NEMO)", "Cloud_continuum", "cloud-continuum", " cloud_continuum "])(
    "reads the label %j as cloud_continuum",
    (label) => {
      expect(intentOf(flat({ userLabel: label })).userLabel).toBe("cloud_continuum");
      expect(intentOf(flat({ userLabel: "other" })).userLabel).toBe("other");
    },
  );

  it("reads the field names that D2.3's tables head their columns with", () => {
    const target = { targetAttribute: "bandwidth", targetCondition: "IS_EQUAL_TO", targetValue: 10 };
    const { expectationObject, expectationTargets: _t, expectationContexts, ...rest } = expectation();
    const { objectContexts, ...object } = expectationObject as Record<string, unknown>;
    const drifted = {
      ...rest,
      expectationObject: { ...object, objectContext: objectContexts },
      expectationTarget: [target],
      expectationContext: expectationContexts,
    };
    const { intentExpectations: _e, intentContexts, ...around } = flat();
    expect(intentOf({ ...around, intentExpectation: [drifted], intentContext: intentContexts })).toEqual(plain);
  });

  it("reads verbs, states and conditions whatever their case, and a missing condition of a context as equality", () => {
    const small = expectation({
      expectationVerb: " deliver ",
      expectationTargets: [{ targetName: "bandwidth", targetCondition: "is_equal_to", targetValueRange: 10 }],
      expectationContexts: [{ contextAttribute: "url", contextValueRange: "http://192.168.165.10" }],
    });
    expect(intentOf(flat({ intentExpectations: [small], intentAdminState: "activated" }))).toEqual(plain);
    expect(intentOf(flat({ intentPreemptionCapability: true })).intentPreemptionCapability).toBe("TRUE");
    expect(intentOf(flat({ intentPreemptionCapability: "false" })).intentPreemptionCapability).toBe("FALSE");
  });

  it("reads numbers as text where names are, and text as numbers where numbers are", () => {
    expect(
      intentOf(
        flat({ id: 7, intentExpectations: [expectation({ expectationId: 1, expectationObject: { objectType: "T", objectInstance: 9 } })] }),
      ),
    ).toMatchObject({
      id: "7",
      intentExpectations: [{ expectationId: "1", expectationObject: { objectInstance: "9" } }],
    });
    expect(intentOf(flat({ intentPriority: "12", observationPeriod: " 60 " }))).toMatchObject({
      intentPriority: 12,
      observationPeriod: 60,
    });
  });

  it.each([
    ["10,0", 10, "bandwidth: 10,0 is read as 10.0"],
    ["-1,5", -1.5, "bandwidth: -1,5 is read as -1.5"],
    ["10,0 Gbps", "10.0 Gbps", "bandwidth: 10,0 Gbps is read as 10.0 Gbps"],
  ])("reads the decimal comma of %j as %j, and says so", (written, meant, warning) => {
    const read = taken(
      flat({
        intentExpectations: [
          expectation({ expectationTargets: [{ targetName: "bandwidth", targetCondition: "IS_EQUAL_TO", targetValueRange: written }] }),
        ],
      }),
    );
    expect(read.intent.intentExpectations[0]?.expectationTargets[0]?.targetValueRange).toBe(meant);
    expect(read.warnings).toEqual([warning]);
  });

  it.each(["1,000,000", "a,b", ",5", "5,", "1.000,5", "10"])("leaves %j as it is written, without a word", (written) => {
    const read = taken(
      flat({
        intentExpectations: [
          expectation({ expectationTargets: [{ targetName: "t", targetCondition: "IS_EQUAL_TO", targetValueRange: written }] }),
        ],
      }),
    );
    expect(read.intent.intentExpectations[0]?.expectationTargets[0]?.targetValueRange).toBe(written);
    expect(read.warnings).toEqual([]);
  });

  it("takes the period where Rel-19 has it, and Rel-18's first", () => {
    const { observationPeriod: _o, ...rel19 } = flat({ intentMgmtPurpose: "FULFILMENT_WITHOUT_NEGOTIATION", intentReportReference: "x" });
    expect(intentOf({ ...rel19, intentReportControl: [{ observationPeriod: 60, reportRecipientAddress: "x" }] })).toEqual(plain);
    expect(intentOf({ ...rel19, intentReportControl: { observationPeriod: "60" } })).toEqual(plain);
    expect(intentOf(flat({ intentReportControl: [{ observationPeriod: 5 }] }))).toEqual(plain);
  });

  it("reads a list with nothing behind it as no list", () => {
    const empty = { objectType: "T", objectInstance: null, objectContexts: null };
    const read = intentOf(
      flat({
        intentContexts: null,
        intentExpectations: [expectation({ expectationObject: empty, expectationTargets: null, expectationContexts: null })],
      }),
    );
    expect(read.intentContexts).toEqual([]);
    expect(read.intentExpectations[0]).toMatchObject({
      expectationObject: { objectType: "T", objectContexts: [] },
      expectationTargets: [],
      expectationContexts: [],
    });
  });

  it("keeps lists of values as lists", () => {
    const list = { targetName: "t", targetCondition: "IS_ONE_OF", targetValueRange: [1, "a", true] };
    expect(
      intentOf(flat({ intentExpectations: [expectation({ expectationTargets: [list] })] })).intentExpectations[0]?.expectationTargets,
    ).toEqual([list]);
  });

  it("reads what it has read as the same", () => {
    expect(intentOf(plain)).toEqual(plain);
    expect(intentOf(JSON.parse(JSON.stringify({ Intent: plain })))).toEqual(plain);
  });
});
