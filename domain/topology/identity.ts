import type { ProbeNode } from "../probe/model.ts";
import { type CostNode, isElsewhere, type KnownNode, type MapError, type Topology } from "./model.ts";

/** Whose a probe's end is; or that nobody can say, and why; or that it is gone. */
export type Resolved =
  | { readonly kind: "node"; readonly name: string }
  | { readonly kind: "gone" }
  | { readonly kind: "unclear"; readonly code: string; readonly reason: string; readonly nodes: readonly string[] };

/** The nodes of a cluster under one identity each, and who is at an end of a link. */
export interface Identities {
  readonly nodes: readonly CostNode[];
  readonly errors: readonly MapError[];
  resolve(end: ProbeNode): Resolved;
}

const isIp = (address: string): boolean =>
  /^(?:\d{1,3}\.){3}\d{1,3}$/.test(address) || (address.includes(":") && /^[0-9a-fA-F:.]+$/.test(address));
const ipsOf = ({ node }: KnownNode): readonly string[] => [
  ...new Set(node.addresses.filter(({ type, address }) => type.endsWith("IP") && isIp(address)).map(({ address }) => address)),
];

/** A node of another cluster, as this cluster's map names it: two clusters may have a node of one name. */
const nameOf = (cluster: string, end: ProbeNode): string => (end.cluster === cluster ? end.node : `${end.cluster}/${end.node}`);

/** Of the objects that had one name the newest that is there; where none is, the name is gone. */
function byName(nodes: readonly KnownNode[]): ReadonlyMap<string, KnownNode> {
  const named = new Map<string, KnownNode>();
  for (const known of nodes) {
    const other = named.get(known.node.name);
    if (other === undefined || (other.removed && !known.removed) || (other.removed === known.removed && isLater(known, other)))
      named.set(known.node.name, known);
  }
  return named;
}

const isLater = ({ node: a }: KnownNode, { node: b }: KnownNode): boolean =>
  a.resourceVersion.length === b.resourceVersion.length
    ? a.resourceVersion > b.resourceVersion || (a.resourceVersion === b.resourceVersion && a.uid > b.uid)
    : a.resourceVersion.length > b.resourceVersion.length;

/** Addresses and whose they are. Where several nodes claim one, it is the only ready one's; else nobody's. */
function owners(nodes: readonly KnownNode[]): ReadonlyMap<string, readonly KnownNode[]> {
  const claims = new Map<string, KnownNode[]>();
  for (const known of nodes) for (const ip of ipsOf(known)) claims.set(ip, [...(claims.get(ip) ?? []), known]);
  return new Map(
    [...claims].map(([ip, claiming]) => {
      const ready = claiming.filter(({ node }) => node.ready);
      return [ip, claiming.length > 1 && ready.length === 1 ? ready : claiming];
    }),
  );
}

/** Kubernetes' view and the probes' made one. The order of the answer is that of the names. */
export function identify({ cluster, nodes, links }: Topology): Identities {
  const named = byName(Object.values(nodes));
  const live = [...named.values()].filter(({ removed }) => !removed).toSorted((a, b) => (a.node.name < b.node.name ? -1 : 1));
  const owned = owners(live);
  const sharedBy = (address: string): readonly string[] => {
    const claiming = owned.get(address) ?? [];
    return claiming.length > 1 ? claiming.map(({ node }) => node.name) : [];
  };

  function resolve(end: ProbeNode): Resolved {
    if (end.cluster !== cluster) return { kind: "node", name: nameOf(cluster, end) };
    const sharing = sharedBy(end.address);
    if (sharing.length > 0)
      return { kind: "unclear", code: "ADDRESS_SHARED", reason: `${end.address} is the address of several nodes`, nodes: sharing };
    const known = named.get(end.node);
    const owner = owned.get(end.address)?.[0];
    if (known !== undefined && !known.removed) {
      if (owner === undefined || owner === known) return { kind: "node", name: known.node.name };
      const reason = `a probe measured ${end.address} as ${end.node}, and Kubernetes says that it is ${owner.node.name}`;
      return { kind: "unclear", code: "NODE_CONFLICT", reason, nodes: [end.node, owner.node.name].toSorted() };
    }
    if (owner !== undefined) return { kind: "node", name: owner.node.name };
    return known === undefined ? { kind: "node", name: end.node } : { kind: "gone" };
  }

  const ends = probed(links, resolve);
  const fromKubernetes = live.map((known): CostNode => {
    const { name, ready } = known.node;
    const seen = ends.get(name) ?? [];
    const own = ipsOf(known).filter((ip) => owned.get(ip)?.length === 1 && owned.get(ip)?.[0] === known);
    const addresses = [...new Set([...own, ...seen.filter((address) => !owned.has(address))])];
    return {
      name,
      address: addresses[0] ?? null,
      addresses,
      ready,
      seenBy: seen.length > 0 ? ["kubernetes", "probe"] : ["kubernetes"],
    };
  });
  const fromProbes = [...ends]
    .filter(([name]) => !live.some(({ node }) => node.name === name))
    .map(([name, addresses]): CostNode => ({
      name,
      address: addresses[0] ?? null,
      addresses: [...addresses],
      ready: null,
      seenBy: ["probe"],
    }));
  const all = [...fromKubernetes, ...fromProbes].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { nodes: all, errors: nodeErrors(all, owned, live.length > 0, cluster), resolve };
}

/** The addresses at which probes met each node. */
function probed(links: Topology["links"], resolve: (end: ProbeNode) => Resolved): ReadonlyMap<string, readonly string[]> {
  const ends = new Map<string, Set<string>>();
  for (const { source, destination } of Object.values(links))
    for (const end of [source, destination]) {
      const resolved = resolve(end);
      if (resolved.kind === "node") ends.set(resolved.name, (ends.get(resolved.name) ?? new Set()).add(end.address));
    }
  return new Map([...ends].map(([name, addresses]) => [name, [...addresses].toSorted()]));
}

function nodeErrors(
  nodes: readonly CostNode[],
  owned: ReadonlyMap<string, readonly KnownNode[]>,
  hasKubernetes: boolean,
  cluster: string,
): readonly MapError[] {
  const shared = [...owned]
    .filter(([, claiming]) => claiming.length > 1)
    .map(([address, claiming]): MapError => {
      const names = claiming.map(({ node }) => node.name);
      return { code: "ADDRESS_SHARED", reason: `${address} is the address of several nodes`, nodes: names };
    });
  const single = nodes.flatMap(({ name, address, seenBy }): MapError[] => {
    if (seenBy.includes("kubernetes") && address === null)
      return [{ code: "NODE_WITHOUT_ADDRESS", reason: "Kubernetes gives no IP address that is this node's alone", nodes: [name] }];
    if (hasKubernetes && !seenBy.includes("kubernetes") && !isElsewhere(name))
      return [{ code: "NODE_UNKNOWN", reason: `probes know it and Kubernetes in ${cluster} does not`, nodes: [name] }];
    return [];
  });
  return [...shared, ...single];
}
