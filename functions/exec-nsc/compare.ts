import { z } from "zod";
import type { MetricBound, NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import { canonicalJson } from "../../domain/intent/order.ts";

const Policy = z.object({
  description: z.string().optional(),
  "slo-policy": z
    .object({
      "metric-bound": z
        .array(z.object({ "metric-type": z.string(), "metric-unit": z.string(), bound: z.union([z.string(), z.int()]).optional() }))
        .default([]),
    })
    .default({ "metric-bound": [] }),
});
const withPolicy = { "slo-sle-template": z.string().optional(), "service-slo-sle-policy": Policy.optional() };

/** The parts of a slice service that one is told by, as a controller answers them: among states, measurements and what it adds. */
export const SliceService = z.object({
  id: z.string(),
  ...withPolicy,
  "service-tags": z
    .object({ "tag-type": z.array(z.object({ "tag-type": z.string(), value: z.array(z.string()).default([]) })).default([]) })
    .default({ "tag-type": [] }),
  status: z.object({ "oper-status": z.object({ status: z.string().optional() }).optional() }).optional(),
  sdps: z.object({
    sdp: z.array(
      z.object({
        id: z.string(),
        "node-id": z.string().optional(),
        "sdp-ip-address": z.array(z.string()).default([]),
        "service-match-criteria": z
          .object({
            "match-criterion": z
              .array(
                z.object({ "match-type": z.array(z.object({ type: z.string(), value: z.array(z.string()).default([]) })).default([]) }),
              )
              .default([]),
          })
          .default({ "match-criterion": [] }),
        "attachment-circuits": z
          .object({ "attachment-circuit": z.array(z.object({ "ac-tp-id": z.string().optional() })).default([]) })
          .default({ "attachment-circuit": [] }),
      }),
    ),
  }),
  "connection-groups": z
    .object({
      "connection-group": z
        .array(
          z.object({
            "connectivity-construct": z
              .array(
                z.object({
                  "p2p-sender-sdp": z.string().optional(),
                  "p2p-receiver-sdp": z.string().optional(),
                  "p2mp-sender-sdp": z.string().optional(),
                  "a2a-sdp": z.array(z.object({ "sdp-id": z.string(), ...withPolicy })).default([]),
                  ...withPolicy,
                }),
              )
              .default([]),
          }),
        )
        .default([]),
    })
    .default({ "connection-group": [] }),
});
export type SliceService = z.infer<typeof SliceService>;

type Construct = SliceService["connection-groups"]["connection-group"][number]["connectivity-construct"][number];
type Bounds = Readonly<Record<string, string>>;

/** A slice service under the intent's names, free of what may be written in several ways. */
interface View {
  readonly "slo-sle-policy": string | undefined;
  readonly niName: readonly string[];
  readonly sdps: ReadonlyMap<string, Readonly<Record<"node-id" | "sdp-ip-address" | "ac-tp-id" | "vlanId", readonly string[]>>>;
  /** Bounds by metric, by who sends to whom: `1>2`, or `1>*` for any other SDP. */
  readonly ways: ReadonlyMap<string, Bounds>;
}

/** RFC 7951 section 6.8: an identity of the leaf's own module may come with the module's name or without. */
const plain = (identity: string): string => identity.slice(identity.indexOf(":") + 1);

const boundsOf = (policy: z.infer<typeof Policy> | undefined): Bounds =>
  Object.fromEntries(
    (policy?.["slo-policy"]["metric-bound"] ?? []).map((b) => [plain(b["metric-type"]), `${String(b.bound)} ${b["metric-unit"]}`]),
  );

function waysOf(construct: Construct): readonly (readonly [string, Bounds])[] {
  const { "p2p-sender-sdp": from, "p2p-receiver-sdp": to, "p2mp-sender-sdp": one } = construct;
  if (from !== undefined || to !== undefined) return [[`${String(from)}>${String(to)}`, boundsOf(construct["service-slo-sle-policy"])]];
  if (one !== undefined) return [[`${one}>many`, {}]];
  return construct["a2a-sdp"].map((sdp) => [`${sdp["sdp-id"]}>*`, boundsOf(sdp["service-slo-sle-policy"])]);
}

function viewOf(service: SliceService): View {
  return {
    "slo-sle-policy": service["slo-sle-template"] ?? service["service-slo-sle-policy"]?.description,
    niName: service["service-tags"]["tag-type"].flatMap((tag) => (plain(tag["tag-type"]) === "opaque" ? tag.value : [])).toSorted(),
    sdps: new Map(
      service.sdps.sdp.map((sdp) => [
        sdp.id,
        {
          "node-id": sdp["node-id"] === undefined ? [] : [sdp["node-id"]],
          "sdp-ip-address": sdp["sdp-ip-address"],
          "ac-tp-id": sdp["attachment-circuits"]["attachment-circuit"].flatMap((ac) => ac["ac-tp-id"] ?? []),
          vlanId: sdp["service-match-criteria"]["match-criterion"].flatMap((criterion) =>
            criterion["match-type"].map(({ type, value }) => `${plain(type)} ${value.join(" ")}`),
          ),
        },
      ]),
    ),
    ways: new Map(service["connection-groups"]["connection-group"].flatMap((group) => group["connectivity-construct"].flatMap(waysOf))),
  };
}

const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);
const sameKeys = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean =>
  same([...a.keys()].toSorted(), [...b.keys()].toSorted());

