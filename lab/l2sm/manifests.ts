import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { ClusterMessage, LinkMessage, NetworkRequest, OverlayMessage, ProtoPackage, ProviderMessage } from "./messages.ts";

const apiVersion = "l2sm.l2sm.k8s.local/v1";

/** HEAD's env.go. Mind the operator's own default for OpenFlow, which is 6633. */
const defaultPorts = { sdnPort: "30808", ofPort: "30663", dnsPort: "30053", dnsGrpcPort: "30818" };

/** A string and nothing else until v1.2.8, a list and the ports since. */
function providerOf(pkg: ProtoPackage, provider: ProviderMessage): object {
  if (pkg === "l2smmd") return { name: provider.name, domain: provider.domain };
  return {
    name: provider.name,
    domain: [provider.domain],
    sdnPort: provider.sdn_port || defaultPorts.sdnPort,
    ofPort: provider.of_port || defaultPorts.ofPort,
    dnsPort: provider.dns_port || defaultPorts.dnsPort,
    dnsGrpcPort: provider.dns_grpc_port || defaultPorts.dnsGrpcPort,
  };
}

export function networkManifest(
  pkg: ProtoPackage,
  network: NonNullable<NetworkRequest["network"]>,
  provider: ProviderMessage,
  podAddressRange: string | undefined,
): object {
  const spec = { type: network.type || "vnet", config: network.pod_cidr, provider: providerOf(pkg, provider) };
  const ranged = pkg === "l2sces" && podAddressRange !== undefined ? { networkCIDR: network.pod_cidr, podAddressRange } : {};
  return { apiVersion, kind: "L2Network", metadata: { name: network.name }, spec: { ...spec, ...ranged } };
}

export function edgeDeviceManifest(
  pkg: ProtoPackage,
  provider: ProviderMessage,
  cluster: ClusterMessage,
  others: readonly ClusterMessage[],
): object {
  const gateway = cluster.gateway_node;
  const nodeConfig = gateway === null ? {} : { nodeConfig: { nodeName: gateway.name, ipAddress: gateway.ip_address } };
  const neighbors = others.map((o) => ({ node: o.gateway_node?.name ?? o.name, domain: o.gateway_node?.ip_address ?? "" }));
  const spec =
    pkg === "l2smmd"
      ? { networkController: providerOf(pkg, provider), neighbors }
      : { provider: providerOf(pkg, provider), ...nodeConfig, neighbors };
  return { apiVersion, kind: "NetworkEdgeDevice", metadata: { name: `${provider.name}-ned` }, spec };
}

/** The name is fixed upstream, so there is one overlay a namespace, whatever the slice. */
export function overlayManifest(pkg: ProtoPackage, overlay: OverlayMessage, provider: ProviderMessage): object {
  const controller = providerOf(pkg, overlay.provider ?? provider);
  const topology = { nodes: overlay.nodes, links: linksOf(overlay) };
  const spec = pkg === "l2smmd" ? { networkController: controller, topology } : { provider: controller, topology };
  return { apiVersion, kind: "Overlay", metadata: { name: "overlay-sample" }, spec };
}

/** A full mesh where none are given; given ones come after as many empty ones (upstream's ConstructOverlay). */
function linksOf({ nodes, links }: OverlayMessage): readonly LinkMessage[] {
  if (links.length > 0) return [...links.map(() => ({ endpointA: "", endpointB: "" })), ...links];
  return nodes.flatMap((endpointA, i) => nodes.slice(i + 1).map((endpointB) => ({ endpointA, endpointB })));
}

/** ApplyCIDRs: cluster i of n, counted from 1, gets the i-th block of the prefix grown by bitlen(n). */
export function addressShares(podCidr: string, clusters: number): Outcome<readonly string[], "CIDR_INVALID"> {
  const [, a = "", b = "", c = "", d = "", length = ""] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(podCidr) ?? [];
  const octets = [a, b, c, d].map(Number);
  if (length === "" || octets.some((o) => o > 255) || Number(length) > 32)
    return refuse("CIDR_INVALID", `invalid CIDR address: ${podCidr}`);
  const newPrefix = Number(length) + clusters.toString(2).length;
  if (newPrefix > 32) return refuse("CIDR_INVALID", `cannot divide ${podCidr} into ${String(clusters)} shares`);
  const mask = 2 ** (32 - Number(length));
  const base = Math.floor(octets.reduce((sum, o) => sum * 256 + o, 0) / mask) * mask;
  return ok(Array.from({ length: clusters }, (_, i) => `${dotted(base + (i + 1) * 2 ** (32 - newPrefix))}/${String(newPrefix)}`));
}

const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => String(Math.floor(address / 2 ** shift) % 256)).join(".");

/** What HEAD tells the caller to change in a workload that shall join the network; the placeholder is upstream's. */
export const workloadPatches = (network: string): readonly { path: string; value: string }[] => [
  { path: "spec.template.metadata.labels.l2sm", value: '"true"' },
  { path: "spec.template.metadata.labels.l2sm/app", value: '"<workload-name>"' },
  { path: "spec.template.metadata.annotations.l2sm/networks", value: network },
  { path: "spec.template.spec.containers[0].env[0].name", value: '"DNS_NAME"' },
  { path: "spec.template.spec.containers[0].env[0].value", value: `"<workload-name>.${network}.inter.l2sm"` },
];
