import { z } from "zod";
import type { NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import { canonicalJson } from "../../domain/intent/order.ts";
import { ok } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { declaredOf, differences, SliceService } from "./compare.ts";
import type { Face } from "./face.ts";
import { jsonIn } from "../reply.ts";
import { type Call, declined, type Nsc, type Reply, words } from "./http.ts";
import { tfsBody, yangModule } from "./nss.ts";
import { sliceUuid } from "./uuid.ts";

const root = `/restconf/data/${yangModule}:network-slice-services`;
/** The list has a slash at its end, without which TeraFlowSDN redirects; an entry has none. It is found by the UUID, not by the name. */
const listPath = `${root}/`;
const slicePath = (slice: string): string => `${root}/slice-service=${sliceUuid(slice)}`;

/** A slice is made, and taken away, while the devices are configured; TeraFlowSDN's proxy waits for 60 s. */
const configuringMs = 60_000;

const call = (nsc: Nsc, rest: Omit<Call, "type">): Promise<Reply> => nsc.call({ ...rest, type: "application/json" });

const saysAbsent = (reply: Reply): boolean => reply.status === 500 && words(reply).includes("not found in database");

/** The parts of TeraFlowSDN's Slice message that a slice is told by. It keeps the body of the POST as text in a config rule. */
const TfsSlice = z.object({
  slice_id: z.object({ slice_uuid: z.object({ uuid: z.string() }) }),
  slice_status: z.object({ slice_status: z.union([z.string(), z.int()]).optional() }).default({}),
  slice_constraints: z
    .array(
      z.object({
        sla_capacity: z.object({ capacity_gbps: z.number().optional() }).optional(),
        sla_latency: z.object({ e2e_latency_ms: z.number().optional() }).optional(),
      }),
    )
    .default([]),
  slice_config: z
    .object({
      config_rules: z
        .array(z.object({ custom: z.object({ resource_key: z.string(), resource_value: z.string() }).optional() }))
        .default([]),
    })
    .default({ config_rules: [] }),
});
type TfsSlice = z.infer<typeof TfsSlice>;

const Kept = z.object({ "network-slice-services": z.object({ "slice-service": z.tuple([SliceService]).rest(z.unknown()) }) });

/** SLA_VIOLATED is a working slice that misses its numbers; those are measured, not asked of TeraFlowSDN. */
const settled: ReadonlySet<string | number> = new Set(["SLICESTATUS_ACTIVE", 3, "SLICESTATUS_SLA_VIOLATED", 5]);

const dividers = { bps: 1e9, Kbps: 1e6, Mbps: 1e3, Gbps: 1, nanoseconds: 1e6, microseconds: 1e3, milliseconds: 1 };

/** The SLOs that TeraFlowSDN made of the bounds, in its units: Gbit/s and ms. */
function constraintDifferences(slice: TfsSlice, { sdps }: NetworkSlice): readonly string[] {
  const kept = new Map<string, number>();
  for (const { sla_capacity, sla_latency } of slice.slice_constraints) {
    if (sla_capacity?.capacity_gbps !== undefined) kept.set("one-way-bandwidth", sla_capacity.capacity_gbps);
    if (sla_latency?.e2e_latency_ms !== undefined) kept.set("one-way-delay-maximum", sla_latency.e2e_latency_ms);
  }
  const wanted = new Map((sdps[0]?.bounds ?? []).map(({ metric, bound, unit }) => [metric as string, Number(bound) / dividers[unit]]));
  return [...new Set([...kept.keys(), ...wanted.keys()])].filter((metric) => kept.get(metric) !== wanted.get(metric));
}

function allDifferences(slice: TfsSlice, wanted: NetworkSlice): readonly string[] {
  const rule = slice.slice_config.config_rules.find(({ custom }) => custom?.resource_key === "running_ietf_slice")?.custom;
  const kept = Kept.safeParse(jsonIn(rule?.resource_value ?? ""));
  // Made by somebody else, or by another interface: nothing of it is known to be as wanted.
  if (!kept.success) return ["connectivity"];
  const asked = Kept.parse(tfsBody(wanted));
  const [seen, body] = [kept.data, asked].map((one) => one["network-slice-services"]["slice-service"][0]) as [SliceService, SliceService];
  return [...new Set([...differences(seen, body), ...constraintDifferences(slice, wanted)])];
}

/** TeraFlowSDN's rendering of the module: point-to-point, IPv4, one set of SLOs, no update. */
export const tfsSlice: Face = {
  lacks({ sdps }) {
    const [first, second, ...more] = sdps;
    if (more.length > 0) return "TeraFlowSDN takes slices of exactly two SDPs";
    const without = sdps.find(({ port }) => port === undefined);
    if (without !== undefined) return `TeraFlowSDN needs the context ac-tp-id of each SDP, and SDP ${without.id} has none`;
    if (sdps.some(({ address }) => address.includes(":"))) return "TeraFlowSDN takes IPv4 addresses of SDPs only";
    const reverse = second?.bounds ?? [];
    if (reverse.length > 0 && canonicalJson(reverse) !== canonicalJson(first?.bounds))
      return "TeraFlowSDN keeps one set of SLOs a slice: the second SDP's targets must be the first one's, or none";
    return undefined;
  },

  async observe(nsc, wanted) {
    const reply = await call(nsc, { method: "GET", path: slicePath(wanted.slice) });
    if (saysAbsent(reply)) return ok({ state: "absent" });
    // 504 with a slice in it is TeraFlowSDN's "not active yet"; without one it is a gateway's.
    const read = reply.status === 200 || reply.status === 504 ? TfsSlice.safeParse(jsonIn(reply.text)) : undefined;
    if (read === undefined || (!read.success && reply.status === 504)) return declined(nsc, reply, "GET slice-service");
    if (!read.success) throw new TransientError("NSC_UNAVAILABLE", `TeraFlowSDN at ${nsc.host} answered something that is not a slice`);
    // What cannot be carried does not show in a body made for TeraFlowSDN, and is not there either.
    const lacking = tfsSlice.lacks(wanted) === undefined ? [] : ["connectivity"];
    const differs = [...new Set([...allDifferences(read.data, wanted), ...lacking])];
    const pending = !settled.has(read.data.slice_status.slice_status ?? 0);
    return ok({ state: "present", differs, pending, declared: declaredOf(wanted, differs) });
  },

  async create(nsc, wanted) {
    const reply = await call(nsc, { method: "POST", path: listPath, body: tfsBody(wanted), deadlineMs: configuringMs });
    return reply.status === 201 ? ok(undefined) : declined(nsc, reply, "POST network-slice-services");
  },

  async change(nsc, wanted) {
    const removed = await tfsSlice.remove(nsc, wanted.slice);
    return removed.ok ? tfsSlice.create(nsc, wanted) : removed;
  },

  async remove(nsc, slice) {
    const removed = await call(nsc, { method: "DELETE", path: slicePath(slice), deadlineMs: configuringMs });
    if (removed.status !== 200 && removed.status !== 204) return declined(nsc, removed, "DELETE slice-service");
    const left = await call(nsc, { method: "GET", path: slicePath(slice) });
    if (saysAbsent(left)) return ok(undefined);
    if (left.status !== 200 && left.status !== 504) return declined(nsc, left, "GET slice-service");
    throw new TransientError("NSC_UNAVAILABLE", `TeraFlowSDN at ${nsc.host} still has ${slice} after its removal`);
  },
};
