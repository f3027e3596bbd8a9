import { z } from "zod";
import { ok, type Outcome, refuse } from "../../../outcome.ts";
import { readContexts, readTargets } from "../../attributes.ts";
import type { IntentLibrary, TranslationRefusal } from "../../library.ts";
import type { Context, Intent } from "../../model.ts";
import type { Order } from "../../order.ts";
import { hostAndPort, httpUrl, ipv4Cidr, kubernetesName, plainName, secretRef } from "../../values.ts";
import { claims } from "./claims.ts";
import type { L2Network, MemberCluster } from "./payload.ts";

type Refusing<T> = Outcome<T, TranslationRefusal>;

// D2.3 Table 6; `podCidr` and `namespace` are ours: the wire has them, the deliverable's intent does not.
const networkContexts = z.strictObject({
  name: kubernetesName,
  providerName: plainName,
  domain: hostAndPort,
  podCidr: ipv4Cidr.optional(),
  namespace: kubernetesName.optional(),
});

// D2.3 Table 7. `api_key` is the URL of the cluster's Kubernetes API.
const clusterContexts = z.strictObject({ name: kubernetesName, bearer_token: secretRef, api_key: httpUrl });

// D2.3 Table 8.
const networkWhere = z.strictObject({ url: httpUrl.optional() });
const clusterWhere = z.strictObject({ k8s_l2_network: kubernetesName, url: httpUrl.optional() });

interface Network {
  readonly expectationIds: string[];
  readonly place: string;
  controller: string | undefined;
  readonly wire: Omit<L2Network, "clusters">;
  readonly clusters: MemberCluster[];
}

/** Joins each K8S_L2_NETWORK with the K8S_CLUSTER_CONFIGs that name it: the CreateNetwork of L2S-M needs both in one call. */
export const library: IntentLibrary = {
  name: "l2sm",
  summary: "L2 network over Kubernetes clusters, through L2S-M's multi-domain server (ILU).",
  selects: [
    ["cloud_continuum", "DELIVER", "L2SM_NETWORK"],
    ["cloud_continuum", "DELIVER", "L2SM_NEW_CLUSTER"],
  ],
  claims,
  translate(intent) {
    const networks = readNetworks(intent);
    if (!networks.ok) return networks;
    const joined = joinClusters(intent, networks.value);
    if (!joined.ok) return joined;
    const lonely = networks.value.find((n) => n.clusters.length === 0);
    if (lonely !== undefined)
      return refuse(
        "CONTEXT_MISSING",
        `network ${lonely.wire.network} needs at least one K8S_CLUSTER_CONFIG that names it in k8s_l2_network`,
        lonely.place,
      );
    return ok({ kind: "orders", orders: networks.value.map(orderOf) });
  },
};

const orderOf = ({ wire, clusters, expectationIds, controller }: Network): Order => ({
  executioner: "l2sm",
  resource: `l2network/${wire.namespace}/${wire.network}`,
  expectationIds,
  ...(controller === undefined ? {} : { controller }),
  origins: clusters.map((c) => c.apiUrl),
  payload: { ...wire, clusters } satisfies L2Network,
});

function readNetworks(intent: Intent): Refusing<readonly Network[]> {
  const networks: Network[] = [];
  for (const [i, { expectationId, expectationObject, expectationContexts, expectationTargets }] of intent.intentExpectations.entries()) {
    if (expectationObject.objectType !== "L2SM_NETWORK") continue;
    const place = `/intentExpectations/${String(i)}`;
    const targets = readTargets({}, expectationTargets, `${place}/expectationTargets`);
    if (!targets.ok) return targets;
    const object = readContexts(networkContexts, renamed(expectationObject.objectContexts), `${place}/expectationObject/objectContexts`);
    if (!object.ok) return object;
    const where = readContexts(networkWhere, expectationContexts, `${place}/expectationContexts`);
    if (!where.ok) return where;
    const { name, providerName, domain, podCidr, namespace = "default" } = object.value;
    networks.push({
      expectationIds: [expectationId],
      place,
      controller: where.value.url,
      wire: {
        network: name,
        namespace,
        provider: { name: providerName, domain },
        type: "vnet",
        ...(podCidr === undefined ? {} : { podCidr }),
      },
      clusters: [],
    });
  }
  return ok(networks);
}

function joinClusters(intent: Intent, networks: readonly Network[]): Refusing<void> {
  for (const [i, { expectationId, expectationObject, expectationContexts, expectationTargets }] of intent.intentExpectations.entries()) {
    if (expectationObject.objectType !== "L2SM_NEW_CLUSTER") continue;
    const place = `/intentExpectations/${String(i)}`;
    const targets = readTargets({}, expectationTargets, `${place}/expectationTargets`);
    if (!targets.ok) return targets;
    const object = readContexts(clusterContexts, expectationObject.objectContexts, `${place}/expectationObject/objectContexts`);
    if (!object.ok) return object;
    const where = readContexts(clusterWhere, expectationContexts, `${place}/expectationContexts`);
    if (!where.ok) return where;
    const network = networks.find((n) => n.wire.network === where.value.k8s_l2_network);
    if (network === undefined)
      return refuse(
        "CONTEXT_INVALID",
        `k8s_l2_network: the intent has no network ${where.value.k8s_l2_network}`,
        `${place}/expectationContexts`,
      );
    const { name, bearer_token: tokenRef, api_key: apiUrl } = object.value;
    if (network.clusters.some((c) => c.name === name))
      return refuse(
        "CONTEXT_INVALID",
        `name: cluster ${name} joins ${network.wire.network} twice`,
        `${place}/expectationObject/objectContexts`,
      );
    const { url } = where.value;
    if (url !== undefined && network.controller !== undefined && new URL(url).origin !== new URL(network.controller).origin)
      return refuse(
        "CONTEXT_INVALID",
        `url: cluster ${name} joins ${network.wire.network} through another controller than the network's`,
        `${place}/expectationContexts`,
      );
    network.controller ??= url;
    network.expectationIds.push(expectationId);
    network.clusters.push({ name, apiUrl: new URL(apiUrl).origin, tokenRef });
  }
  return ok(undefined);
}

/** NEMO's engine calls the network's name `network`, annex 9.2 calls it `name`. */
const renamed = (contexts: readonly Context[]): readonly Context[] =>
  contexts.map((c) => (c.contextAttribute === "network" ? { ...c, contextAttribute: "name" } : c));