/** Names, in the intent's words, of what the controller has otherwise than `asked`, which is the body that would be sent to it. */
export function differences(seen: SliceService, asked: SliceService): readonly string[] {
  const [has, wants] = [viewOf(seen), viewOf(asked)];
  const differs = new Set<string>();
  for (const name of ["slo-sle-policy", "niName"] as const) if (!same(has[name], wants[name])) differs.add(name);
  if (!sameKeys(has.sdps, wants.sdps)) differs.add("sdp-id");
  else if (!sameKeys(has.ways, wants.ways)) differs.add("connectivity");
  for (const [id, wanted] of wants.sdps) {
    const there = has.sdps.get(id);
    if (there === undefined) continue;
    for (const name of ["node-id", "sdp-ip-address", "ac-tp-id", "vlanId"] as const)
      if (!same(there[name], wanted[name])) differs.add(name);
  }
  for (const [way, wanted] of wants.ways) {
    const there = has.ways.get(way);
    if (there === undefined) continue;
    for (const metric of new Set([...Object.keys(wanted), ...Object.keys(there)]))
      if (there[metric] !== wanted[metric]) differs.add(metric);
  }
  return [...differs];
}

const abbreviated = { bps: "bps", Kbps: "Kbps", Mbps: "Mbps", Gbps: "Gbps", nanoseconds: "ns", microseconds: "us", milliseconds: "ms" };
const textOf = ({ bound, unit }: MetricBound): string => `${bound} ${abbreviated[unit]}`;

/**
 * The bounds that the controller keeps, as an intent would write them. What differs is not told, nor a metric for which the SDPs were
 * asked different things: a report has one value of that name.
 */
export function declaredOf({ sdps }: NetworkSlice, differs: readonly string[]): Readonly<Record<string, string>> {
  const declared: Record<string, string> = {};
  for (const metric of ["one-way-bandwidth", "one-way-delay-maximum"] as const) {
    const [only, ...others] = new Set(sdps.flatMap(({ bounds }) => bounds.filter((b) => b.metric === metric).map(textOf)));
    if (only !== undefined && others.length === 0 && !differs.includes(metric)) declared[metric] = only;
  }
  return declared;
}

/** What the model calls up is working; where a controller keeps no operational status, there is nothing to wait for. */
export const isPending = ({ status }: SliceService): boolean => plain(status?.["oper-status"]?.status ?? "op-up") !== "op-up";
