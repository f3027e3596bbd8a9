import { z } from "zod";

/*
 * The configuration of ietf-network-slice-service@2024-08-28, as RFC 7951 JSON is checked against it: unknown nodes are refused, keys are
 * unique, references lead somewhere. Left out are what other modules bring in (geo-location, QoS policies, SDP peering, topologies).
 */

const yangModule = "ietf-network-slice-service";

/** RFC 7951 section 6.8: the module's name may be left out where the leaf is of the same module. */
const identity = (...names: readonly string[]) =>
  z.string().refine((text) => names.includes(text.replace(`${yangModule}:`, "")), { error: `expected an identity of ${names.join(", ")}` });

/** RFC 7951 section 6.1: 64-bit integers are JSON strings. */
const uint64 = z.string().refine((text) => /^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n, { error: "expected a uint64" });
const uint32 = z.int().min(0).max(4_294_967_295);
const decimal3 = z.string().regex(/^\d{1,3}(?:\.\d{1,3})?$/);

const list = <T extends z.ZodObject>(entry: T, key: string) =>
  z.array(entry).superRefine((entries, context) => {
    const keys = entries.map((one) => (one as Record<string, unknown>)[key]);
    if (new Set(keys).size < keys.length) context.addIssue({ code: "custom", message: `two entries have the same ${key}` });
  });

const directions = ["one-way", "two-way"].flatMap((way) =>
  ["bandwidth", "delay-maximum", "delay-percentile", "delay-variation-maximum", "delay-variation-percentile", "packet-loss"].map(
    (metric) => `${way}-${metric}`,
  ),
);

const sloPolicy = z.strictObject({
  "metric-bound": list(
    z.strictObject({
      "metric-type": identity(...directions, "shared-bandwidth"),
      "metric-unit": z.string(),
      "value-description": z.string().optional(),
      "percentile-value": decimal3.optional(),
      bound: uint64.optional(),
    }),
    "metric-type",
  ).optional(),
  availability: identity("six-nines", "five-nines", "four-nines", "three-nines", "two-nines").optional(),
  mtu: uint32.optional(),
});

const slePolicy = z.strictObject({
  security: z.array(identity("authentication", "integrity", "encryption")).optional(),
  isolation: z.array(identity("traffic-isolation")).optional(),
  "max-occupancy-level": z.int().min(1).max(100).optional(),
});

const description = z.string().optional();
const policies = { "slo-policy": sloPolicy.optional(), "sle-policy": slePolicy.optional() };

export const Template = z.strictObject({ id: z.string(), description, "template-ref": z.string().optional(), ...policies });
export type Template = z.infer<typeof Template>;

/** A choice: the one or the other, or neither. */
const choiceOfPolicy = {
  "slo-sle-template": z.string().optional(),
  "service-slo-sle-policy": z.strictObject({ description, ...policies }).optional(),
};
const override = { "service-slo-sle-policy-override": identity("full-override", "partial-override").optional() };
const status = z.strictObject({ "admin-status": z.strictObject({ status: z.string() }).optional() }).optional();

const matchTypes = [
  "phy-interface",
  "vlan",
  "label",
  "source-ip-prefix",
  "destination-ip-prefix",
  "dscp",
  "acl",
  "any",
  "source-tcp-port",
  "destination-tcp-port",
  "source-udp-port",
  "destination-udp-port",
];

const MatchCriterion = z.strictObject({
  index: uint32,
  "match-type": list(
    z.strictObject({
      type: identity(...matchTypes),
      value: z.array(z.string()).optional(),
    }),
    "type",
  ).optional(),
  "target-connection-group-id": z.string(),
  "connection-group-sdp-role": z.string().optional(),
  "target-connectivity-construct-id": z.string().optional(),
});

const AttachmentCircuit = z.strictObject({
  id: z.string(),
  description,
  "ac-node-id": z.string().optional(),
  "ac-tp-id": z.string().optional(),
  "ac-ipv4-address": z.ipv4().optional(),
  "ac-ipv4-prefix-length": z.int().min(0).max(255).optional(),
  "ac-ipv6-address": z.ipv6().optional(),
  "ac-ipv6-prefix-length": z.int().min(0).max(255).optional(),
  mtu: uint32.optional(),
  status,
});

