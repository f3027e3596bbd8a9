import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";

/** One entry of `flowInfo`: TS 29.122 allows one or two descriptions in it, uplink and downlink. */
export interface FlowInfo {
  readonly flowId: number;
  readonly flowDescriptions: readonly string[];
}

/** RFC 6733 4.3.1 has numbers for protocols. */
const numbers = { TCP: ["6"], UDP: ["17"], ANY: ["ip"] } as const;

/**
 * IPFilterRules (RFC 6733 4.3.1) as TS 29.214 restricts them (its text was not at hand): permit only, no options; `out` is downlink
 * and `in` is uplink. Cumucore's words, which D2.3's intents use, are the other way round: IN is towards the subscriber.
 */
export function flowInfo({ remote, direction }: Pick<Flow5g, "remote" | "direction">, ue: string): readonly FlowInfo[] {
  const { address, protocol, ports } = remote;
  const at = [address, ...(ports.length === 0 ? [] : [ports.join(",")])].join(" ");
  // Ports belong to a protocol, so with ports "any protocol" is those two that D2.3 knows.
  const protocols = protocol === "ANY" && ports.length > 0 ? [...numbers.TCP, ...numbers.UDP] : numbers[protocol];
  return protocols.map((number, i) => ({
    flowId: i + 1,
    flowDescriptions: [
      ...(direction === "OUT" ? [] : [`permit out ${number} from ${at} to ${ue}`]),
      ...(direction === "IN" ? [] : [`permit in ${number} from ${ue} to ${at}`]),
    ],
  }));
}

/** The same filters in the same order, however a core writes and groups them. */
export const filtersOf = (flows: readonly Pick<FlowInfo, "flowDescriptions">[]): string =>
  flows
    .flatMap(({ flowDescriptions }) => flowDescriptions)
    .map((rule) => rule.trim().toLowerCase().replaceAll(/\s+/g, " ").replaceAll("/32", ""))
    .toSorted()
    .join(";");
