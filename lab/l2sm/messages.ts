import { fileURLToPath } from "node:url";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** The two names under which the service was published: D2.3's time, and today. */
export type ProtoPackage = "l2smmd" | "l2sces";

export interface ProviderMessage {
  readonly name: string;
  readonly domain: string;
  readonly dns_port: string;
  readonly sdn_port: string;
  readonly of_port: string;
  readonly dns_grpc_port: string;
}

export interface LinkMessage {
  readonly endpointA: string;
  readonly endpointB: string;
}

export interface OverlayMessage {
  readonly provider: ProviderMessage | null;
  readonly nodes: readonly string[];
  readonly links: readonly LinkMessage[];
}

/** A message that was not set arrives as null. */
export interface ClusterMessage {
  readonly name: string;
  readonly rest_config: { readonly bearer_token: string; readonly api_key: string } | null;
  readonly overlay: OverlayMessage | null;
  readonly gateway_node: { readonly name: string; readonly ip_address: string } | null;
  readonly namespace: string;
  readonly pod_address_pool: string;
}

export interface NetworkRequest {
  readonly network: {
    readonly name: string;
    readonly provider: ProviderMessage | null;
    readonly pod_cidr: string;
    readonly type: string;
    readonly clusters: readonly ClusterMessage[];
  } | null;
  readonly namespace: string;
}

export interface SliceRequest {
  readonly slice: { readonly provider: ProviderMessage | null; readonly clusters: readonly ClusterMessage[] } | null;
  readonly namespace: string;
}

export interface Reply {
  readonly message: string;
  readonly patches?: readonly { readonly path: string; readonly value: string }[];
}

/** The service as grpc-js wants it, under the asked package's name: that is a matter of the HTTP/2 path alone. */
export function serviceDefinition(pkg: ProtoPackage): ServiceDefinition {
  const file = fileURLToPath(new URL("l2sm.proto", import.meta.url));
  // without keepCase the loader drops `rest_config` and every other snake_case key
  const loaded = loadSync(file, { keepCase: true, defaults: true, arrays: true, objects: true, longs: String, enums: String });
  const service = loaded["l2sces.L2SMMultiDomainService"] as ServiceDefinition;
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [name, { ...method, path: `/${pkg}.L2SMMultiDomainService/${name}` }]),
  );
}
