import type { FrameIdentity } from "./mac-address.ts";
import type { StreamGate } from "./stream-gates.ts";
import { nextCycleNs, ptpTimeOf, secondsOf } from "./times.ts";

/** A member stream where it comes into a bridge. */
export interface PolicedStream {
  readonly gate: StreamGate;
  /** The same number in every bridge. */
  readonly handle: number;
  /** Name of the port that it comes in by. */
  readonly port: string;
  readonly identity: FrameIdentity;
}

const words = ["zero", "one", "two", "three", "four", "five", "six", "seven"] as const;

const MAX_LIST = 8;
const MAX_CYCLE_NS = 4_000_000_000;
const MAX_INTERVAL_NS = 999_999_999;

/** The smallest that list lengths, cycles and meters may be to take what is asked; what a bridge says of itself is its own to overwrite. */
const atLeast = (least: number, values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), least);

/** A filter, a gate and a meter for each stream that comes in, under one number (`ieee802-dot1q-psfp-bridge` 2023-10-26). */
export function psfpOf(policed: readonly PolicedStream[], baseTimeNs: bigint) {
  if (policed.length === 0) return {};
  return {
    "ieee802-dot1q-psfp-bridge:flow-meters": {
      "flow-meter-instance-table": policed.map(({ gate, handle }) => meterOf(gate, handle)),
      "max-flow-meter-instances": policed.length,
    },
    "ieee802-dot1q-psfp-bridge:stream-filters": {
      "stream-filter-instance-table": policed.map(({ gate, handle, identity }) => ({
        "stream-filter-instance-id": handle,
        "stream-handle": handle,
        "priority-spec": words[identity.priority] ?? ("wildcard" as const),
        "max-sdu-size": gate.maxSduBytes,
        "stream-gate-ref": handle,
        "flow-meter-ref": handle,
        "flow-meter-enable": true,
      })),
    },
    "ieee802-dot1q-psfp-bridge:stream-gates": {
      "stream-gate-instance-table": policed.map(({ gate, handle }) => gateOf(gate, handle, baseTimeNs)),
      "supported-list-max": atLeast(
        MAX_LIST,
        policed.map(({ gate }) => gate.entries.length),
      ),
      "supported-cycle-max": secondsOf(
        atLeast(
          MAX_CYCLE_NS,
          policed.map(({ gate }) => gate.cycleNs),
        ),
      ),
      "supported-interval-max": atLeast(
        MAX_INTERVAL_NS,
        policed.flatMap(({ gate }) => gate.entries.map(({ intervalNs }) => intervalNs)),
      ),
    },
  };
}

function gateOf({ baseNs, cycleNs, entries, queue, burstBytes }: StreamGate, handle: number, baseTimeNs: bigint) {
  const ipv = words[queue] ?? ("null" as const);
  return {
    "stream-gate-instance-id": handle,
    "gate-enable": true,
    "admin-gate-states": "closed" as const,
    "admin-ipv": ipv,
    "admin-control-list": {
      "gate-control-entry": entries.map(({ isOpen, intervalNs }, index) => ({
        index,
        "operation-name": "ieee802-dot1q-psfp:set-gate-and-ipv" as const,
        "time-interval-value": intervalNs,
        "gate-state-value": isOpen ? ("open" as const) : ("closed" as const),
        "ipv-spec": ipv,
        ...(isOpen ? { "interval-octet-max": burstBytes } : {}),
      })),
    },
    "admin-cycle-time": secondsOf(cycleNs),
    "admin-base-time": ptpTimeOf(nextCycleNs(baseTimeNs, cycleNs) + BigInt(baseNs)),
    "config-change": true,
  };
}

/** Bit/s that carry one burst an interval, rounded up; all that is beyond it is dropped. */
const meterOf = ({ burstBytes, cycleNs }: StreamGate, handle: number) => ({
  "flow-meter-instance-id": handle,
  "committed-information-rate": String((BigInt(burstBytes) * 8_000_000_000n + BigInt(cycleNs) - 1n) / BigInt(cycleNs)),
  "committed-burst-size": burstBytes,
  "excess-information-rate": "0",
  "excess-burst-size": 0,
  "coupling-flag": "zero" as const,
  "color-mode": "color-blind" as const,
  "drop-on-yellow": true,
});

/** Null stream identification of what comes in (IEEE 802.1CB 6.4): where a filter's handle comes from. */
export const streamIdentitiesOf = (policed: readonly PolicedStream[]) =>
  policed.map(({ handle, port, identity }) => ({
    index: handle,
    handle,
    "out-facing": { "input-port": [port] },
    "null-stream-identification": { "destination-mac": identity.destinationMac, tagged: "tagged" as const, vlan: identity.vlanId },
  }));
