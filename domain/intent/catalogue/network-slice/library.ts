import { z } from "zod";
import { ok, type Outcome, refuse } from "../../../outcome.ts";
import { readContexts, readTargets } from "../../attributes.ts";
import type { IntentLibrary, TranslationRefusal } from "../../library.ts";
import type { Intent, IntentExpectation } from "../../model.ts";
import { effectName } from "../../name.ts";
import { httpUrl, interfaceName, nodeName, plainName, vlanId } from "../../values.ts";
import { bandwidthBound, delayBound } from "./bound.ts";
import { claims } from "./claims.ts";
import type { MetricBound, NetworkSlice, Sdp } from "./payload.ts";

type Refusing<T> = Outcome<T, TranslationRefusal>;

/** Controllers answer IPv6 in the form of RFC 5952, which is also how a URL's host is written. */
const ipAddress = z.union([z.ipv4(), z.ipv6().transform((address) => new URL(`http://[${address}]`).hostname.slice(1, -1))], {
  error: "expected an IPv4 or IPv6 address",
});

// D2.3's table of SLICE_SERVICE_SDP; `ac-tp-id` and `vlanId` are ours: the model has an attachment circuit, the deliverable's intent does not.
const objectContexts = z.strictObject({
  "slo-sle-policy": plainName,
  "sdp-id": plainName,
  "node-id": nodeName,
  "sdp-ip-address": ipAddress,
  niName: plainName.optional(),
  "ac-tp-id": interfaceName.optional(),
  vlanId: vlanId.optional(),
});

const targets = {
  "one-way-bandwidth": { value: bandwidthBound, conditions: ["IS_EQUAL_TO"] },
  "one-way-delay-maximum": { value: delayBound, conditions: ["IS_EQUAL_TO"] },
} as const;

const expectationContexts = z.strictObject({ url: httpUrl.optional() });

interface Demarcation {
  readonly place: string;
  readonly policy: string;
  readonly sdp: Sdp;
  readonly url: string | undefined;
}

/** Each expectation describes one service demarcation point (SDP, RFC 9543); all those of an intent are joined into one slice service. */
export const library: IntentLibrary = {
  name: "network-slice",
  summary: "RFC 9543 network slice service over two or more service demarcation points, through a network slice controller (ILU).",
  selects: [["cloud_continuum", "DELIVER", "SLICE_SERVICE_SDP"]],
  claims,
  translate(intent) {
    const read = readAll(intent);
    if (!read.ok) return read;
    const [first, ...others] = read.value;
    if (first === undefined || others.length === 0)
      return refuse(
        "CONTEXT_MISSING",
        "a network slice needs at least two SLICE_SERVICE_SDP expectations in one intent, one for each of its ends; this intent has one",
        first?.place,
      );
    const clash = clashIn(read.value);
    if (clash !== undefined) return clash;

    // No expectation's id begins with a `~`, so no other library names anything of this intent like that. And the slice keeps its name
    // when SDPs come and go: it is changed, and not made anew.
    const slice = effectName(intent.id, "~slice");
    const url = read.value.find((one) => one.url !== undefined)?.url;
    const payload: NetworkSlice = { slice, policy: first.policy, sdps: read.value.map(({ sdp }) => sdp) };
    const order = {
      executioner: "nsc",
      resource: `slice-service/${slice}`,
      expectationIds: intent.intentExpectations.map((e) => e.expectationId),
      ...(url === undefined ? {} : { controller: url }),
      origins: [],
      payload,
    };
    return ok({ kind: "orders", orders: [order] });
  },
};

function readAll(intent: Intent): Refusing<readonly Demarcation[]> {
  const all: Demarcation[] = [];
  for (const [i, expectation] of intent.intentExpectations.entries()) {
    const one = readOne(expectation, `/intentExpectations/${String(i)}`);
    if (!one.ok) return one;
    all.push(one.value);
  }
  return ok(all);
}

function readOne({ expectationObject, expectationTargets, expectationContexts: around }: IntentExpectation, place: string) {
  const object = readContexts(objectContexts, expectationObject.objectContexts, `${place}/expectationObject/objectContexts`);
  if (!object.ok) return object;
  const wanted = readTargets(targets, expectationTargets, `${place}/expectationTargets`);
  if (!wanted.ok) return wanted;
  const where = readContexts(expectationContexts, around, `${place}/expectationContexts`);
  if (!where.ok) return where;

  const { "ac-tp-id": port, vlanId: vlan, niName } = object.value;
  const bounds: MetricBound[] = [];
  for (const metric of ["one-way-bandwidth", "one-way-delay-maximum"] as const) {
    const value = wanted.value[metric];
    if (value !== undefined) bounds.push({ metric, ...value });
  }
  return ok({
    place,
    policy: object.value["slo-sle-policy"],
    url: where.value.url,
    sdp: {
      id: object.value["sdp-id"],
      node: object.value["node-id"],
      address: object.value["sdp-ip-address"],
      ...(port === undefined ? {} : { port }),
      ...(vlan === undefined ? {} : { vlanId: vlan }),
      ...(niName === undefined ? {} : { niName }),
      bounds,
    },
  });
}

/** What each expectation may say, and the slice that they make together may not. */
function clashIn(all: readonly Demarcation[]): Refusing<never> | undefined {
  const url = all.find((one) => one.url !== undefined)?.url;
  for (const [i, { place, policy, sdp, url: named }] of all.entries()) {
    const objects = `${place}/expectationObject/objectContexts`;
    if (policy !== all[0]?.policy)
      return refuse("CONTEXT_INVALID", `slo-sle-policy: a slice service has one, and the first SDP of this intent names another`, objects);
    if (url !== undefined && named !== undefined && new URL(named).origin !== new URL(url).origin)
      return refuse("CONTEXT_INVALID", "url: the SDPs of one slice name different controllers", `${place}/expectationContexts`);
    for (const { sdp: other } of all.slice(0, i)) {
      if (other.id === sdp.id) return refuse("CONTEXT_INVALID", `sdp-id: ${sdp.id} is the id of two SDPs of this intent`, objects);
      if (sdp.port !== undefined && other.node === sdp.node && other.port === sdp.port && other.vlanId === sdp.vlanId)
        return refuse("CONTEXT_INVALID", `ac-tp-id: SDPs ${other.id} and ${sdp.id} are the same port and VLAN of the same node`, objects);
    }
  }
  return undefined;
}
