import { z } from "zod";
import { prefixRange, addressOf } from "../../domain/intent/conflict/claim.ts";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";

/*
 * Cumucore's dataflow object, as NEMO's public intent engine documents it (Telefonica/intent_engine, catalogue/slice_5g.py). No public text says
 * more; what is read into it here beyond that is marked.
 */

const Filter = z.object({
  /** IN is towards the subscriber, OUT comes from it. */
  type: z.enum(["IN", "OUT", "BOTH"]),
  /** An address, a range, or ANY. */
  ip4Address: z.string(),
  portType: z.enum(["TCP", "UDP", "ANY"]),
  /** 1 to 65536, or a range; one an entry. Absent: every port (ours). */
  portNumber: z.string().optional(),
});

export const Dataflow = z.object({
  flowID: z.string(),
  SUPI: z.string().optional(),
  time: z
    .object({
      type: z.enum(["START-STOP", "START-FROM", "UNTIL-STOP"]),
      /** Spelt so. */
      startime: z.string().optional(),
      stoptime: z.string().optional(),
    })
    .optional(),
  profileName: z.string().optional(),
  /** Mbit/s, as text. */
  ulCapacity: z.string().optional(),
  dlCapacity: z.string().optional(),
  ip4Filters: z.array(Filter).optional(),
});
export type Dataflow = z.infer<typeof Dataflow>;

/** `20260510T123000+0000`: whole seconds, in UTC. */
const timeOf = (iso: string): string => `${iso.slice(0, 19).replaceAll(/[-:]/g, "")}+0000`;

function timesOf({ startTime, stopTime }: Flow5g): Pick<Dataflow, "time"> {
  if (startTime === undefined && stopTime === undefined) return {};
  const type = stopTime === undefined ? "START-FROM" : startTime === undefined ? "UNTIL-STOP" : "START-STOP";
  const startime = startTime === undefined ? {} : { startime: timeOf(startTime) };
  return { time: { type, ...startime, ...(stopTime === undefined ? {} : { stoptime: timeOf(stopTime) }) } };
}

/** A prefix is written as the range of its addresses, in the way that ranges of ports are (ours). */
function addressesOf(address: string): string {
  if (address === "any") return "ANY";
  const range = address.includes("/") ? prefixRange(address) : undefined;
  return range === undefined ? address : range.map(addressOf).join("-");
}

function filtersOf({ remote: { address, protocol, ports }, direction }: Flow5g): NonNullable<Dataflow["ip4Filters"]> {
  const filter = { type: direction, ip4Address: addressesOf(address), portType: protocol };
  return ports.length === 0 ? [filter] : ports.map((portNumber) => ({ ...filter, portNumber }));
}

/** The flow's name is its flowID, by which it is found again, changed and deleted (ours). */
export const dataflowOf = (flow: Flow5g): Dataflow => ({
  flowID: flow.name,
  SUPI: flow.supi,
  ...timesOf(flow),
  profileName: flow.profile,
  ...(flow.ulCapacityMbps === undefined ? {} : { ulCapacity: String(flow.ulCapacityMbps) }),
  ...(flow.dlCapacityMbps === undefined ? {} : { dlCapacity: String(flow.dlCapacityMbps) }),
  ip4Filters: filtersOf(flow),
});

const rate = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
/** The same filters in the same order, however a core lists them. */
const written = (filters: Dataflow["ip4Filters"] = []): string =>
  filters
    .map(({ type, ip4Address, portType, portNumber = "" }) => [type, ip4Address, portType, portNumber].join(" "))
    .toSorted()
    .join(";");
const span = ({ time }: Dataflow): string => [time?.type, time?.startime, time?.stoptime].join(" ");

/** Names, in the intent's words, of what the core has otherwise than wanted. */
export function dataflowDifferences(has: Dataflow, flow: Flow5g): readonly string[] {
  const wanted = dataflowOf(flow);
  const isAsWanted = {
    objectInstance: has.SUPI === wanted.SUPI,
    ip4Filter: written(has.ip4Filters) === written(wanted.ip4Filters),
    profile: has.profileName === wanted.profileName,
    ulCapacity: rate(has.ulCapacity) === rate(wanted.ulCapacity),
    dlCapacity: rate(has.dlCapacity) === rate(wanted.dlCapacity),
    time: span(has) === span(wanted),
  };
  return Object.entries(isAsWanted).flatMap(([name, isSame]) => (isSame ? [] : [name]));
}

/** What the core says that it gives (Mbit/s). */
export const dataflowDeclares = ({ ulCapacity, dlCapacity }: Dataflow): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries({ ulCapacity: rate(ulCapacity), dlCapacity: rate(dlCapacity) }).filter(
      (entry): entry is [string, number] => entry[1] !== undefined && Number.isFinite(entry[1]),
    ),
  );
