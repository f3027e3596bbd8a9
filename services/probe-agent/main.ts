import { constants, setPriority } from "node:os";
import { AGENT_PORT, findNode } from "../../domain/probe/agents.ts";
import { openLog } from "../../runtime/log.ts";
import { readAgentsFile, readToken } from "../probing.ts";
import { startAgent } from "./agent.ts";
import { readAgentConfig } from "./config.ts";

/** On a busy node it is to measure the network and not the queue for the processor. Needs CAP_SYS_NICE; without, it goes on as it is. */
function takePriority(): boolean {
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
    return true;
  } catch {
    return false;
  }
}

/** `node services/probe-agent/main.ts`: one process a node. */
async function main(): Promise<void> {
  const config = readAgentConfig(process.env);
  const log = openLog(config.LOG_LEVEL);
  const agents = readAgentsFile(config.PROBE_AGENTS_FILE);
  const self = findNode(agents, config.PROBE_NODE);
  if (!self.ok) throw new Error(`PROBE_NODE: ${self.reason}`);
  const { agent: url, ...node } = self.value;
  const agent = await startAgent({
    self: { ...node, agentPort: Number(url === undefined ? AGENT_PORT : new URL(url).port || AGENT_PORT) },
    agents: () => agents,
    token: readToken(config.PROBE_TOKEN_FILE),
    authenticated: config.PROBE_STAMP === "authenticated",
    ...(config.PROBE_CLOCK_ERROR_US === undefined ? {} : { clockErrorNs: 1e3 * config.PROBE_CLOCK_ERROR_US }),
    caps: { ms: config.PROBE_THROUGHPUT_MS, bytes: config.PROBE_THROUGHPUT_BYTES },
    budgetBytes: config.PROBE_BUDGET_BYTES,
    ...(config.PROBE_KEPLER_URL === undefined ? {} : { kepler: new URL(config.PROBE_KEPLER_URL) }),
    sys: config.PROBE_SYS,
    log: (fields, phrase) => log.warn(fields, phrase),
  });
  const { agent: control, stampPort, throughputPort } = agent.entry;
  log.info({ node: config.PROBE_NODE, control, stampPort, throughputPort, hasPriority: takePriority() }, "probe agent listening");

  const stop = (): void => void agent.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