const Sdp = z.strictObject({
  id: z.string(),
  description,
  "node-id": z.string().optional(),
  "sdp-ip-address": z.array(z.union([z.ipv4(), z.ipv6()])).optional(),
  "service-match-criteria": z.strictObject({ "match-criterion": list(MatchCriterion, "index").optional() }).optional(),
  "ce-mode": z.boolean().optional(),
  "attachment-circuits": z.strictObject({ "attachment-circuit": list(AttachmentCircuit, "id").optional() }).optional(),
  status,
});

const Construct = z.strictObject({
  id: z.string(),
  "p2p-sender-sdp": z.string().optional(),
  "p2p-receiver-sdp": z.string().optional(),
  "p2mp-sender-sdp": z.string().optional(),
  "p2mp-receiver-sdp": z.array(z.string()).optional(),
  "a2a-sdp": list(z.strictObject({ "sdp-id": z.string(), ...choiceOfPolicy }), "sdp-id").optional(),
  ...choiceOfPolicy,
  ...override,
  status,
});

const ConnectionGroup = z.strictObject({
  id: z.string(),
  "connectivity-type": identity("point-to-point", "point-to-multipoint", "multipoint-to-point", "multipoint-to-multipoint").optional(),
  ...choiceOfPolicy,
  ...override,
  "connectivity-construct": list(Construct, "id").optional(),
});

export const SliceService = z.strictObject({
  id: z.string(),
  description,
  "service-tags": z
    .strictObject({
      "tag-type": list(
        z.strictObject({ "tag-type": identity("customer", "service", "opaque"), value: z.array(z.string()).optional() }),
        "tag-type",
      ).optional(),
    })
    .optional(),
  ...choiceOfPolicy,
  "compute-only": z.tuple([z.null()]).optional(), // RFC 7951 section 6.9
  status,
  sdps: z.strictObject({ sdp: list(Sdp, "id").min(2) }).optional(),
  "connection-groups": z.strictObject({ "connection-group": list(ConnectionGroup, "id").optional() }).optional(),
});
export type SliceService = z.infer<typeof SliceService>;

type PolicyChoice = { readonly "slo-sle-template"?: string | undefined; readonly "service-slo-sle-policy"?: object | undefined };

/** What is wrong with a slice service beyond the form of its nodes: choices of two cases, and references that lead nowhere. */
export function faultOf(service: SliceService, templates: ReadonlySet<string>): string | undefined {
  const sdps = service.sdps?.sdp ?? [];
  const groups = service["connection-groups"]?.["connection-group"] ?? [];
  const constructs = groups.flatMap((group) => group["connectivity-construct"] ?? []);
  const levels: readonly PolicyChoice[] = [service, ...groups, ...constructs, ...constructs.flatMap((c) => c["a2a-sdp"] ?? [])];
  for (const { "slo-sle-template": template, "service-slo-sle-policy": custom } of levels) {
    if (template !== undefined && custom !== undefined) return "slo-sle-template and service-slo-sle-policy are two cases of one choice";
    if (template !== undefined && !templates.has(template)) return `required leafref: no slo-sle-template has the id ${template}`;
  }
  const groupIds = new Set(groups.map((group) => group.id));
  for (const criterion of sdps.flatMap((sdp) => sdp["service-match-criteria"]?.["match-criterion"] ?? []))
    if (!groupIds.has(criterion["target-connection-group-id"])) return "required leafref: target-connection-group-id leads to no group";

  const sdpIds = new Set(sdps.map((sdp) => sdp.id));
  for (const construct of constructs) {
    const p2p = [construct["p2p-sender-sdp"], construct["p2p-receiver-sdp"]].filter((id) => id !== undefined);
    const p2mp = [construct["p2mp-sender-sdp"], ...(construct["p2mp-receiver-sdp"] ?? [])].filter((id) => id !== undefined);
    const a2a = (construct["a2a-sdp"] ?? []).map((sdp) => sdp["sdp-id"]);
    if ([p2p, p2mp, a2a].filter((ids) => ids.length > 0).length > 1) return `construct ${construct.id} is of two types at once`;
    if ([...p2p, ...p2mp, ...a2a].some((id) => !sdpIds.has(id)))
      return `required leafref: construct ${construct.id} names an SDP that is not there`;
  }
  return undefined;
}
