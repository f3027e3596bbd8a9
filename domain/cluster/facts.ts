import { z } from "zod";
import { ok, type Outcome, refuse } from "../outcome.ts";
import { parseQuantity } from "./quantity.ts";

/** What the meta-orchestrator says of one cluster, in numbers. */
export const ClusterFacts = z.strictObject({
  name: z.string(),
  uid: z.string().optional(),
  /** False: the hub does not take the cluster, so nothing is to be scaled up there. */
  usable: z.boolean(),
  cpuCores: z.number().nonnegative(),
  ramBytes: z.number().nonnegative(),
  pods: z.number().nonnegative(),
  version: z.string().optional(),
  /** When it was said, RFC 3339. */
  reportedAt: z.string(),
});
export type ClusterFacts = z.infer<typeof ClusterFacts>;

const Quantities = z.record(z.string(), z.union([z.string(), z.number()]));

/** One cluster as D2.3's Figure 6 has it, or as Open Cluster Management's ManagedCluster does (cluster/v1/types.go). */
const Reported = z.looseObject({
  name: z.string().min(1).max(253).optional(),
  metadata: z.looseObject({ name: z.string().min(1).max(253).optional(), uid: z.string().optional() }).optional(),
  uid: z.string().optional(),
  hubAcceptsClient: z.boolean().optional(),
  spec: z.looseObject({ hubAcceptsClient: z.boolean().optional() }).optional(),
  capacity: Quantities.optional(),
  allocatable: Quantities.optional(),
  version: z.union([z.string(), z.looseObject({ kubernetes: z.string().optional() })]).optional(),
  status: z
    .looseObject({
      capacity: Quantities.optional(),
      allocatable: Quantities.optional(),
      version: z.looseObject({ kubernetes: z.string().optional() }).optional(),
    })
    .optional(),
});

const Message = z.looseObject({ response: z.array(Reported).max(1_000), status: z.string() });

type FactsRefusal = "CLUSTERS_INVALID" | "CLUSTERS_NOT_OK" | "QUANTITY_INVALID";

/**
 * Reads the meta-orchestrator's message about its clusters (D2.3 3.2.1, Figure 6).
 * @param at when it arrived, RFC 3339.
 * @returns a fact a cluster. A message whose `status` is not `ok` is refused, so that what was known before stays.
 */
export function readClusters(message: unknown, at: string): Outcome<readonly ClusterFacts[], FactsRefusal> {
  const read = Message.safeParse(message);
  if (!read.success) return refuse("CLUSTERS_INVALID", `not a list of clusters: ${placesOf(read.error)}`);
  if (read.data.status !== "ok") return refuse("CLUSTERS_NOT_OK", "the meta-orchestrator's status is not ok");
  const facts: ClusterFacts[] = [];
  for (const reported of read.data.response) {
    const one = factsOf(reported, at);
    if (!one.ok) return one;
    facts.push(one.value);
  }
  return ok(facts);
}

function factsOf(reported: z.infer<typeof Reported>, reportedAt: string): Outcome<ClusterFacts, FactsRefusal> {
  const name = reported.name ?? reported.metadata?.name;
  if (name === undefined) return refuse("CLUSTERS_INVALID", "a cluster has no name");
  // What may be used is `allocatable`; `capacity` is what there is with the system's own share.
  const has = reported.allocatable ?? reported.status?.allocatable ?? reported.capacity ?? reported.status?.capacity;
  if (has === undefined) return refuse("CLUSTERS_INVALID", `cluster ${name} says neither allocatable nor capacity`);
  const amounts: Record<"cpu" | "memory" | "pods", number> = { cpu: 0, memory: 0, pods: 0 };
  for (const resource of ["cpu", "memory", "pods"] as const) {
    const amount = parseQuantity(has[resource]);
    if (!amount.ok) return refuse(amount.code, `${resource} of cluster ${name}: ${amount.reason}`);
    if (amount.value < 0) return refuse("QUANTITY_INVALID", `${resource} of cluster ${name} is negative`);
    amounts[resource] = amount.value;
  }
  const version = versionOf(reported);
  const uid = reported.uid ?? reported.metadata?.uid;
  return ok({
    name,
    ...(uid === undefined ? {} : { uid }),
    usable: reported.hubAcceptsClient ?? reported.spec?.hubAcceptsClient ?? false,
    cpuCores: amounts.cpu,
    ramBytes: amounts.memory,
    pods: amounts.pods,
    ...(version === undefined ? {} : { version }),
    reportedAt,
  });
}

const versionOf = ({ version, status }: z.infer<typeof Reported>): string | undefined =>
  typeof version === "string" ? version : (version?.kubernetes ?? status?.version?.kubernetes);

/** The places of what is wrong, never the values. */
const placesOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map(({ path }) => `/${path.map(String).join("/")}`)
    .join(", ");
