import { z } from "zod";

/*
 * What a bridge's document may say, by the published modules: `ieee802-dot1q-sched` 2023-10-22, `-sched-bridge`, `-psfp`, `-psfp-bridge`,
 * `-preemption-bridge` and `-bridge` 2023-10-26, `-stream-filters-gates` 2023-07-03, `ieee802-dot1cb-stream-identification` 2021-12-08. Stricter
 * than they are: gate intervals add up to the cycle, and each has one.
 */

const uint8 = z.int().min(0).max(255);
const uint32 = z.int().min(0).max(4_294_967_295);
const uint64 = z.string().regex(/^\d{1,20}$/, "a 64-bit number is text in JSON (RFC 7951)");
const name = z.string().min(1).max(128);
/** `name-type` of a bridge. */
const bridgeName = z.string().min(1).max(32);
const mac = z.string().regex(/^[0-9A-F]{2}(?:-[0-9A-F]{2}){5}$/);
const vids = z.string().regex(/^\d{1,4}$/);
const portNumber = z.int().min(1).max(4095);
const rational = z.strictObject({ numerator: uint32, denominator: uint32.min(1) });
const ptpTime = z.strictObject({ seconds: uint64, nanoseconds: z.int().min(0).max(999_999_999) });
const interval = uint32.min(1);

const limits = { "supported-list-max": uint32, "supported-cycle-max": rational, "supported-interval-max": uint32 };

/** A port whose gates stay open. */
const idleTable = z.strictObject({
  "gate-enabled": z.literal(false),
  "admin-gate-states": uint8,
  "admin-cycle-time": rational,
  ...limits,
});

const gateTable = z
  .strictObject({
    "queue-max-sdu-table": z.array(z.strictObject({ "traffic-class": z.int().min(0).max(7), "queue-max-sdu": uint32 })).optional(),
    "gate-enabled": z.literal(true),
    "admin-gate-states": uint8,
    "admin-control-list": z.strictObject({
      "gate-control-entry": z
        .array(
          z.strictObject({
            index: uint32,
            "operation-name": z.enum([
              "ieee802-dot1q-sched:set-gate-states",
              "ieee802-dot1q-sched:set-and-hold-mac",
              "ieee802-dot1q-sched:set-and-release-mac",
            ]),
            "time-interval-value": interval,
            "gate-states-value": uint8,
          }),
        )
        .min(1),
    }),
    "admin-cycle-time": rational,
    "admin-base-time": ptpTime,
    "config-change": z.boolean(),
    ...limits,
  })
  .superRefine((table, context) => checkList(table["admin-control-list"]["gate-control-entry"], table["admin-cycle-time"], table, context));

const preemption = z.strictObject({
  "frame-preemption-status-table": z.record(z.string().regex(/^priority[0-7]$/), z.enum(["express", "preemptable"])),
});

const ipv = z.enum(["zero", "one", "two", "three", "four", "five", "six", "seven", "null"]);

const streamGate = z.strictObject({
  "stream-gate-instance-id": uint32,
  "gate-enable": z.boolean(),
  "admin-gate-states": z.enum(["open", "closed"]),
  "admin-ipv": ipv,
  "admin-control-list": z.strictObject({
    "gate-control-entry": z
      .array(
        z.strictObject({
          index: uint32,
          "operation-name": z.literal("ieee802-dot1q-psfp:set-gate-and-ipv"),
          "time-interval-value": interval,
          "gate-state-value": z.enum(["open", "closed"]),
          "ipv-spec": ipv,
          "interval-octet-max": uint32.optional(),
        }),
      )
      .min(1),
  }),
  "admin-cycle-time": rational,
  "admin-base-time": ptpTime,
  "config-change": z.boolean(),
});

const streamGates = z
  .strictObject({
    "stream-gate-instance-table": z.array(streamGate),
    ...limits,
  })
  .superRefine((gates, context) => {
    for (const gate of gates["stream-gate-instance-table"])
      checkList(gate["admin-control-list"]["gate-control-entry"], gate["admin-cycle-time"], gates, context);
    checkKeys(
      gates["stream-gate-instance-table"].map((gate) => gate["stream-gate-instance-id"]),
      context,
    );
  });

const streamFilters = z.strictObject({
  "stream-filter-instance-table": z.array(
    z.strictObject({
      "stream-filter-instance-id": uint32,
      "stream-handle": uint32,
      "priority-spec": z.enum(["zero", "one", "two", "three", "four", "five", "six", "seven", "wildcard"]),
      "max-sdu-size": uint32,
      "stream-gate-ref": uint32,
      "flow-meter-ref": uint32,
      "flow-meter-enable": z.boolean(),
    }),
  ),
});

const flowMeters = z.strictObject({
  "flow-meter-instance-table": z.array(
    z.strictObject({
      "flow-meter-instance-id": uint32,
      "committed-information-rate": uint64,
      "committed-burst-size": uint32,
      "excess-information-rate": uint64,
      "excess-burst-size": uint32,
      "coupling-flag": z.enum(["zero", "one"]),
      "color-mode": z.enum(["color-blind", "color-aware"]),
      "drop-on-yellow": z.boolean(),
    }),
  ),
  "max-flow-meter-instances": uint32,
});

