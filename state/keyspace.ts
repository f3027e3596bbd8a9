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
  /** JSON of the network of a TSN domain. No expiry: it is there until another takes its place. */
  tsnNetwork: (domain: string) => `mncc:{tsn:${domain}}:network` as const,
  /** Hash: the schedule of a TSN domain and its revision. No expiry, as above. */
  tsnSchedule: (domain: string) => `mncc:{tsn:${domain}}:schedule` as const,
} as const;
