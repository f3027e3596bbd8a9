import { fromJSON, type MethodDefinition } from "@grpc/proto-loader";

/** The two names under which the service was published: D2.3's time, and today. The numbers of the fields are the same in both. */
export const protoPackages = ["l2sces", "l2smmd"] as const;
export type ProtoPackage = (typeof protoPackages)[number];

export interface Provider {
  readonly name: string;
  readonly domain: string;
  readonly sdn_port?: string;
}

interface Link {
  readonly endpointA: string;
  readonly endpointB: string;
}

export interface Overlay {
  readonly provider: Provider;
  readonly nodes: readonly string[];
  readonly links: readonly Link[];
}

/** The server dies of a cluster without `rest_config`, of a network without `provider` and of a slice's cluster without `overlay`. */
export interface Cluster {
  readonly name: string;
  readonly rest_config: { readonly bearer_token: string; readonly api_key: string };
  readonly overlay: Overlay;
  readonly gateway_node?: { readonly name: string; readonly ip_address: string };
  readonly pod_address_pool?: string;
}

export interface NetworkRequest {
  readonly network: {
    readonly name: string;
    readonly provider: Provider;
    readonly pod_cidr: string;
    readonly type: string;
    readonly clusters: readonly Cluster[];
  };
  /** Of every cluster: one set on a cluster would leak to those that follow it. */
  readonly namespace: string;
}

export interface SliceRequest {
  /** Without links the server builds the full mesh; with links it also writes empty ones. */
  readonly slice: { readonly provider: Provider; readonly clusters: readonly Cluster[]; readonly links: readonly [] };
  readonly namespace: string;
}

interface Reply {
  readonly message: string;
}

export interface Requests {
  readonly CreateNetwork: NetworkRequest;
  readonly DeleteNetwork: NetworkRequest;
  readonly CreateSlice: SliceRequest;
}
export type Method = keyof Requests;

type Codec<M extends Method> = Pick<MethodDefinition<Requests[M], Reply>, "requestSerialize" | "responseDeserialize">;
export type Codecs = { readonly [M in Method]: Codec<M> };

/** Every message numbers its fields from 1 in the order of its `.proto`. Names stay as they are there: the loader's camel case would drop them. */
const message = (...fields: readonly string[]) => ({
  fields: Object.fromEntries(
    fields.map((field, i) => {
      const [name = "", type = "", rule] = field.split(" ").reverse();
      return [name, { type, id: i + 1, ...(rule === undefined ? {} : { rule }) }];
    }),
  ),
});

const method = (name: Method) => ({ requestType: `${name}Request`, responseType: `${name}Response`, comment: "" });

const networkRequest = message("L2Network network", "string namespace");

/** The part of `l2sces.proto` that servers implement; CreateOverlay and its like answer "not implemented", DeleteSlice does nothing. */
const nested = {
  Provider: message("string name", "string domain", "string dns_port", "string sdn_port", "string of_port", "string dns_grpc_port"),
  Link: message("string endpointA", "string endpointB"),
  Node: message("string name", "string ip_address"),
  RestConfig: message("string bearer_token", "string api_key"),
  Overlay: message("Provider provider", "repeated string nodes", "repeated Link links"),
  Cluster: message(
    "string name",
    "RestConfig rest_config",
    "Overlay overlay",
    "Node gateway_node",
    "string namespace",
    "string pod_address_pool",
  ),
  L2Network: message("string name", "Provider provider", "string pod_cidr", "string type", "repeated Cluster clusters"),
  Slice: message("Provider provider", "repeated Cluster clusters", "repeated Link links"),
  FieldPatch: message("string path", "string value"),
  CreateNetworkRequest: networkRequest,
  CreateNetworkResponse: message("string message", "repeated FieldPatch patches"),
  DeleteNetworkRequest: networkRequest,
  DeleteNetworkResponse: message("string message"),
  CreateSliceRequest: message("Slice slice", "string namespace"),
  CreateSliceResponse: message("string message"),
  L2SMMultiDomainService: {
    methods: { CreateNetwork: method("CreateNetwork"), DeleteNetwork: method("DeleteNetwork"), CreateSlice: method("CreateSlice") },
  },
};

export function loadCodecs(): Codecs {
  const loaded = fromJSON({ nested: { l2sces: { nested } } }, { defaults: true });
  const codecs = loaded["l2sces.L2SMMultiDomainService"] as unknown as Codecs;
  // The library writes a message's code when it first meets one: here, and not in the middle of the first order.
  const name = "";
  const clusters = [
    { name, rest_config: { bearer_token: name, api_key: name }, overlay: { provider: { name, domain: name }, nodes: [], links: [] } },
  ];
  codecs.CreateNetwork.requestSerialize({
    network: { name, provider: { name, domain: name }, pod_cidr: name, type: name, clusters },
    namespace: name,
  });
  codecs.CreateNetwork.responseDeserialize(Buffer.alloc(0));
  return codecs;
}
