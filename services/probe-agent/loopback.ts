import { randomBytes } from "node:crypto";
import type { ProbeAgent } from "../../domain/probe/agents.ts";
import type { ProbeNode } from "../../domain/probe/model.ts";
import { type Agent, startAgent } from "./agent.ts";
import { openClock } from "./clock.ts";

export interface LoopbackAgents {
  readonly agents: readonly ProbeAgent[];
  readonly token: string;
  close(): Promise<void>;
}

/** A thirtieth of what a test between nodes may move: a laptop is not to notice. */
const CAPS = { ms: 1_000, bytes: 4 * 1024 * 1024 } as const;

/** Real agents for nodes that are addresses of this machine, all in this process, on whatever ports are free. */
export async function startLoopbackAgents(nodes: readonly ProbeNode[]): Promise<LoopbackAgents> {
  const clock = openClock();
  const token = randomBytes(32).toString("hex");
  const known: ProbeAgent[] = [];
  const running: Agent[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(running.map((agent) => agent.close()));
  };
  try {
    for (const node of nodes) {
      const self = { ...node, stampPort: 0, throughputPort: 0, agentPort: 0 };
      // They share one clock, so that between them it is right.
      const agent = await startAgent({ self, agents: () => known, token, caps: CAPS, clock, clockErrorNs: 1_000 });
      running.push(agent);
      known.push(agent.entry);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { agents: known, token, close };
}
