import { z } from "zod";
import type { L2Overlay, OverlayMember } from "../../domain/intent/catalogue/l2sm-overlay/payload.ts";

/** As it is called from v1.2.12 on, or before, when its domain was one text. */
const Provider = z.object({ name: z.string(), domain: z.union([z.string(), z.array(z.string())]) });

/** Overlay and NetworkEdgeDevice, as far as they are told by it. */
export const OverlayResource = z.object({
  metadata: z.object({ deletionTimestamp: z.string().optional() }),
  spec: z.object({
    provider: Provider.optional(),
    networkController: Provider.optional(),
    topology: z.object({ nodes: z.array(z.string()).default([]) }).optional(),
    nodeConfig: z.object({ nodeName: z.string(), ipAddress: z.string() }).optional(),
    neighbors: z.array(z.object({ node: z.string(), domain: z.string() })).optional(),
  }),
});
export type OverlayResource = z.infer<typeof OverlayResource>;

const apiVersion = "l2sm.l2sm.k8s.local/v1";

const neighborsOf = ({ clusters }: L2Overlay, member: OverlayMember) =>
  clusters
    .filter((other) => other !== member && other.name !== member.name)
    .map(({ gateway }) => ({ node: gateway.node, domain: gateway.address }));

const fullMesh = (nodes: readonly string[]) =>
  nodes.flatMap((endpointA, i) => nodes.slice(i + 1).map((endpointB) => ({ endpointA, endpointB })));

/** The Overlay and the NetworkEdgeDevice of one cluster, as today's definitions have them and as those before v1.2.12 had them. */
export function manifestsOf(wanted: L2Overlay, member: OverlayMember): readonly [current: readonly object[], former: readonly object[]] {
  const { overlay, provider } = wanted;
  const topology = { nodes: member.nodes, links: fullMesh(member.nodes) };
  const device = {
    nodeConfig: { nodeName: member.gateway.node, ipAddress: member.gateway.address },
    neighbors: neighborsOf(wanted, member),
  };
  const written = (controller: object): readonly object[] => [
    { apiVersion, kind: "Overlay", metadata: { name: overlay }, spec: { ...controller, topology } },
    { apiVersion, kind: "NetworkEdgeDevice", metadata: { name: `${overlay}-ned` }, spec: { ...controller, ...device } },
  ];
  return [
    written({ provider: { name: provider.name, domain: [provider.domain] } }),
    written({ networkController: { name: provider.name, domain: provider.domain } }),
  ];
}

/** Names, in the intent's words, of what one cluster has otherwise than wanted: of its Overlay, and of its NetworkEdgeDevice. */
export const overlayDifferences = {
  overlays: (wanted: L2Overlay, member: OverlayMember, found: OverlayResource): readonly string[] => [
    ...(isProvider(wanted, found) ? [] : ["provider"]),
    ...(sameSet(found.spec.topology?.nodes ?? [], member.nodes) ? [] : ["nodes"]),
  ],
  networkedgedevices: (wanted: L2Overlay, member: OverlayMember, { spec, ...found }: OverlayResource): readonly string[] => [
    ...(isProvider(wanted, { spec, ...found }) ? [] : ["provider"]),
    ...(spec.nodeConfig?.nodeName === member.gateway.node && spec.nodeConfig.ipAddress === member.gateway.address ? [] : ["gateway"]),
    ...(sameSet(ends(spec.neighbors ?? []), ends(neighborsOf(wanted, member))) ? [] : ["neighbors"]),
  ],
};

function isProvider({ provider }: L2Overlay, { spec }: OverlayResource): boolean {
  const controller = spec.provider ?? spec.networkController;
  return controller?.name === provider.name && [controller.domain].flat().join() === provider.domain;
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean => a.toSorted().join(" ") === b.toSorted().join(" ");

const ends = (neighbors: readonly { readonly node: string; readonly domain: string }[]): readonly string[] =>
  neighbors.map(({ node, domain }) => `${node}@${domain}`);
