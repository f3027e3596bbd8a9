import { z } from "zod";
import { ok, type Outcome, refuse } from "../../../outcome.ts";
import { readContexts, readTargets } from "../../attributes.ts";
import type { IntentLibrary, TranslationRefusal } from "../../library.ts";
import type { IntentExpectation } from "../../model.ts";
import type { Order } from "../../order.ts";
import { hostAndPort, httpUrl, kubernetesName, nodeName, plainName, secretRef } from "../../values.ts";
import { claims } from "./claims.ts";
import type { L2Overlay, OverlayMember } from "./payload.ts";

type Refusing<T> = Outcome<T, TranslationRefusal>;

const nodeNames = z.union([nodeName.transform((name) => [name]), z.array(nodeName).min(1).max(100)]);
const overlayName = kubernetesName.refine((name) => name.length <= 59, { error: "expected at most 59 characters: -ned comes behind it" });

const objectContexts = z.strictObject({
  name: kubernetesName,
  bearer_token: secretRef,
  api_key: httpUrl,
  overlay: overlayName,
  providerName: plainName,
  domain: hostAndPort,
  nodes: nodeNames,
  gatewayNode: nodeName,
  gatewayAddress: z.ipv4({ error: "expected an IPv4 address" }),
  namespace: kubernetesName.optional(),
});

const expectationContexts = z.strictObject({ url: httpUrl.optional() });

interface Part {
  readonly expectationId: string;
  readonly place: string;
  readonly url: string | undefined;
  readonly of: Omit<L2Overlay, "clusters">;
  readonly member: OverlayMember;
}

/** Each expectation brings one cluster into an overlay; those of one name are joined. D2.3's slices, and its adding and removing of clusters. */
export const library: IntentLibrary = {
  name: "l2sm-overlay",
  summary: "L2S-M's switches and edge devices in one or more clusters: the slice that L2 networks run on (ILU).",
  selects: [["cloud_continuum", "DELIVER", "L2SM_OVERLAY"]],
  claims,
  translate(intent) {
    const overlays = new Map<string, { readonly first: Part; readonly parts: Part[] }>();
    for (const [i, expectation] of intent.intentExpectations.entries()) {
      const part = partOf(expectation, `/intentExpectations/${String(i)}`);
      if (!part.ok) return part;
      const joined = overlays.get(part.value.of.overlay);
      if (joined === undefined) overlays.set(part.value.of.overlay, { first: part.value, parts: [part.value] });
      else {
        const clash = clashOf(joined.first, joined.parts, part.value);
        if (clash !== undefined) return clash;
        joined.parts.push(part.value);
      }
    }
    return ok({ kind: "orders", orders: [...overlays.values()].map(({ first, parts }) => orderOf(first, parts)) });
  },
};

function partOf(
  { expectationId, expectationObject, expectationTargets, expectationContexts: around }: IntentExpectation,
  place: string,
): Refusing<Part> {
  const targets = readTargets({}, expectationTargets, `${place}/expectationTargets`);
  if (!targets.ok) return targets;
  const object = readContexts(objectContexts, expectationObject.objectContexts, `${place}/expectationObject/objectContexts`);
  if (!object.ok) return object;
  const where = readContexts(expectationContexts, around, `${place}/expectationContexts`);
  if (!where.ok) return where;
  const {
    name,
    bearer_token: tokenRef,
    api_key: api,
    overlay,
    providerName,
    domain,
    nodes,
    gatewayNode,
    gatewayAddress,
    namespace = "default",
  } = object.value;
  return ok({
    expectationId,
    place: `${place}/expectationObject/objectContexts`,
    url: where.value.url,
    of: { overlay, namespace, provider: { name: providerName, domain } },
    member: {
      name,
      apiUrl: new URL(api).origin,
      tokenRef,
      nodes: [...new Set(nodes)],
      gateway: { node: gatewayNode, address: gatewayAddress },
    },
  });
}

function clashOf(first: Part, parts: readonly Part[], next: Part): Refusing<never> | undefined {
  const { overlay } = next.of;
  if (parts.some(({ member }) => member.name === next.member.name))
    return refuse("CONTEXT_INVALID", `name: cluster ${next.member.name} joins overlay ${overlay} twice`, next.place);
  if (JSON.stringify(first.of) !== JSON.stringify(next.of))
    return refuse("CONTEXT_INVALID", `overlay: the clusters of ${overlay} name different providers, domains or namespaces`, next.place);
  if (first.url !== undefined && next.url !== undefined && new URL(first.url).origin !== new URL(next.url).origin)
    return refuse("CONTEXT_INVALID", `url: the clusters of overlay ${overlay} name different controllers`, next.place);
  return undefined;
}

function orderOf({ of }: Part, parts: readonly Part[]): Order {
  const url = parts.find((p) => p.url !== undefined)?.url;
  return {
    executioner: "l2sm",
    resource: `overlay/${of.namespace}/${of.overlay}`,
    expectationIds: parts.map(({ expectationId }) => expectationId),
    ...(url === undefined ? {} : { controller: url }),
    origins: parts.map(({ member }) => member.apiUrl),
    payload: { ...of, clusters: parts.map(({ member }) => member) } satisfies L2Overlay,
  };
}
