/** An intent as people write it, before it is read. */
export type Json = Record<string, unknown>;

export const context = (contextAttribute: string, contextValueRange: unknown): Json => ({
  contextAttribute,
  contextCondition: "IS_EQUAL_TO",
  contextValueRange,
});
export const expectation = (given: Json = {}): Json => ({
  expectationId: "1",
  expectationVerb: "DELIVER",
  expectationObject: { objectType: "L2VPN", objectInstance: "link", objectContexts: [context("nodeSrc", "3.3.3.3")] },
  expectationTargets: [{ targetName: "bandwidth", targetCondition: "IS_EQUAL_TO", targetValueRange: 10 }],
  expectationContexts: [context("url", "http://192.168.165.10")],
  ...given,
});
export const flat = (given: Json = {}): Json => ({
  id: "i",
  userLabel: "cloud_continuum",
  intentExpectations: [expectation()],
  intentContexts: [context("NEMO_WORKLOAD", "cbcb208a")],
  intentPriority: 1,
  observationPeriod: 60,
  intentAdminState: "ACTIVATED",
  ...given,
});
