import fc from "fast-check";
import { sliceServiceBody, tfsBody } from "../../functions/exec-nsc/nss.ts";
import { type MetricBound, NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";

/*
 * Documents of ietf-network-slice-service as a data tree has them: what exec-nsc sends is an entry of a list (RFC 8040 section 4.5), or
 * has its module's name taken off at the top.
 */

const root = "ietf-network-slice-service:network-slice-services";

/** What a controller holds after the PUTs of these slices; it has a template of each policy's name, or none at all. */
export const standardDocument = (slices: readonly NetworkSlice[], hasTemplates: boolean) => ({
  [root]: {
    ...(hasTemplates
      ? { "slo-sle-templates": { "slo-sle-template": [...new Set(slices.map(({ policy: id }) => id))].map((id) => ({ id })) } }
      : {}),
    "slice-service": slices.flatMap((slice) => Object.values(sliceServiceBody(slice, hasTemplates)).flat()),
  },
});

/** The body of a POST to TeraFlowSDN with the module's name in its place again. */
export const tfsDocument = (slice: NetworkSlice) => ({ [root]: tfsBody(slice)["network-slice-services"] });

const bound = (metric: MetricBound["metric"], unit: MetricBound["unit"], value: string): MetricBound => ({ metric, unit, bound: value });
/** All that can be asked for. */
export const full: NetworkSlice = {
  slice: "nemo:1-~slice",
  policy: "gold",
  sdps: [
    {
      id: "1",
      node: "r1",
      address: "10.0.0.1",
      port: "GigabitEthernet0/0/0/1",
      vlanId: 100,
      niName: "blue",
      bounds: [bound("one-way-bandwidth", "Mbps", "5000"), bound("one-way-delay-maximum", "microseconds", "15200")],
    },
    {
      id: "2",
      node: "r2",
      address: "10.0.0.2",
      port: "p2",
      niName: "green",
      bounds: [bound("one-way-bandwidth", "bps", "18446744073709551615")],
    },
  ],
};
/** The same as far as TeraFlowSDN can carry it: one set of bounds. */
export const forward: NetworkSlice = { ...full, sdps: full.sdps.map((one, i) => (i === 0 ? one : { ...one, bounds: [] })) };
/** Nothing but what must be. */
export const bare: NetworkSlice = {
  slice: "bare",
  policy: "silver",
  sdps: [
    { id: "1", node: "r1", address: "2001:db8::1", bounds: [] },
    { id: "2", node: "r1", address: "10.0.0.2", bounds: [] },
  ],
};

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,10}[A-Za-z0-9]$/);
const uint64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(String);
const bandwidth = fc
  .tuple(fc.constantFrom("bps", "Kbps", "Mbps", "Gbps"), uint64)
  .map(([unit, value]) => bound("one-way-bandwidth", unit, value));
const delay = fc
  .tuple(fc.constantFrom("nanoseconds", "microseconds", "milliseconds"), uint64)
  .map(([unit, value]) => bound("one-way-delay-maximum", unit, value));
const sdp = fc.record(
  {
    id: name,
    node: name,
    // Controllers answer IPv6 in the form of RFC 5952, and so does the library that makes the payload.
    address: fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((address) => new URL(`http://[${address}]`).hostname.slice(1, -1)),
    ),
    port: fc.stringMatching(/^[a-z]{1,4}(?:[-._:/][A-Za-z0-9]{1,4}){0,4}$/),
    vlanId: fc.integer({ min: 1, max: 4094 }),
    niName: name,
    bounds: fc.tuple(fc.option(bandwidth), fc.option(delay)).map((bounds) => bounds.filter((one) => one !== null)),
  },
  { requiredKeys: ["id", "node", "address", "bounds"] },
);
const slice = fc
  .record({ slice: name, policy: name, sdps: fc.uniqueArray(sdp, { minLength: 2, maxLength: 5, selector: ({ id }) => id }) })
  .map((one) => NetworkSlice.parse(one));
