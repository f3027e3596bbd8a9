import type { FiveGsAnswer } from "../../domain/tsn/fiveg/derive.ts";
import { durationText } from "../../domain/tsn/render/labels.ts";
import type { Paint } from "../screen.ts";
import { table } from "../table.ts";

const memberText = ({ stream, tree }: { readonly stream: string; readonly tree: number }): string =>
  tree === 0 ? stream : `${stream} (tree ${String(tree + 1)})`;

/** What the 5G core is asked for, and what the CNC is told of the bridge. */
export function tscaiLines({ node, bridgeId, containers, sessions, delays, neighbours }: FiveGsAnswer, paint: Paint): readonly string[] {
  return [
    paint(`5GS bridge ${node} (${bridgeId})`, "strong"),
    "",
    ...table(
      containers,
      [
        { title: "STREAMS", of: (c) => c.streams.map(memberText).join(", ") },
        { title: "DIRECTION", of: (c) => c.direction },
        { title: "PORTS", of: (c) => `${String(c.ingressPort)} → ${String(c.egressPort)}` },
        { title: "BURST ARRIVAL TIME", of: (c) => c.burstArrivalTime },
        { title: "PERIODICITY", of: (c) => `${String(c.periodicityUs)} µs` },
        { title: "BURST", of: (c) => `${String(c.burstBytes)} B` },
        { title: "SURVIVAL", of: (c) => (c.survivalMessages === undefined ? undefined : `${String(c.survivalMessages)} msg`) },
        { title: "5QI", of: (c) => c.fiveQi },
        { title: "DELAY", of: (c) => `${String(c.packetDelayMs)} ms` },
      ],
      paint,
    ),
    "",
    ...table(
      delays,
      [
        { title: "BRIDGE DELAY", of: (d) => `${String(d.ingressPort)} → ${String(d.egressPort)}` },
        { title: "CLASS", of: (d) => d.trafficClass },
        { title: "MIN", of: (d) => durationText(d.independentDelayMinNs) },
        { title: "MAX", of: (d) => durationText(d.independentDelayMaxNs) },
        { title: "PER OCTET", of: (d) => `${String(d.dependentDelayPsPerOctet)} ps` },
      ],
      paint,
    ),
    "",
    ...table(
      neighbours,
      [
        { title: "PORT", of: (n) => n.portNumber },
        { title: "SIDE", of: (n) => n.side },
        { title: "NEIGHBOUR", of: (n) => n.neighbour },
        { title: "ITS ADDRESS", of: (n) => n.neighbourMac },
        { title: "FOUND BY", of: (n) => n.discoveredBy },
      ],
      paint,
    ),
    "",
    `${String(Object.keys(sessions).length)} Npcf_PolicyAuthorization bodies: -o json has them`,
  ];
}
