import { GateLimits, type Link } from "../model.ts";
import type { PortSchedule, Schedule } from "../schedule.ts";
import { bridgeAddress, frameIdentities } from "./frame-identity.ts";
import type { TsnInput } from "./network.ts";
import { type Port, portsOfBridges } from "./ports.ts";
import { streamGates } from "./stream-gates.ts";
import { nextCycleNs, ptpTimeOf, secondsOf } from "./times.ts";
import { psfpOf, type PolicedStream, streamIdentitiesOf } from "./yang-psfp.ts";
import type { BridgeDocument } from "./yang-schema.ts";
import { forwardingOf, passagesOf } from "./yang-vlan.ts";

export interface YangOptions {
  /** No schedule begins before; ns from the PTP epoch. */
  readonly baseTimeNs?: bigint;
}

/**
 * What each bridge is to be configured with, as JSON (RFC 7951) of the modules that IEEE 802.1Qcw-2023 and 802.1CBcv-2021 brought: gate
 * control lists and frame preemption of every port, PSFP, stream identification, and the VLANs and addresses that streams are forwarded by.
 */
export function yangOfBridges(
  input: TsnInput,
  schedule: Schedule,
  { baseTimeNs = 0n }: YangOptions = {},
): ReadonlyMap<string, BridgeDocument> {
  const lists = new Map(schedule.ports.map((port) => [port.link, port]));
  const identityOf = frameIdentities(input);
  const passages = passagesOf(input.problem, schedule);
  const gates = Map.groupBy(streamGates(input.problem, schedule), ({ node }) => node);
  const handles = new Map(
    schedule.streams.flatMap(({ id, members }) => members.map((_, tree) => `${id} ${String(tree)}`)).map((name, i) => [name, i + 1]),
  );
  const documents = portsOfBridges(input.problem).map(({ bridge, ports }, place) => {
    const policed = (gates.get(bridge.id) ?? []).map((gate): PolicedStream => ({
      gate,
      handle: handles.get(`${gate.stream} ${String(gate.tree)}`) ?? 0,
      port: ports.find(({ ingress }) => ingress?.id === gate.ingress)?.name ?? "",
      identity: identityOf(gate.stream, gate.tree),
    }));
    const identities = streamIdentitiesOf(policed);
    const document: BridgeDocument = {
      "ietf-interfaces:interfaces": { interface: ports.map((port) => interfaceOf(input, port, lists, baseTimeNs)) },
      "ieee802-dot1q-bridge:bridges": {
        bridge: [
          {
            name: bridge.id,
            address: input.macAddresses[bridge.id] ?? bridgeAddress(place + 1),
            "bridge-type": "ieee802-dot1q-bridge:customer-vlan-bridge",
            component: [
              {
                name: "c-vlan",
                id: 1,
                type: "ieee802-dot1q-bridge:c-vlan-component",
                "filtering-database": forwardingOf(passages.get(bridge.id) ?? [], ports, identityOf),
                ...psfpOf(policed, baseTimeNs),
              },
            ],
          },
        ],
      },
      ...(identities.length === 0 ? {} : { "ieee802-dot1cb-stream-identification:stream-identity": identities }),
    };
    return [bridge.id, document] as const;
  });
  return new Map(documents);
}

type Interface = BridgeDocument["ietf-interfaces:interfaces"]["interface"][number];

function interfaceOf(input: TsnInput, { name, egress }: Port, lists: ReadonlyMap<string, PortSchedule>, baseTimeNs: bigint): Interface {
  const list = egress === undefined ? undefined : lists.get(egress.id);
  const table =
    egress === undefined || list === undefined
      ? idleTable(egress?.gates ?? GateLimits.parse({}))
      : gateTable(input, egress, list, baseTimeNs);
  const preemption =
    egress?.preemption === undefined ? {} : { "ieee802-dot1q-preemption-bridge:frame-preemption-parameters": preemptionOf(input) };
  return {
    name,
    type: "iana-if-type:ethernetCsmacd",
    "ieee802-dot1q-bridge:bridge-port": { "ieee802-dot1q-sched-bridge:gate-parameter-table": table, ...preemption },
  };
}

const limitsOf = ({ maxEntries, maxCycleNs, maxIntervalNs }: GateLimits) => ({
  "supported-list-max": maxEntries,
  "supported-cycle-max": secondsOf(maxCycleNs),
  "supported-interval-max": maxIntervalNs,
});

/**
 * A port whose gates are left open. It cannot be left out: the module's conditions on list and cycle hold for containers that nobody wrote, too,
 * and fail where the limits and a cycle are missing.
 */
const idleTable = (limits: GateLimits) => ({
  "gate-enabled": false as const,
  "admin-gate-states": 255,
  "admin-cycle-time": secondsOf(limits.maxCycleNs),
  ...limitsOf(limits),
});

/** Headers and check sequence of a tagged frame, which a service data unit is without. */
const TAGGED_FRAME_BYTES = 22;
const UNTOUCHED_FRAME_BYTES = 1522;

function gateTable(
  { problem }: TsnInput,
  { gates, bestEffortMaxFrameBytes }: Link,
  { cycleNs, entries }: PortSchedule,
  baseTimeNs: bigint,
) {
  const bestEffort = [0, 1, 2, 3, 4, 5, 6, 7].filter((tc) => !problem.scheduledClasses.includes(tc));
  const limits = bestEffort.map((tc) => ({ "traffic-class": tc, "queue-max-sdu": bestEffortMaxFrameBytes - TAGGED_FRAME_BYTES }));
  return {
    // Guard bands were reckoned with this; where it is the ordinary maximum there is nothing to say.
    ...(bestEffortMaxFrameBytes === UNTOUCHED_FRAME_BYTES ? {} : { "queue-max-sdu-table": limits }),
    "gate-enabled": true as const,
    "admin-gate-states": 255,
    "admin-control-list": {
      "gate-control-entry": entries.map(({ operation, gateStates, intervalNs }, index) => ({
        index,
        "operation-name": `ieee802-dot1q-sched:${operation}` as const,
        "time-interval-value": intervalNs,
        "gate-states-value": gateStates,
      })),
    },
    "admin-cycle-time": secondsOf(cycleNs),
    "admin-base-time": ptpTimeOf(nextCycleNs(baseTimeNs, cycleNs)),
    "config-change": true,
    ...limitsOf(gates),
  };
}

const priorities = [0, 1, 2, 3, 4, 5, 6, 7] as const;

const preemptionOf = ({ problem }: TsnInput) => ({
  "frame-preemption-status-table": Object.fromEntries(
    priorities.map((p) => [`priority${String(p)}`, problem.scheduledClasses.includes(p) ? ("express" as const) : ("preemptable" as const)]),
  ),
});
