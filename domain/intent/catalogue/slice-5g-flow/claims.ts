import { IPV4, portRange, prefixRange } from "../../conflict/claim.ts";
import { thing } from "../../conflict/limits.ts";
import type { OrderClaim } from "../../library.ts";
import type { Order } from "../../order.ts";
import { Flow5g } from "./payload.ts";

const ALL_PORTS: [number, number] = [0, 65_535];

/** A flow has its packets for itself while it lasts: a core that knows two qualities for one packet picks either. */
export const claims = {
  executioner: "5g",
  of({ payload }: Order, origin: string): readonly OrderClaim[] {
    const { supi, remote, direction, profile, ulCapacityMbps, dlCapacityMbps, startTime, stopTime } = Flow5g.parse(payload);
    const time = { ...(startTime === undefined ? {} : { from: startTime }), ...(stopTime === undefined ? {} : { until: stopTime }) };
    const subscriber = `subscriber ${supi}`;
    const { address, protocol, ports } = remote;
    const shares = (
      [
        ["ul", ulCapacityMbps],
        ["dl", dlCapacityMbps],
      ] as const
    ).flatMap(([way, mbps]): OrderClaim[] =>
      mbps === undefined
        ? []
        : [
            {
              kind: "SUBSCRIBER_CAPACITY_EXCEEDED",
              on: thing.subscriberCapacity(origin, supi, way),
              thing: `${way === "ul" ? "uplink" : "downlink"} of ${subscriber}`,
              wants: `${String(mbps)} Mbit/s`,
              unit: "Mbit/s",
              target: `${way}Capacity`,
              rule: { is: "share", amount: mbps },
              ...time,
            },
          ],
    );
    return [
      {
        kind: "SUBSCRIBER_UNKNOWN",
        on: thing.subscriber(origin, supi),
        thing: subscriber,
        wants: "a flow",
        rule: { is: "known" },
      },
      {
        kind: "FLOW_OVERLAP",
        on: thing.subscriberTraffic(origin, supi),
        thing: `the traffic of ${subscriber}`,
        wants: `${profile} for ${protocol} of ${address}${ports.length === 0 ? "" : ` port ${ports.join(", ")}`}`,
        rule: {
          is: "filter",
          filter: {
            direction,
            protocol,
            addresses: [...(prefixRange(address) ?? IPV4)] as [number, number],
            ports: ports.length === 0 ? [ALL_PORTS] : ports.map((p) => [...portRange(p)] as [number, number]),
          },
        },
        ...time,
      },
      ...shares,
    ];
  },
};
