import type { Problem } from "../model.ts";
import type { Schedule } from "../schedule.ts";
import type { FrameIdentity } from "./mac-address.ts";
import type { Port } from "./ports.ts";

const DATABASE = 1;

interface Forwarded {
  readonly identity: FrameIdentity;
  readonly ports: Set<Port>;
}

/** What of a member stream passes one bridge. */
export interface Passage {
  readonly stream: string;
  readonly tree: number;
  /** Links that it comes in by, and goes out by. */
  readonly ingress: readonly string[];
  readonly egress: readonly string[];
}

/** The passages of each node, in the order of the schedule. */
export function passagesOf({ links }: Pick<Problem, "links">, { streams }: Schedule): ReadonlyMap<string, readonly Passage[]> {
  const linkOf = new Map(links.map((link) => [link.id, link]));
  const passages = new Map<string, Passage[]>();
  for (const { id, members } of streams)
    for (const [tree, { hops }] of members.entries()) {
      const own = new Map<string, { ingress: string[]; egress: string[] }>();
      const at = (node: string) => {
        const known = own.get(node) ?? { ingress: [], egress: [] };
        own.set(node, known);
        return known;
      };
      for (const hop of hops) {
        const link = linkOf.get(hop.link);
        if (link === undefined) continue;
        at(link.from).egress.push(link.id);
        at(link.to).ingress.push(link.id);
      }
      for (const [node, ways] of own) {
        const known = passages.get(node) ?? [];
        known.push({ stream: id, tree, ...ways });
        passages.set(node, known);
      }
    }
  return passages;
}

/**
 * Static entries (IEEE 802.1Q 8.8.1, 8.8.2): a stream's frames go out by the ports of its tree and by no other, and its VLAN is registered
 * where it goes out or comes in. Nothing of it is learnt or flooded.
 */
export function forwardingOf(
  passages: readonly Passage[],
  ports: readonly Port[],
  identityOf: (stream: string, tree: number) => FrameIdentity,
) {
  const byEgress = new Map(ports.flatMap((port) => (port.egress === undefined ? [] : [[port.egress.id, port] as const])));
  const byIngress = new Map(ports.flatMap((port) => (port.ingress === undefined ? [] : [[port.ingress.id, port] as const])));
  const filtering = new Map<string, Forwarded>();
  const members = new Map<number, Set<Port>>();
  for (const { stream, tree, ingress, egress } of passages) {
    const identity = identityOf(stream, tree);
    const out = egress.flatMap((link) => byEgress.get(link) ?? []);
    for (const port of [...out, ...ingress.flatMap((link) => byIngress.get(link) ?? [])])
      members.set(identity.vlanId, (members.get(identity.vlanId) ?? new Set()).add(port));
    if (out.length === 0) continue;
    const name = `${String(identity.vlanId)} ${identity.destinationMac}`;
    const known = filtering.get(name) ?? { identity, ports: new Set() };
    for (const port of out) known.ports.add(port);
    filtering.set(name, known);
  }
  return {
    "filtering-entry": [...filtering.values()].map(({ identity, ports: out }) => ({
      "database-id": DATABASE,
      vids: String(identity.vlanId),
      address: identity.destinationMac,
      "entry-type": "static" as const,
      "port-map": inOrder(out).map((port) => ({
        "port-ref": port.number,
        "static-filtering-entries": { "control-element": "forward" as const },
      })),
    })),
    "vlan-registration-entry": [...members]
      .toSorted(([a], [b]) => a - b)
      .map(([vlanId, of]) => ({
        "database-id": DATABASE,
        vids: String(vlanId),
        "entry-type": "static" as const,
        "port-map": inOrder(of).map((port) => ({
          "port-ref": port.number,
          "static-vlan-registration-entries": {
            "registrar-admin-control": "fixed-new-ignored" as const,
            "vlan-transmitted": "tagged" as const,
          },
        })),
      })),
  };
}

const inOrder = (ports: ReadonlySet<Port>): readonly Port[] => [...ports].toSorted((a, b) => a.number - b.number);
