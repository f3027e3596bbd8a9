import { z } from "zod";
import { Measurement, type ProbeNode } from "../probe/model.ts";

const ClusterName = z.string().regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?$/, "a name of letters, digits, dots and hyphens");
/** RFC 1123 subdomain: what Kubernetes lets a node be called. */
const NodeName = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, "a node's name as Kubernetes has them");

/** A node as the Kubernetes API shows it: what a topology needs of `metadata` and `status`, and no more. */
export const Node = z.strictObject({
  cluster: ClusterName,
  name: NodeName,
  /** `metadata.uid`: a node that is deleted and comes back under its name is another one. */
  uid: z.string().min(1).max(128),
  /** `status.addresses`, in its order: InternalIP, ExternalIP, Hostname, InternalDNS, ExternalDNS. May be empty. */
  addresses: z.array(z.strictObject({ type: z.string().min(1).max(32), address: z.string().min(1).max(253) })).max(64),
  /** Whether the condition Ready is True. */
  ready: z.boolean(),
  labels: z.record(z.string().max(317), z.string().max(63)),
  /** Grows with every change in one cluster. Opaque by contract, an etcd revision in fact, and compared as a number where it is one. */
  resourceVersion: z.string().min(1).max(64),
});
export type Node = Readonly<z.infer<typeof Node>>;

/** What the watch last said of one node. A removed one is remembered, so that late news of it does not bring it back. */
export const KnownNode = z.strictObject({ node: Node, removed: z.boolean() });
export type KnownNode = Readonly<z.infer<typeof KnownNode>>;

/** One value of a link, or the reason why there is none, and when it was so. */
export const Reading = z.strictObject({ at: z.iso.datetime({ precision: 3 }), measurement: Measurement });
export type Reading = Readonly<z.infer<typeof Reading>>;

/** Everything known of one directed link: the newest reading of each kind, and beside it what must not replace it. */
export interface LinkState {
  readonly source: ProbeNode;
  readonly destination: ProbeNode;
  /** When the ends were last seen at these addresses. */
  readonly at: string;
  readonly readings: Readonly<Record<string, Reading>>;
  /** The newest that was put off (`tput` while an end was busy), and so says nothing against the reading before it. */
  readonly postponed: Readonly<Record<string, Reading>>;
  readonly flagged: Readonly<Record<string, Reading>>;
}

/** What is known of one cluster, from every source. */
export interface Topology {
  readonly cluster: string;
  /** By uid. */
  readonly nodes: Readonly<Record<string, KnownNode>>;
  /** By `pairId`. */
  readonly links: Readonly<Record<string, LinkState>>;
}

/** Tells readings of one link apart: `delay-rt:p50:round-trip`. */
export const readingKey = ({ metric, statistic, direction }: Measurement): string =>
  [metric, statistic, ...(direction === undefined ? [] : [direction])].join(":");

/** Published about a link: the readings as they were measured, each with its time. */
export const CostLink = z.strictObject({
  source: z.string(),
  destination: z.string(),
  costs: z.array(Reading),
});
export type CostLink = Readonly<z.infer<typeof CostLink>>;

/** A node under its one identity: what Kubernetes and the probes know of it. `address` is null where nobody knows one. */
export const CostNode = z.strictObject({
  name: z.string(),
  address: z.string().nullable(),
  /** Every IP address that is this node's and no other's. */
  addresses: z.array(z.string()),
  ready: z.boolean().nullable(),
  seenBy: z.array(z.enum(["kubernetes", "probe"])),
});
export type CostNode = Readonly<z.infer<typeof CostNode>>;

/** Something that is missing from the map or was kept out of it, and why: nothing is dropped without a word. */
export const MapError = z.strictObject({
  code: z.string().regex(/^[A-Z][A-Z0-9_]+$/),
  reason: z.string(),
  /** Names of the nodes that it is about. */
  nodes: z.array(z.string()).min(1),
  /** `source->destination`, where it is about a link. */
  link: z.string().optional(),
  /** Which reading of the link, as `delay-rt:p50:round-trip`. */
  reading: z.string().optional(),
});
export type MapError = Readonly<z.infer<typeof MapError>>;

/** The map of one cluster: its nodes, and the links that start at one of them. */
export const CostMap = z.strictObject({ nodes: z.array(CostNode), links: z.array(CostLink), errors: z.array(MapError) });
export type CostMap = Readonly<z.infer<typeof CostMap>>;

/** Whether a name is that of a node of another cluster, `cluster/node`: no node's own name has a slash. */
export const isElsewhere = (name: string): boolean => name.includes("/");

export const linkName = ({ source, destination }: Pick<CostLink, "source" | "destination">): string => `${source}->${destination}`;
