import type { Link, Node, Problem } from "../model.ts";

/** A port of a bridge: where a cable ends, with the link that leaves by it and the one that comes in. */
export interface Port {
  readonly name: string;
  /** From 1, in the order of the links. */
  readonly number: number;
  readonly neighbour: string;
  readonly egress: Link | undefined;
  readonly ingress: Link | undefined;
}

export interface BridgePorts {
  readonly bridge: Node;
  readonly ports: readonly Port[];
}

/** Every bridge and 5GS bridge with its ports. A port that nobody named is called after its neighbour: `to-sw2`, `to-sw2.2` for a second cable. */
export function portsOfBridges({ nodes, links }: Pick<Problem, "nodes" | "links">): readonly BridgePorts[] {
  const at = new Map<string, { egress: Link[]; ingress: Link[] }>(nodes.map(({ id }) => [id, { egress: [], ingress: [] }]));
  for (const link of links) {
    at.get(link.from)?.egress.push(link);
    at.get(link.to)?.ingress.push(link);
  }
  return nodes
    .filter(({ kind }) => kind !== "end-station")
    .map((bridge) => ({ bridge, ports: portsOf(at.get(bridge.id) ?? { egress: [], ingress: [] }) }));
}

function portsOf({ egress, ingress }: { readonly egress: readonly Link[]; readonly ingress: readonly Link[] }): readonly Port[] {
  const left = [...ingress];
  const ports: Port[] = [];
  const taken = new Map<string, number>();
  const name = (wanted: string | undefined, neighbour: string): string => {
    const base = wanted ?? `to-${neighbour}`;
    const seen = (taken.get(base) ?? 0) + 1;
    taken.set(base, seen);
    return seen === 1 ? base : `${base}.${String(seen)}`;
  };
  for (const link of egress) {
    const back = left.findIndex(({ from }) => from === link.to);
    const [paired] = back < 0 ? [] : left.splice(back, 1);
    ports.push({ name: name(link.port, link.to), number: ports.length + 1, neighbour: link.to, egress: link, ingress: paired });
  }
  for (const link of left)
    ports.push({ name: name(undefined, link.from), number: ports.length + 1, neighbour: link.from, egress: undefined, ingress: link });
  return ports;
}
