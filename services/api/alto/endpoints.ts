import { isIP } from "node:net";
import { z } from "zod";
import { OUTSIDE } from "../../../domain/topology/alto.ts";
import { missing, wrongValue } from "./errors.ts";
import { CostChoice, choose, costsIn } from "./filter.ts";
import { costsTo, networkMapId, vtagOf, type View } from "./view.ts";

const MAX_ENDPOINTS = 10_000;
const Endpoints = z.array(z.string().max(64)).max(MAX_ENDPOINTS);
export const EndpointCostParams = CostChoice.extend({ endpoints: z.object({ srcs: Endpoints.default([]), dsts: Endpoints.default([]) }) });
export const EndpointPropParams = z.object({ properties: z.array(z.string().max(130)).min(1).max(16), endpoints: Endpoints.min(1) });

/** The property that tells an endpoint's PID: RFC 7285 §10.8.1 has it name the network map. */
export const pidProperty = (cluster: string): string => `${networkMapId(cluster)}.pid`;

/** `ipv4:192.0.2.1` or `ipv6:2001:db8::1` (RFC 7285 §10.4.3). */
function addressIn(endpoint: string, field: string): string {
  const [, version = "", address = ""] = /^ipv([46]):(.+)$/.exec(endpoint) ?? [];
  if (address === "" || isIP(address) !== Number(version)) throw wrongValue(field, endpoint);
  return canonical(address);
}

/** An IPv6 address can be written in many ways; RFC 5952's is the one that URLs come to. */
const canonical = (address: string): string => (isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address);

export const endpointOf = (address: string): string => {
  const plain = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  return isIP(plain) === 6 ? `ipv6:${plain}` : `ipv4:${plain}`;
};

const pidsByAddress = new WeakMap<View["networkMap"], ReadonlyMap<string, string>>();

/** Every node's addresses are prefixes of full length, so that the longest match is the address itself, or what is outside. */
function pidOf({ networkMap }: View, address: string): string {
  let pids = pidsByAddress.get(networkMap);
  if (pids === undefined) {
    const pairs = Object.entries(networkMap).flatMap(([pid, { ipv4 = [], ipv6 = [] }]) =>
      [...ipv4, ...ipv6].map((prefix): [string, string] => [canonical(prefix.slice(0, prefix.lastIndexOf("/"))), pid]),
    );
    pids = new Map(pairs);
    pidsByAddress.set(networkMap, pids);
  }
  return pids.get(address) ?? OUTSIDE;
}

/** RFC 7285 §11.5: the cost between two endpoints is that between their PIDs. `client` stands where one of the lists is empty. */
export function endpointCosts(view: View, { endpoints, ...choice }: z.infer<typeof EndpointCostParams>, client: string): object {
  const chosen = choose(choice);
  if (endpoints.srcs.length === 0 && endpoints.dsts.length === 0) throw missing("endpoints/srcs");
  const placed = (list: readonly string[], field: string): readonly (readonly [endpoint: string, pid: string])[] =>
    [...new Set(list.length === 0 ? [client] : list)].map((endpoint) => [endpoint, pidOf(view, addressIn(endpoint, field))]);
  const [srcs, dsts] = [placed(endpoints.srcs, "endpoints/srcs"), placed(endpoints.dsts, "endpoints/dsts")];
  const rows = srcs.flatMap(([source, from]): [string, object][] => {
    const row = view.rows.get(from);
    const cells = dsts.flatMap(([destination, to]): [string, unknown][] => {
      const cost = costsIn(costsTo(row, to), chosen);
      return cost === undefined ? [] : [[destination, cost]];
    });
    return cells.length === 0 ? [] : [[source, Object.fromEntries(cells)]];
  });
  return { meta: chosen.meta, "endpoint-cost-map": Object.fromEntries(rows) };
}

/** RFC 7285 §11.4: of every network map the PID of an endpoint can be looked up. */
export function endpointProperties(view: View, { properties, endpoints }: z.infer<typeof EndpointPropParams>): object {
  const property = pidProperty(view.cluster);
  const unknown = properties.find((name) => name !== property);
  if (unknown !== undefined) throw wrongValue("properties", unknown);
  return {
    meta: { "dependent-vtags": [vtagOf(view)] },
    "endpoint-properties": Object.fromEntries(
      endpoints.map((endpoint) => [endpoint, { [property]: pidOf(view, addressIn(endpoint, "endpoints")) }]),
    ),
  };
}
