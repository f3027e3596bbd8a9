import { expect, it } from "vitest";
import { L2Network } from "../../domain/intent/catalogue/l2sm/payload.ts";
import { loadCodecs } from "./proto.ts";
import { networkRequest } from "./request.ts";

const wanted = L2Network.parse({
  network: "spain-network",
  provider: { name: "uc3m", domain: "172.18.0.2" },
  podCidr: "10.1.0.0/16",
  clusters: [{ name: "kind-worker-cluster-1", apiUrl: "https://172.18.0.3:6443", tokenRef: "secretRef:1" }],
});
const clusters = [
  { name: "kind-worker-cluster-1", apiUrl: "https://172.18.0.3:6443", token: "<token-1>" },
  { name: "kind-worker-cluster-2", apiUrl: "https://172.18.0.4:6443", token: "<token-2>" },
];
const provider = { name: "uc3m", domain: "172.18.0.2" };
const overlay = { provider, nodes: [], links: [] };

it("asks for the network of D2.3 annex 9.2, and leaves no message out that the server would die of", () => {
  expect(networkRequest(wanted, clusters)).toEqual({
    network: {
      name: "spain-network",
      provider,
      pod_cidr: "10.1.0.0/16",
      type: "vnet",
      clusters: [
        { name: "kind-worker-cluster-1", rest_config: { bearer_token: "<token-1>", api_key: "https://172.18.0.3:6443" }, overlay },
        { name: "kind-worker-cluster-2", rest_config: { bearer_token: "<token-2>", api_key: "https://172.18.0.4:6443" }, overlay },
      ],
    },
    namespace: "default",
  });
});

it("goes over the wire with every snake_case field, under the numbers of the .proto", () => {
  const { podCidr: _, ...unset } = wanted;
  const bytes = loadCodecs().DeleteNetwork.requestSerialize(
    networkRequest({ ...unset, provider: { name: "p", domain: "d", sdnPort: "s" } }, [{ name: "c", apiUrl: "u", token: "t" }], ["r"]),
  );
  const rest = "1206" + "0a0174" + "120175"; // Cluster 2: RestConfig 1 bearer_token, 2 api_key
  const providerHex = "0a09" + "0a0170" + "120164" + "220173"; // Provider 1 name, 2 domain, 4 sdn_port
  const overlayHex = "1a0b" + providerHex; // Cluster 3: Overlay 1 provider
  const cluster = "2a1b" + "0a0163" + rest + overlayHex + "320172"; // L2Network 5: Cluster 1 name, 6 pod_address_pool
  expect(bytes.toString("hex")).toContain(cluster);
  expect(bytes.toString("hex")).toContain(providerHex.replace("0a09", "1209")); // L2Network 2
  expect(bytes.toString("hex").endsWith(`1207${Buffer.from("default").toString("hex")}`)).toBe(true);
});
