import { ok, type Outcome, refuse } from "../../outcome.ts";

/** A standardised delay-critical GBR 5QI (3GPP TS 23.501 Table 5.7.4-1). */
export interface FiveQi {
  readonly fiveQi: number;
  readonly priorityLevel: number;
  readonly packetDelayBudgetMs: number;
  /** Maximum data burst volume, octets. */
  readonly maxBurstBytes: number;
  /** As TS 29.514 writes a packet error rate. */
  readonly packetErrorRate: string;
  /** What of the budget is the core network's (notes of the table). */
  readonly coreDelayMs: number;
}

const delayCritical: readonly FiveQi[] = [
  { fiveQi: 82, priorityLevel: 19, packetDelayBudgetMs: 10, maxBurstBytes: 255, packetErrorRate: "1E-4", coreDelayMs: 1 },
  { fiveQi: 83, priorityLevel: 22, packetDelayBudgetMs: 10, maxBurstBytes: 1354, packetErrorRate: "1E-4", coreDelayMs: 1 },
  { fiveQi: 84, priorityLevel: 24, packetDelayBudgetMs: 30, maxBurstBytes: 1354, packetErrorRate: "1E-5", coreDelayMs: 5 },
  { fiveQi: 85, priorityLevel: 21, packetDelayBudgetMs: 5, maxBurstBytes: 255, packetErrorRate: "1E-5", coreDelayMs: 2 },
  { fiveQi: 86, priorityLevel: 18, packetDelayBudgetMs: 5, maxBurstBytes: 1354, packetErrorRate: "1E-4", coreDelayMs: 2 },
];

/**
 * The 5QI for a burst that has to be through within a time: of those whose burst volume takes it and whose budget is within the time, the one
 * with the largest budget, then the smallest volume, so that no more of the radio is reserved than is needed.
 */
export function fiveQiFor(burstBytes: number, delayMs: number): Outcome<FiveQi, "FIVEQI_NONE"> {
  const [best] = delayCritical
    .filter((q) => q.maxBurstBytes >= burstBytes && q.packetDelayBudgetMs <= delayMs)
    .toSorted((a, b) => b.packetDelayBudgetMs - a.packetDelayBudgetMs || a.maxBurstBytes - b.maxBurstBytes);
  if (best !== undefined) return ok(best);
  const most = Math.max(...delayCritical.map((q) => q.maxBurstBytes));
  const reason =
    burstBytes > most
      ? `a burst of ${String(burstBytes)} octets is more than the ${String(most)} that a delay-critical 5QI takes: spread the stream over its interval, or aggregate less`
      : `no delay-critical 5QI takes ${String(burstBytes)} octets within ${String(delayMs)} ms`;
  return refuse("FIVEQI_NONE", reason);
}
