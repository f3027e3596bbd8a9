import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { MetricBound, NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import { sliceServiceBody, tfsBody } from "./nss.ts";

/*
 * The module's nodes that are sent, written from the model and not from what sends them: no other node, lists with their keys, identities
 * with the module's name, a uint64 as text.
 */
const identity = (...names: [string, ...string[]]) => z.enum(names.map((name) => `ietf-network-slice-service:${name}`) as [string]);
const Policy = z.strictObject({
  description: z.string().optional(),
  "slo-policy": z
    .strictObject({
      "metric-bound": z.array(
        z.strictObject({
          "metric-type": identity("one-way-bandwidth", "one-way-delay-maximum"),
          "metric-unit": z.enum(["bps", "Kbps", "Mbps", "Gbps", "milliseconds", "microseconds", "nanoseconds"]),
          bound: z.string().regex(/^[1-9]\d*$/),
        }),
      ),
    })
    .optional(),
});
const Service = z.strictObject({
  id: z.string(),
  "service-tags": z
    .strictObject({ "tag-type": z.tuple([z.strictObject({ "tag-type": identity("opaque"), value: z.array(z.string()).min(1) })]) })
    .optional(),
  "slo-sle-template": z.string().optional(),
  "service-slo-sle-policy": Policy.optional(),
  sdps: z.strictObject({
    sdp: z
      .array(
        z.strictObject({
          id: z.string(),
          "node-id": z.string(),
          "sdp-ip-address": z.tuple([z.union([z.ipv4(), z.ipv6()])]),
          "service-match-criteria": z.strictObject({
            "match-criterion": z.tuple([
              z.strictObject({
                index: z.int().nonnegative(),
                "match-type": z.tuple([
                  z.union([
                    z.strictObject({ type: identity("vlan"), value: z.tuple([z.string().regex(/^\d+$/)]) }),
                    z.strictObject({ type: identity("any") }),
                  ]),
                ]),
                "target-connection-group-id": z.string(),
              }),
            ]),
          }),
          "attachment-circuits": z
            .strictObject({
              "attachment-circuit": z.tuple([z.strictObject({ id: z.string(), "ac-node-id": z.string(), "ac-tp-id": z.string() })]),
            })
            .optional(),
        }),
      )
      .min(2),
  }),
  "connection-groups": z.strictObject({
    "connection-group": z.tuple([
      z.strictObject({
        id: z.string(),
        "connectivity-type": identity("point-to-point", "multipoint-to-multipoint"),
        "connectivity-construct": z
          .array(
            z.union([
              z.strictObject({
                id: z.string(),
                "p2p-sender-sdp": z.string(),
                "p2p-receiver-sdp": z.string(),
                "service-slo-sle-policy": Policy.optional(),
              }),
              z.strictObject({
                id: z.string(),
                "a2a-sdp": z.array(z.strictObject({ "sdp-id": z.string(), "service-slo-sle-policy": Policy.optional() })),
              }),
            ]),
          )
          .min(1),
      }),
    ]),
  }),
});
const Standard = z.strictObject({ "ietf-network-slice-service:slice-service": z.tuple([Service]) });
const Tfs = z.strictObject({
  "network-slice-services": z.strictObject({
    "slo-sle-templates": z.strictObject({
      "slo-sle-template": z.tuple([z.strictObject({ id: z.string(), "slo-policy": Policy.shape["slo-policy"] })]),
    }),
    "slice-service": z.tuple([Service]),
  }),
});

const mbps = (bound: string): MetricBound => ({ metric: "one-way-bandwidth", unit: "Mbps", bound });
const tenMs: MetricBound = { metric: "one-way-delay-maximum", unit: "milliseconds", bound: "10" };
const slice: NetworkSlice = {
  slice: "nemo-1",
  policy: "gold",
  sdps: [
    { id: "1", node: "r1", address: "10.0.0.1", port: "p1", vlanId: 100, niName: "blue", bounds: [mbps("5000"), tenMs] },
    { id: "2", node: "r2", address: "10.0.0.2", port: "p2", bounds: [] },
  ],
};
const three: NetworkSlice = {
  ...slice,
  sdps: [...slice.sdps, { id: "3", node: "r3", address: "2001:db8::3", bounds: [mbps("800")] }],
};
const standardOf = (wanted: NetworkSlice, hasTemplate = true) =>
  Standard.parse(sliceServiceBody(wanted, hasTemplate))["ietf-network-slice-service:slice-service"][0];
const policy = (...bounds: readonly (readonly [type: string, unit: string, bound: string])[]) => ({
  "slo-policy": {
    "metric-bound": bounds.map(([type, unit, bound]) => ({
      "metric-type": `ietf-network-slice-service:${type}`,
      "metric-unit": unit,
      bound,
    })),
  },
});
const firstPolicy = policy(["one-way-bandwidth", "Mbps", "5000"], ["one-way-delay-maximum", "milliseconds", "10"]);

describe("a slice as RFC 7951 JSON", () => {
  it("is of the module's nodes and no others, with two SDPs and with three", () => {
    for (const wanted of [slice, three])
      for (const hasTemplate of [true, false]) expect(() => standardOf(wanted, hasTemplate)).not.toThrow();
    expect(() => Tfs.parse(tfsBody(slice))).not.toThrow();
  });

  it("has a construct each way between two SDPs, under what its sender was asked for", () => {
    expect(standardOf(slice)["connection-groups"]).toEqual({
      "connection-group": [
        {
          id: "cg1",
          "connectivity-type": "ietf-network-slice-service:point-to-point",
          "connectivity-construct": [
            { id: "1", "p2p-sender-sdp": "1", "p2p-receiver-sdp": "2", "service-slo-sle-policy": firstPolicy },
            { id: "2", "p2p-sender-sdp": "2", "p2p-receiver-sdp": "1" },
          ],
        },
      ],
    });
  });

  it("has one any-to-any construct between more SDPs, with a policy for each sender", () => {
    expect(standardOf(three)["connection-groups"]).toEqual({
      "connection-group": [
        {
          id: "cg1",
          "connectivity-type": "ietf-network-slice-service:multipoint-to-multipoint",
          "connectivity-construct": [
            {
              id: "1",
              "a2a-sdp": [
                { "sdp-id": "1", "service-slo-sle-policy": firstPolicy },
                { "sdp-id": "2" },
                { "sdp-id": "3", "service-slo-sle-policy": policy(["one-way-bandwidth", "Mbps", "800"]) },
              ],
            },
          ],
        },
      ],
    });
  });

  it("matches a VLAN, or any traffic without one, and names an attachment circuit where there is a port", () => {
    const [one, two, other] = standardOf(three).sdps.sdp;
    expect([one, two, other].map((sdp) => sdp?.["service-match-criteria"]["match-criterion"][0]["match-type"])).toEqual([
      [{ type: "ietf-network-slice-service:vlan", value: ["100"] }],
      [{ type: "ietf-network-slice-service:any" }],
      [{ type: "ietf-network-slice-service:any" }],
    ]);
    expect(one?.["attachment-circuits"]).toEqual({ "attachment-circuit": [{ id: "ac-1", "ac-node-id": "r1", "ac-tp-id": "p1" }] });
    expect(other).not.toHaveProperty("attachment-circuits");
  });

  it("refers to the policy's template where there is one, else says its name; and tags network instances", () => {
    expect(standardOf(slice, true)).toMatchObject({ "slo-sle-template": "gold" });
    expect(standardOf(slice, true)).not.toHaveProperty("service-slo-sle-policy"); // two cases of one choice
    expect(standardOf(slice, false)).toMatchObject({ "service-slo-sle-policy": { description: "gold" } });
    expect(standardOf(slice, false)).not.toHaveProperty("slo-sle-template");
    expect(standardOf(slice)["service-tags"]?.["tag-type"][0].value).toEqual(["1=blue"]);
  });
});

describe("a slice as TeraFlowSDN takes it", () => {
  it("has no module's name at the top, its template beside it, and one construct", () => {
    const body = Tfs.parse(tfsBody(slice))["network-slice-services"];
    expect(body["slo-sle-templates"]["slo-sle-template"]).toEqual([{ id: "gold", ...firstPolicy }]);
    expect(body["slice-service"][0]["slo-sle-template"]).toBe("gold");
    expect(body["slice-service"][0]["connection-groups"]["connection-group"][0]["connectivity-construct"]).toEqual([
      { id: "1", "p2p-sender-sdp": "1", "p2p-receiver-sdp": "2", "service-slo-sle-policy": firstPolicy },
    ]);
  });

  it("has a policy in its construct even where there is nothing in it", () => {
    const bare = { ...slice, sdps: slice.sdps.map((sdp) => ({ ...sdp, bounds: [] })) };
    const [construct] = Tfs.parse(tfsBody(bare))["network-slice-services"]["slice-service"][0]["connection-groups"]["connection-group"][0][
      "connectivity-construct"
    ];
    expect(construct).toMatchObject({ "service-slo-sle-policy": { "slo-policy": { "metric-bound": [] } } });
  });
});
