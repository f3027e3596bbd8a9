import { nodeOf } from "../../domain/probe/agents.ts";
import { type Pair, pairId } from "../../domain/probe/model.ts";
import { duePairs, type Probing } from "../../domain/probe/schedule.ts";
import { pairsOf } from "../../domain/probe/strategy.ts";
import type { ProbeLeases } from "../../state/probe-leases.ts";

/**
 * The links to measure at this tick, which are handed out with it. Asked again about the same tick it answers the same, so that a redelivery
 * does not lose what a crash kept from being published.
 */
export async function handOutDue(probing: Probing, leases: ProbeLeases, tickMs: number): Promise<readonly Pair[]> {
  const pairs = pairsOf(probing.agents, { ...probing, round: Math.floor(tickMs / probing.periodMs) });
  const due = duePairs({ pairs, periodMs: probing.periodMs, nowMs: tickMs, lastMs: await leases.handedOut(pairs.map(pairId)) });
  await leases.handOut(due.map(pairId), tickMs, 2 * probing.periodMs);
  return due.map(({ source, destination }) => ({ source: nodeOf(source), destination: nodeOf(destination) }));
}