/** Many slices of one controller, in one document. */
export const anySlices = fc.uniqueArray(slice, { minLength: 1, maxLength: 10, selector: (one) => one.slice });

const group = "connection-groups connection-group 0";
const construct = `${group} connectivity-construct 0`;
const metric = `${construct} service-slo-sle-policy slo-policy metric-bound 0`;
const criterion = "sdps sdp 0 service-match-criteria match-criterion 0";

/** What the module refuses of the slice `full`: the place in its slice service, another value there, and a word of what is said. */
export const wrongSlices: readonly (readonly [what: string, path: string, value: unknown, says: string])[] = [
  ["an unknown node", "sdps sdp 0 ni-name", "blue", "ni-name"],
  ["one SDP alone", "sdps sdp", [{ id: "1" }], "sdp"],
  ["two SDPs of one id", "sdps sdp 1 id", "1", "sdp"],
  ["an address that is none", "sdps sdp 0 sdp-ip-address", ["r1.example.org"], "r1.example.org"],
  ["an address that is not in a list", "sdps sdp 0 sdp-ip-address", "10.0.0.1", "sdp-ip-address"],
  ["a VLAN that is a number", `${criterion} match-type 0 value`, [100], "value"],
  ["a match type of another module", `${criterion} match-type 0 type`, "ietf-vpn-common:vlan", "ietf-vpn-common:vlan"],
  ["an index that is text", `${criterion} index`, "1", "index"],
  ["a criterion without a group", `${criterion} target-connection-group-id`, undefined, "target-connection-group-id"],
  ["a criterion of a group that is not there", `${criterion} target-connection-group-id`, "cg2", "cg2"],
  ["an unknown connectivity", `${group} connectivity-type`, "ietf-network-slice-service:ring", "ring"],
  ["a construct whose id is a number", `${construct} id`, 1, "string"],
  ["a construct to an SDP that is not there", `${construct} p2p-receiver-sdp`, "3", "p2p-receiver-sdp"],
  ["a construct of two types", `${construct} a2a-sdp`, [{ "sdp-id": "1" }], "a2a"],
  ["a metric that the model lacks", `${metric} metric-type`, "ietf-network-slice-service:bandwidth", "bandwidth"],
  ["a metric twice", `${metric} metric-type`, "ietf-network-slice-service:one-way-delay-maximum", "metric-bound"],
  ["a bound without its unit", `${metric} metric-unit`, undefined, "metric-unit"],
  ["a bound that is a number", `${metric} bound`, 5000, "uint64"],
  ["a bound with a fraction", `${metric} bound`, "15.2", "15.2"],
  ["a bound over 64 bits", `${metric} bound`, "18446744073709551616", "18446744073709551616"],
  ["two cases of the choice of a policy", "service-slo-sle-policy", { description: "gold" }, "cases"],
  ["a template that is not there", "slo-sle-template", "silver", "silver"],
];

/** Every place in a JSON value, as `changedAt` names it. */
const placesIn = (value: unknown): readonly string[] =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([step, inside]) => [step, ...placesIn(inside).map((rest) => `${step} ${rest}`)]);
const three: NetworkSlice = { ...full, sdps: [...full.sdps, { id: "3", node: "r3", address: "10.0.0.3", bounds: [] }] };
const others = [undefined, null, true, 1, 1.5, -1, "x", "ietf-network-slice-service:any", [], [null], [1], ["x"], {}];

/** One change of a slice service at any place: to what is of another type, is not there, or leads nowhere. */
export const anyChange = fc.constantFrom(full, three).chain((one) => {
  const document = standardDocument([one], true);
  const [service] = document[root]["slice-service"];
  return fc.record({
    text: fc.constant(JSON.stringify(document)),
    path: fc.constantFrom(...placesIn(service)).map((place) => `${root} slice-service 0 ${place}`),
    value: fc.constantFrom(...others),
  });
});
