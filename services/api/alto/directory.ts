import { costSources } from "../../../domain/topology/alto.ts";
import { pidProperty } from "./endpoints.ts";
import { media } from "./media-types.ts";
import { costTypeOf, networkMapId, resourceId } from "./view.ts";

const costMetrics = costSources.map(({ costMetric }) => costMetric);
const filtering = {
  "cost-type-names": costMetrics,
  "cost-constraints": true,
  "max-cost-types": costMetrics.length,
  "testable-cost-type-names": costMetrics,
};

/** A metric in a resource id: RFC 7285 §10.2 allows its colons. */
export const costMapId = (cluster: string, costMetric: string): string => resourceId(`cost-map-${costMetric}`, cluster);

export const paths = {
  networkMap: (cluster: string) => `/alto/networkmap/${cluster}`,
  filteredNetworkMap: (cluster: string) => `/alto/networkmap/${cluster}/filtered`,
  costMap: (cluster: string, costMetric: string) => `/alto/costmap/${cluster}/${costMetric}`,
  filteredCostMap: (cluster: string) => `/alto/costmap/${cluster}/filtered`,
  endpointCost: (cluster: string) => `/alto/endpointcost/${cluster}`,
  endpointProp: (cluster: string) => `/alto/endpointprop/${cluster}`,
  updates: (cluster: string) => `/alto/updates/${cluster}`,
  control: (cluster: string, stream: string) => `/alto/updates/${cluster}/${stream}`,
} as const;

export interface Followed {
  readonly mediaType: string;
  /** Of a cost map: the place of its cost in `costSources`. */
  readonly at: number | undefined;
}

/** What an update stream of a cluster can follow, by resource id. */
export function streamable(cluster: string): ReadonlyMap<string, Followed> {
  const costMaps = costMetrics.map((metric, at): [string, Followed] => [costMapId(cluster, metric), { mediaType: media.costMap, at }]);
  return new Map([[networkMapId(cluster), { mediaType: media.networkMap, at: undefined }], ...costMaps]);
}

function resourcesOf(cluster: string): readonly (readonly [id: string, entry: object])[] {
  const uses = [networkMapId(cluster)];
  const followed = [...streamable(cluster).keys()];
  return [
    [networkMapId(cluster), { uri: paths.networkMap(cluster), "media-type": media.networkMap }],
    [
      resourceId("filtered-network-map", cluster),
      { uri: paths.filteredNetworkMap(cluster), "media-type": media.networkMap, accepts: media.networkMapFilter, uses },
    ],
    ...costMetrics.map(
      (metric) =>
        [
          costMapId(cluster, metric),
          { uri: paths.costMap(cluster, metric), "media-type": media.costMap, capabilities: { "cost-type-names": [metric] }, uses },
        ] as const,
    ),
    [
      resourceId("filtered-cost-map", cluster),
      { uri: paths.filteredCostMap(cluster), "media-type": media.costMap, accepts: media.costMapFilter, capabilities: filtering, uses },
    ],
    [
      resourceId("endpoint-cost", cluster),
      { uri: paths.endpointCost(cluster), "media-type": media.endpointCost, accepts: media.endpointCostParams, capabilities: filtering },
    ],
    [
      resourceId("endpoint-property", cluster),
      {
        uri: paths.endpointProp(cluster),
        "media-type": media.endpointProp,
        accepts: media.endpointPropParams,
        capabilities: { "prop-types": [pidProperty(cluster)] },
      },
    ],
    [
      resourceId("updates", cluster),
      {
        uri: paths.updates(cluster),
        "media-type": media.eventStream,
        accepts: media.updateStreamParams,
        uses: followed,
        capabilities: {
          "incremental-change-media-types": Object.fromEntries(followed.map((id) => [id, media.mergePatch])),
          "support-stream-control": true,
        },
      },
    ],
  ];
}

/** The root information resource directory (RFC 7285 §9.2). Without a cluster it has no network map to name as the default. */
export function directory(clusters: readonly string[]): object {
  const [first] = clusters;
  return {
    meta: {
      "cost-types": Object.fromEntries(
        costSources.map(({ costMetric, description }) => [costMetric, { ...costTypeOf(costMetric), description }]),
      ),
      ...(first === undefined ? {} : { "default-alto-network-map": networkMapId(first) }),
    },
    resources: Object.fromEntries(clusters.flatMap(resourcesOf)),
  };
}
