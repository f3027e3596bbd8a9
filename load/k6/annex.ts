/** NEMO D2.3, annex 9.1: one L2VPN, here under an id of its own, so that each is a service of its own. */
export const intent = (id: string): object => ({
  id,
  userLabel: "cloud_continuum",
  intentExpectations: [
    {
      expectationId: "1",
      expectationVerb: "DELIVER",
      expectationObject: {
        objectType: "L2VPN",
        objectInstance: "l2vpn_tfs_1",
        objectContexts: [
          context("nodeSrc", "3.3.3.3"),
          context("nodeDst", "5.5.5.5"),
          // A port of its own for each virtual user, and a VLAN for each of its iterations: no two intents are in each other's way.
          context("endpointSrc", `GigabitEthernet0/0/${String(Math.floor(__ITER / 4_094))}/${String(__VU)}`),
          context("endpointDst", `GigabitEthernet0/0/${String(Math.floor(__ITER / 4_094))}/${String(__VU)}`),
          context("vlanId", String((__ITER % 4_094) + 1)),
          context("niName", "ninametfssssss"),
        ],
      },
      expectationTargets: [
        { targetName: "bandwidth", targetCondition: "IS_EQUAL_TO_OR_GREATER_THAN", targetValueRange: 10 },
        { targetName: "latency", targetCondition: "IS_LESS_THAN", targetValueRange: 15.2 },
      ],
      expectationContexts: [context("url", "http://192.168.165.10/restconf/data/ietf-l2vpn-svc:l2vpn-svc/vpn-services")],
    },
  ],
  intentContexts: [context("NEMO_WORKLOAD", "cbcb208a-d535-434b-bb35-217a64bd516b")],
  intentPriority: 1,
  observationPeriod: 60,
  intentAdminState: "ACTIVATED",
});

const context = (contextAttribute: string, contextValueRange: string): object => ({
  contextAttribute,
  contextCondition: "IS_EQUAL_TO",
  contextValueRange,
});

const run = __ENV["RUN"] ?? Date.now().toString(36);
/** Of this iteration and no other: __ITER alone begins anew in every VU. */
export const freshId = (): string => `k6-${run}-${String(__VU)}-${String(__ITER)}`;

/** Open loop: the next one starts when it is due, whether or not those before are through. */
export const steady = {
  executor: "constant-arrival-rate",
  rate: Number(__ENV["RATE"] ?? "50"),
  timeUnit: "1s",
  duration: __ENV["DURATION"] ?? "30s",
  preAllocatedVUs: 20,
  maxVUs: 200,
} as const;
