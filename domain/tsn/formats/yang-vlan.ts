import type { Schedule } from "../schedule.ts";
import type { FrameIdentity } from "./mac-address.ts";
import type { BridgePorts, Port } from "./ports.ts";

const DATABASE = 1;

interface Forwarded {
  readonly identity: FrameIdentity;
  readonly ports: Set<Port>;
}

/**
 * Static entries (IEEE 802.1Q 8.8.1, 8.8.2): a stream's frames go out by the ports of its tree and by no other, and its VLAN is registered
 * where it goes out or comes in. Nothing of it is learnt or flooded.
 */
export function forwardingOf(schedule: Schedule, { ports }: BridgePorts, identityOf: (stream: string, tree: number) => FrameIdentity) {
  const byEgress = new Map(ports.flatMap((port) => (port.egress === undefined ? [] : [[port.egress.id, port] as const])));
  const byIngress = new Map(ports.flatMap((port) => (port.ingress === undefined ? [] : [[port.ingress.id, port] as const])));
  const filtering = new Map<string, Forwarded>();
  const members = new Map<number, Set<Port>>();
  for (const { id, members: trees } of schedule.streams)
    for (const { tree, hops } of trees) {
      const identity = identityOf(id, tree);
      const out = hops.flatMap(({ link }) => byEgress.get(link) ?? []);
      const touched = [...out, ...hops.flatMap(({ link }) => byIngress.get(link) ?? [])];
      if (touched.length === 0) continue;
      for (const port of touched) members.set(identity.vlanId, (members.get(identity.vlanId) ?? new Set()).add(port));
      const name = `${String(identity.vlanId)} ${identity.destinationMac}`;
      const known = filtering.get(name) ?? { identity, ports: new Set() };
      for (const port of out) known.ports.add(port);
      if (known.ports.size > 0) filtering.set(name, known);
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
