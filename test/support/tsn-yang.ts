import { yangOfBridges } from "../../domain/tsn/formats/yang.ts";
import { changedAt } from "./changed-at.ts";
import { small } from "./tsn.ts";

const { input, schedule } = small();
export const documents = yangOfBridges(input, schedule, { baseTimeNs: 1_767_225_600_000_000_001n });
export const textOf = (bridge: string): string => `${JSON.stringify(documents.get(bridge), null, 2)}\n`;

/** The document of `sw` with another value at a place. */
export const changed = (path: string, value: unknown): unknown => changedAt(textOf("sw"), path, value);
const gates = "ietf-interfaces:interfaces interface 1 ieee802-dot1q-bridge:bridge-port ieee802-dot1q-sched-bridge:gate-parameter-table";
const entry = `${gates} admin-control-list gate-control-entry 1`;
const psfp = "ieee802-dot1q-bridge:bridges bridge 0 component 0 ieee802-dot1q-psfp-bridge:stream-gates";

/** What the published modules refuse, and (the last four) what they let pass and we do not. */
export const wrongDocuments: readonly (readonly [what: string, path: string, value: unknown])[] = [
  ["a list longer than supported-list-max", `${gates} supported-list-max`, 3],
  ["no supported-list-max", `${gates} supported-list-max`, undefined],
  ["no supported-cycle-max", `${gates} supported-cycle-max`, undefined],
  ["no supported-interval-max", `${gates} supported-interval-max`, undefined],
  ["an interval beyond supported-interval-max", `${gates} supported-interval-max`, 1000],
  ["a cycle beyond supported-cycle-max", `${gates} supported-cycle-max`, { numerator: 1, denominator: 1000 }],
  ["seconds as a number", `${gates} admin-base-time seconds`, 0],
  ["an operation without its module", `${entry} operation-name`, "set-gate-states"],
  ["an operation with a prefix for its module", `${entry} operation-name`, "sched:set-gate-states"],
  ["gate states of nine bits", `${entry} gate-states-value`, 256],
  ["an index twice", `${entry} index`, 0],
  ["a denominator of 0", `${gates} admin-cycle-time denominator`, 0],
  ["an unknown leaf", `${gates} speed`, 1],
  ["an interface without a type", "ietf-interfaces:interfaces interface 0 type", undefined],
  [
    "a filter whose gate is not there",
    "ieee802-dot1q-bridge:bridges bridge 0 component 0 ieee802-dot1q-psfp-bridge:stream-filters stream-filter-instance-table 0 stream-gate-ref",
    99,
  ],
  [
    "a stream gate's operation of the other module",
    `${psfp} stream-gate-instance-table 0 admin-control-list gate-control-entry 0 operation-name`,
    "ieee802-dot1q-sched:set-gate-states",
  ],
  ["intervals that do not add up to the cycle", `${entry} time-interval-value`, 18_001],
  ["an entry without an interval", `${entry} time-interval-value`, undefined],
  ["a second of more than 10^9 ns", `${gates} admin-base-time nanoseconds`, 1_000_000_000],
  [
    "a stream gate whose intervals do not add up",
    `${psfp} stream-gate-instance-table 0 admin-cycle-time`,
    { numerator: 1, denominator: 50 },
  ],
];