const forwarding = z.strictObject({
  "filtering-entry": z.array(
    z.strictObject({
      "database-id": uint32,
      vids,
      address: mac,
      "entry-type": z.literal("static"),
      "port-map": z.array(
        z.strictObject({ "port-ref": portNumber, "static-filtering-entries": z.strictObject({ "control-element": z.literal("forward") }) }),
      ),
    }),
  ),
  "vlan-registration-entry": z.array(
    z.strictObject({
      "database-id": uint32,
      vids,
      "entry-type": z.literal("static"),
      "port-map": z.array(
        z.strictObject({
          "port-ref": portNumber,
          "static-vlan-registration-entries": z.strictObject({
            "registrar-admin-control": z.literal("fixed-new-ignored"),
            "vlan-transmitted": z.literal("tagged"),
          }),
        }),
      ),
    }),
  ),
});

const component = z
  .strictObject({
    name,
    id: uint32.min(1),
    type: z.literal("ieee802-dot1q-bridge:c-vlan-component"),
    "filtering-database": forwarding,
    "ieee802-dot1q-psfp-bridge:flow-meters": flowMeters.optional(),
    "ieee802-dot1q-psfp-bridge:stream-filters": streamFilters.optional(),
    "ieee802-dot1q-psfp-bridge:stream-gates": streamGates.optional(),
  })
  .superRefine((one, context) => {
    const gates = new Set(
      one["ieee802-dot1q-psfp-bridge:stream-gates"]?.["stream-gate-instance-table"].map((gate) => gate["stream-gate-instance-id"]),
    );
    const meters = new Set(
      one["ieee802-dot1q-psfp-bridge:flow-meters"]?.["flow-meter-instance-table"].map((meter) => meter["flow-meter-instance-id"]),
    );
    for (const filter of one["ieee802-dot1q-psfp-bridge:stream-filters"]?.["stream-filter-instance-table"] ?? [])
      if (!gates.has(filter["stream-gate-ref"]) || !meters.has(filter["flow-meter-ref"]))
        context.addIssue(`stream filter ${String(filter["stream-filter-instance-id"])} refers to a gate or a meter that is not there`);
  });

/** One bridge, whole. */
export const BridgeDocument = z
  .strictObject({
    "ietf-interfaces:interfaces": z.strictObject({
      interface: z.array(
        z.strictObject({
          name,
          type: z.literal("iana-if-type:ethernetCsmacd"),
          "ieee802-dot1q-bridge:bridge-port": z.strictObject({
            "ieee802-dot1q-sched-bridge:gate-parameter-table": z.discriminatedUnion("gate-enabled", [gateTable, idleTable]),
            "ieee802-dot1q-preemption-bridge:frame-preemption-parameters": preemption.optional(),
          }),
        }),
      ),
    }),
    "ieee802-dot1q-bridge:bridges": z.strictObject({
      bridge: z.tuple([
        z.strictObject({
          name: bridgeName,
          address: mac,
          "bridge-type": z.literal("ieee802-dot1q-bridge:customer-vlan-bridge"),
          component: z.tuple([component]),
        }),
      ]),
    }),
    "ieee802-dot1cb-stream-identification:stream-identity": z
      .array(
        z.strictObject({
          index: uint32,
          handle: uint32,
          "out-facing": z.strictObject({ "input-port": z.array(name) }),
          "null-stream-identification": z.strictObject({
            "destination-mac": mac,
            tagged: z.literal("tagged"),
            vlan: z.int().min(1).max(4094),
          }),
        }),
      )
      .optional(),
  })
  .superRefine((document, context) =>
    checkKeys(
      document["ietf-interfaces:interfaces"].interface.map((one) => one.name),
      context,
    ),
  );
export type BridgeDocument = z.infer<typeof BridgeDocument>;

interface Limits {
  readonly "supported-list-max": number;
  readonly "supported-cycle-max": z.infer<typeof rational>;
  readonly "supported-interval-max": number;
}

function checkList(
  entries: readonly { readonly index: number; readonly "time-interval-value": number }[],
  cycle: z.infer<typeof rational>,
  limits: Limits,
  context: z.RefinementCtx,
): void {
  const sumNs = entries.reduce((sum, entry) => sum + entry["time-interval-value"], 0);
  // In whole numbers: a cycle need not be one of nanoseconds, and then nothing adds up to it.
  if (BigInt(sumNs) * BigInt(cycle.denominator) !== BigInt(cycle.numerator) * 1_000_000_000n)
    context.addIssue(`intervals add up to ${String(sumNs)} ns, which is not the cycle`);
  if (entries.length > limits["supported-list-max"]) context.addIssue(`${String(entries.length)} entries are more than supported-list-max`);
  if (entries.some((entry) => entry["time-interval-value"] > limits["supported-interval-max"]))
    context.addIssue("an interval is longer than supported-interval-max");
  const { numerator, denominator } = limits["supported-cycle-max"];
  if (BigInt(cycle.numerator) * BigInt(denominator) > BigInt(numerator) * BigInt(cycle.denominator))
    context.addIssue("the cycle is longer than supported-cycle-max");
  checkKeys(
    entries.map(({ index }) => index),
    context,
  );
}

function checkKeys(keys: readonly (string | number)[], context: z.RefinementCtx): void {
  if (new Set(keys).size !== keys.length) context.addIssue("a key is there twice");
}
