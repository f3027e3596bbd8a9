/** Every Redis key of the system, built here and nowhere else. `{…}` is the cluster hash tag: keys that one script touches share a slot. */
export const key = {
  /** JSON of an IntentRecord. No expiry: a terminated intent is history that its owner may ask for. */
  intent: (id: string) => `mncc:{intents}:record:${id}` as const,
  /** Sorted set of intent ids, all of score 0, so that pages come in the order of the ids. */
  intentIndex: () => "mncc:{intents}:index" as const,
  /** Sorted set of the ids of intents that wait for a time, by that time in ms. */
  intentTurns: () => "mncc:{intents}:turns" as const,
  /** Hash: what one order brought about, and who is at it. Expires 24 h after nothing stands any more, else never. */
  effect: (executioner: string, resource: string) => `mncc:{${executioner}}:effect:${resource}` as const,
  /** Sorted set of resources whose events are not known to be published, by the time of the commit. */
  outbox: (executioner: string) => `mncc:{${executioner}}:outbox` as const,
  /** JSON list of all that is held of one thing: a port, a name in a cluster. Gone when nobody holds any of it. */
  holders: (thing: string) => `mncc:{holdings}:of:${thing}` as const,
  /** JSON of the things that an intent holds something of, and since when. Gone with the last. */
  heldBy: (intentId: string) => `mncc:{holdings}:by:${intentId}` as const,
  /** Hash of ref to ciphertext, one for each intent, gone when the intent is terminated. */
  secrets: (intentTag: string) => `mncc:{secrets}:${intentTag}` as const,
  /** Hash: version, and the deflated JSON of a TwinRecord with its last changes. No expiry: forgotten a day after its last pod. */
  twin: (twinId: string) => `cmdt:{twins}:record:${twinId}` as const,
  /** Sorted set of twins' ids, all of score 0: of all, or of a user, a workload, or a user's workload. */
  twinList: ({ userId, workloadId }: { readonly userId?: string; readonly workloadId?: string }) =>
    `cmdt:{twins}:list:${encodeURIComponent(userId ?? "")}:${encodeURIComponent(workloadId ?? "")}` as const,
  /** Hash: how far the watch of a cluster's resource got, and the JSON of what it told of each object by uid. No expiry: without it a restart tells everything again. */
  watchPosition: (cluster: string, resource: string) => `mncc:{watch:${cluster}}:${resource}` as const,
  /** Set of the clusters of which something is known. */
  topologyClusters: () => "mncc:{topology}:clusters" as const,
  /** Set of places: `nodes`, and each link that starts in the cluster. */
  topologyPlaces: (cluster: string) => `mncc:{topology ${cluster}}:places` as const,
  /** Hash of pieces by name. The nodes never expire; a link does six periods after it was last measured. */
  topologyPieces: (cluster: string, place: string) => `mncc:{topology ${cluster}}:pieces:${place}` as const,
  /** Hash: seq and body of what was published last. */
  costMapHead: (cluster: string) => `mncc:{cost-map ${cluster}}:head` as const,
  /** Hash of link to what was published of it last. */
  costMapSeen: (cluster: string) => `mncc:{cost-map ${cluster}}:seen` as const,
  /** The seq that NEMO's queue has got. */
  costMapForwarded: (cluster: string) => `mncc:{cost-map ${cluster}}:forwarded` as const,
  /** Who is measuring a node, gone with its lease. */
  probeLease: (node: string) => `mncc:{probes}:lease:${node}` as const,
  /** When a link was last handed out to be measured, gone when that does not matter any more. */
  probeHandedOut: (pair: string) => `mncc:{probes}:handed-out:${pair}` as const,
  /** JSON of the network of a TSN domain. No expiry: it is there until another takes its place. */
  tsnNetwork: (domain: string) => `mncc:{tsn:${domain}}:network` as const,
  /** Hash: the schedule of a TSN domain and its revision. No expiry, as above. */
  tsnSchedule: (domain: string) => `mncc:{tsn:${domain}}:schedule` as const,

  /** Hash: what cfdrl-step remembers of a workload between two decisions: version, kept (JSON), transitions (how many there ever were). No expiry. */
  scaling: (workload: string) => `cfdrl:{${slot(workload)}}:scaling` as const,
  /** JSON of the events that one cause led to, so that its redelivery says the same. A day. */
  scalingTold: (workload: string, cause: string) => `cfdrl:{${slot(workload)}}:told:${cause}` as const,
  /** Stream of ScalingRecords, the newest LOG_LENGTH. */
  scalingLog: (workload: string) => `cfdrl:{${slot(workload)}}:log` as const,
  /** Ring of transitions of one length, side by side in one string: a list is slow in the middle, and a stream cannot be drawn from at random. */
  scalingRing: (workload: string, bytes: number) => `cfdrl:{${slot(workload)}}:ring:${bytes}` as const,
  /** Sorted set of workloads, all of score 0. */
  scalingIndex: () => "cfdrl:{workloads}" as const,
  /** Hash: kill, mode, and mode:<workload>. */
  switches: () => "cfdrl:{switches}" as const,
  /** Hash of cluster to JSON of its ClusterFacts. */
  clusters: () => "cfdrl:{clusters}" as const,
  /** Hash of workload to JSON of what its pods may use in a cluster. */
  clusterClaims: (cluster: string) => `cfdrl:{clusters}:claims:${cluster}` as const,

  /** Hash of one client of the federation: link (JSON), linkSha256. */
  policyHead: (client: string) => `cfdrl:{client-${client}}:head` as const,
  /** Bytes of a model, by their SHA-256. 30 days after it was put there. */
  policyModel: (client: string, sha256: string) => `cfdrl:{client-${client}}:model:${sha256}` as const,
  /** Hash: version, learner (bytes): the copy of the model that the client trains. */
  policyTraining: (client: string) => `cfdrl:{client-${client}}:training` as const,
  policyTold: (client: string, cause: string) => `cfdrl:{client-${client}}:told:${cause}` as const,

  /** Hash of the round in progress: round, openedAt (ms, with the first update), link (JSON of the newest link), linkSha256. */
  round: () => "cfdrl:{rounds}:current" as const,
  /** List of the chain's links, JSON, oldest first. */
  roundLinks: () => "cfdrl:{rounds}:links" as const,
  /** Hash of client to JSON of its update, of one round. A day. */
  roundUpdates: (round: number) => `cfdrl:{rounds}:updates:${round}` as const,
  roundModel: (sha256: string) => `cfdrl:{rounds}:model:${sha256}` as const,
  roundTold: (cause: string) => `cfdrl:{rounds}:told:${cause}` as const,
} as const;

/** A name from outside must not end the hash tag that it stands in. */
const slot = (name: string): string => name.replaceAll(/[{}%]/g, (special) => encodeURIComponent(special));
