import type { IntentLibrary } from "../../library.ts";
import { retype } from "../../rewrite.ts";

/** D2.3's `nemo` library: what a meta-orchestrator asks for, in the words of the technology that answers. */
const types = { K8S_L2_NETWORK: "L2SM_NETWORK", K8S_CLUSTER_CONFIG: "L2SM_NEW_CLUSTER", L2_VPN: "L2VPN" } as const;

export const library: IntentLibrary = {
  name: "cloud-continuum",
  summary: "Networks of the cloud continuum: L2 networks over clusters go to L2S-M, L2VPNs to the L2VPN library.",
  selects: Object.keys(types).map((objectType) => ["cloud_continuum", "DELIVER", objectType] as const),
  translate: (intent) => retype(intent, types),
};
