/** Every Redis key of the system, built here and nowhere else. `{…}` is the cluster hash tag: keys that one script touches share a slot. */
export const key = {
  /** JSON of an IntentRecord. No expiry: a terminated intent is history that its owner may ask for. */
  intent: (id: string) => `mncc:{intents}:record:${id}` as const,
  /** Sorted set of intent ids, all of score 0, so that pages come in the order of the ids. */
  intentIndex: () => "mncc:{intents}:index" as const,
  /** Hash: what one order brought about, and who is at it. Expires 24 h after nothing stands any more, else never. */
  effect: (executioner: string, resource: string) => `mncc:{${executioner}}:effect:${resource}` as const,
  /** Sorted set of resources whose events are not known to be published, by the time of the commit. */
  outbox: (executioner: string) => `mncc:{${executioner}}:outbox` as const,
  /** Hash of ref to ciphertext, one for each intent, gone when the intent is terminated. */
  secrets: (intentTag: string) => `mncc:{secrets}:${intentTag}` as const,

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
