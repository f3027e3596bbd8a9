import { z } from "zod";
import { MacAddress } from "./mac-address.ts";

/*
 * The part of `ieee802-dot1q-cnc-config` (revision 2024-01-31, over `ieee802-dot1q-tsn-types` 2022-10-29) that a CUC writes, and the state that
 * a CNC answers with, as JSON (RFC 7951). State is read and passed over.
 */

export const CNC_ROOT = "ieee802-dot1q-cnc-config:cnc-config";

const uint8 = z.int().min(0).max(255);
const uint16 = z.int().min(0).max(65_535);
const uint32 = z.int().min(0).max(4_294_967_295);
const state = z.unknown().optional();

const EndStationInterface = z.strictObject({ "mac-address": MacAddress, "interface-name": z.string().max(128).default("") });
export type EndStationInterface = z.infer<typeof EndStationInterface>;

const DataFrameSpecification = z.strictObject({
  index: uint8,
  "ieee802-mac-addresses": z.strictObject({ "destination-mac-address": MacAddress, "source-mac-address": MacAddress }).optional(),
  "ieee802-vlan-tag": z.strictObject({ "priority-code-point": z.int().min(0).max(7), "vlan-id": z.int().min(0).max(4095) }).optional(),
  "ipv4-tuple": state,
  "ipv6-tuple": state,
});

const Requirements = z.strictObject({ "num-seamless-trees": uint8.default(1), "max-latency": uint32.default(0) });
const Capabilities = z.strictObject({
  "vlan-tag-capable": z.boolean().default(false),
  "cb-stream-iden-type-list": z.array(uint32).default([]),
  "cb-sequence-type-list": z.array(uint32).default([]),
});

/** Seconds as a fraction. */
const Interval = z.strictObject({ numerator: uint32.min(1), denominator: uint32.min(1) });

const Talker = z.strictObject({
  "stream-rank": z.strictObject({ rank: z.int().min(0).max(1).default(1) }).default({ rank: 1 }),
  "end-station-interfaces": z.array(EndStationInterface).min(1).max(8),
  "data-frame-specification": z.array(DataFrameSpecification).max(16).default([]),
  "traffic-specification": z.strictObject({
    interval: Interval,
    "max-frames-per-interval": uint16.min(1),
    "max-frame-size": uint16.min(1),
    "transmission-selection": uint8.default(0),
    "time-aware": z
      .strictObject({
        "earliest-transmit-offset": uint32.default(0),
        "latest-transmit-offset": uint32.optional(),
        jitter: uint32.default(0),
      })
      .optional(),
  }),
  "user-to-network-requirements": Requirements.prefault({}),
  "interface-capabilities": Capabilities.optional(),
  "accumulated-latency": state,
  "interface-configuration": state,
});

const Listener = z.strictObject({
  index: uint32,
  "end-station-interfaces": z.array(EndStationInterface).min(1).max(8),
  "user-to-network-requirements": Requirements.prefault({}),
  "interface-capabilities": Capabilities.optional(),
  "accumulated-latency": state,
  "interface-configuration": state,
});

export const CncStream = z.strictObject({
  "stream-id": z
    .string()
    .regex(/^[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}:[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}$/, "expected a stream-id such as 02-00-00-00-00-0B:00-01"),
  "stream-status": z.enum(["planned", "configured", "modified"]).optional(),
  talker: Talker,
  listener: z.array(Listener).min(1).max(256),
  "status-info": state,
  "failed-interfaces": state,
});
export type CncStream = z.infer<typeof CncStream>;

const Cuc = z.strictObject({ "cuc-id": z.string().min(1).max(256), stream: z.array(CncStream).max(50_000).default([]) });
const Domain = z.strictObject({
  "domain-id": z.string().min(1).max(256),
  "cnc-enabled": z.boolean().default(false),
  cuc: z.array(Cuc).max(64).default([]),
});

/** Our `network` may stand beside it, so that one file is enough. */
export const CncConfig = z.strictObject({
  [CNC_ROOT]: z.strictObject({ domain: z.array(Domain).min(1).max(16) }),
  network: z.unknown().optional(),
});
export type CncConfig = z.infer<typeof CncConfig>;
