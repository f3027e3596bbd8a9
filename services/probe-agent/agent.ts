import { type AddressInfo, isIPv6, SocketAddress } from "node:net";
import type { ProbeAgent } from "../../domain/probe/agents.ts";
import type { ClockError } from "../../domain/probe/stamp.ts";
import { openBudget } from "./budget.ts";
import { openClock, type ProbeClock } from "./clock.ts";
import { openControl } from "./control.ts";
import { openEnergyMeter } from "./energy.ts";
import { hostCounters } from "./host-counters.ts";
import { probeKeys } from "./keys.ts";
import { openMeter } from "./measure.ts";
import { openAgentMetrics } from "./metrics.ts";
import { openReflector } from "./reflector.ts";
import type { SessionPlan } from "./sender.ts";
import { openSink, type Slot } from "./sink.ts";
import { CAPS, type Caps } from "./transfer.ts";

export interface AgentOptions {
  /** Who it is; it listens on this address and these ports, 0 for any that is free. */
  readonly self: Omit<ProbeAgent, "agent"> & { readonly agentPort: number };
  /** Everybody who may be measured and may measure, itself included. Asked each time, for they may come to be known later. */
  readonly agents: () => readonly ProbeAgent[];
  readonly token: string;
  /** Only packets with an HMAC (RFC 8762 section 4.4) are sent and answered. */
  readonly authenticated?: boolean;
  /** What the node's clock may be wrong by, if something disciplines it. */
  readonly clockErrorNs?: number;
  /** Agents of one process share one. */
  readonly clock?: ProbeClock;
  readonly caps?: Caps;
  /** Bytes of throughput tests in an hour, in and out. */
  readonly budgetBytes?: number;
  readonly kepler?: URL;
  readonly sys?: string;
  readonly plan?: Partial<SessionPlan>;
  readonly log?: (fields: object, phrase: string) => void;
}

export interface Agent {
  /** How others reach it, with the ports that it really has. */
  readonly entry: ProbeAgent;
  close(): Promise<void>;
}

/** Told of a clock that nothing disciplines, beside the bit that says so. */
const UNKNOWN_NS = 1e9;

export const BUDGET_BYTES = 4 * 1024 ** 3;

/** One node's probe: it reflects and takes floods for others, and measures when it is asked to. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { self: wanted, agents, token, authenticated = false, clockErrorNs, caps = CAPS, kepler, sys, plan = {} } = options;
  const { agentPort, ...node } = wanted;
  const { address } = node;
  const keys = probeKeys(token);
  const clock = options.clock ?? openClock();
  const clockError: ClockError = { isSynchronised: clockErrorNs !== undefined, errorNs: (clockErrorNs ?? UNKNOWN_NS) + clock.errorNs() };
  const counters = hostCounters(address, sys);
  const energy = await openEnergyMeter(counters, kepler === undefined ? {} : { kepler });
  const slot: Slot = { isTaken: false };
  const budget = openBudget(options.budgetBytes ?? BUDGET_BYTES);
  const isAllowed = (from: string): boolean =>
    [address, ...agents().map((agent) => agent.address)].some((known) => canonical(known) === from);

  const reflector = await openReflector({
    address,
    port: node.stampPort,
    clock,
    clockError,
    hmac: keys.stamp,
    authenticatedOnly: authenticated,
    isAllowed,
  });
  const sink = await openSink({ address, port: node.throughputPort, hmac: keys.throughput, slot, budget, isAllowed });
  let entry: ProbeAgent = { ...node, stampPort: reflector.port, throughputPort: sink.port };
  const metrics = openAgentMetrics();
  const meter = openMeter({ self: () => entry, clock, clockError, keys, authenticated, counters, energy, slot, budget, caps, plan });
  const control = openControl({ self: () => entry, agents, keys, meter, metrics, log: options.log ?? (() => undefined) });
  await control.listen({ host: address, port: agentPort });
  const { port } = control.server.address() as AddressInfo;
  entry = { ...entry, agent: `http://${address.includes(":") ? `[${address}]` : address}:${String(port)}` };

  return {
    entry,
    async close() {
      await control.close();
      energy.close();
      await Promise.all([reflector.close(), sink.close()]);
    },
  };
}

/** As sockets write it: an IPv6 address may be written in many ways. */
const canonical = (address: string): string => (isIPv6(address) ? new SocketAddress({ address, family: "ipv6" }).address : address);
