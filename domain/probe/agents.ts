import { z } from "zod";
import { ok, type Outcome, refuse } from "../outcome.ts";
import { nodeId, ProbeNode } from "./model.ts";
import { STAMP_PORT } from "./stamp.ts";

const port = z.int().min(1).max(65_535);

/** D2.3 §4.2.2.2: the probe's metrics are on this port. */
export const AGENT_PORT = 5001;
export const THROUGHPUT_PORT = 5002;

/** A node that has a probe agent, and where that answers. */
export const ProbeAgent = z.strictObject({
  ...ProbeNode.shape,
  /** The agent's control; at the node's address and D2.3's port unless it is said. */
  agent: z.url({ protocol: /^https?$/ }).optional(),
  stampPort: port.default(STAMP_PORT),
  throughputPort: port.default(THROUGHPUT_PORT),
});
export type ProbeAgent = Readonly<z.infer<typeof ProbeAgent>>;

export const agentAddress = ({ address, agent }: ProbeAgent): URL =>
  new URL(agent ?? `http://${address.includes(":") ? `[${address}]` : address}:${String(AGENT_PORT)}`);

/** Every node once: it is its identity that leases, measurements and topology go by. */
export const ProbeAgents = z.array(ProbeAgent).superRefine((agents, context) => {
  const seen = new Set<string>();
  for (const [i, agent] of agents.entries()) {
    const id = nodeId(agent);
    if (seen.has(id)) context.addIssue({ code: "custom", path: [i, "node"], message: `${id} is there twice` });
    seen.add(id);
  }
});

export const nodeOf = ({ cluster, node, address }: ProbeAgent): ProbeNode => ({ cluster, node, address });

export type NodeRefusal = "PROBE_NODE_UNKNOWN" | "PROBE_NODE_AMBIGUOUS";

/** The one node that a person means by `cluster/node`, a node's name, or its address. */
export function findNode(agents: readonly ProbeAgent[], said: string): Outcome<ProbeAgent, NodeRefusal> {
  const found = agents.filter((agent) => nodeId(agent) === said || agent.node === said || agent.address === said);
  const [only, ...more] = found;
  if (only === undefined) {
    const known = agents.slice(0, 20).map(nodeId).join(", ");
    return refuse("PROBE_NODE_UNKNOWN", `no probe agent is known for ${said}; known: ${known === "" ? "none" : known}`);
  }
  if (more.length > 0) return refuse("PROBE_NODE_AMBIGUOUS", `${said} is several nodes: say ${found.map(nodeId).join(" or ")}`);
  return ok(only);
}
