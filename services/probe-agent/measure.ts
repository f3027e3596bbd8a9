import { nodeOf, type ProbeAgent } from "../../domain/probe/agents.ts";
import { counterDelta } from "../../domain/probe/counters.ts";
import { nodeId } from "../../domain/probe/model.ts";
import { type AgentReport, type Floor, floorOf, measurementsOf } from "../../domain/probe/report.ts";
import type { ClockError } from "../../domain/probe/stamp.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { Budget } from "./budget.ts";
import type { ProbeClock } from "./clock.ts";
import type { EnergyMeter } from "./energy.ts";
import { type Flood, runFlood } from "./flood.ts";
import type { HostCounters } from "./host-counters.ts";
import type { ProbeKeys } from "./keys.ts";
import { runSession, type SessionPlan } from "./sender.ts";
import type { Slot } from "./sink.ts";
import type { Caps } from "./transfer.ts";

export interface MeterParts {
  readonly self: () => ProbeAgent;
  readonly clock: ProbeClock;
  readonly clockError: ClockError;
  readonly keys: ProbeKeys;
  readonly authenticated: boolean;
  readonly counters: HostCounters;
  readonly energy: EnergyMeter;
  readonly slot: Slot;
  readonly budget: Budget;
  readonly caps: Caps;
  readonly plan: Partial<SessionPlan>;
}

export interface Meter {
  /** Everything that this node can tell of its link to another one. One at a time. */
  measure(destination: ProbeAgent, options: { readonly throughput: boolean; readonly signal: AbortSignal }): Promise<AgentReport>;
}

/** Enough for a median; the gaps are those of every session, for a loop that has slept longer wakes later. */
const FLOOR = { packets: 20, warmUp: 5, timeoutMs: 100 } as const;
/** How busy the node is changes the instrument. */
const FLOOR_FOR_MS = 60_000;

export function openMeter(parts: MeterParts): Meter {
  const { self, clock, clockError, keys, authenticated, counters, energy, caps, plan } = parts;
  const failuresSeen = new Map<string, number>();
  let floor: { readonly of: Floor; readonly atMs: number } | undefined;

  const session = (to: ProbeAgent, signal: AbortSignal, more: Partial<SessionPlan> = {}) =>
    runSession({
      from: self().address,
      to: { address: to.address, port: to.stampPort },
      clock,
      clockError,
      hmac: authenticated ? keys.stamp : undefined,
      plan: { ...plan, ...more },
      signal,
    });

  async function linkFailures(link: string): Promise<Outcome<number>> {
    const now = await counters.carrierDowns();
    if (!now.ok) return now;
    const before = failuresSeen.get(link);
    failuresSeen.set(link, now.value);
    return before === undefined
      ? refuse("PROBE_FIRST_LOOK", "failures are counted from this look on: there is nothing to compare to")
      : ok(counterDelta(before, now.value));
  }

  return {
    async measure(destination, { throughput, signal }) {
      const cpuBefore = process.cpuUsage();
      const startMs = performance.now();
      if (floor === undefined || startMs - floor.atMs > FLOOR_FOR_MS)
        floor = { of: floorOf((await session(self(), signal, FLOOR)).result), atMs: startMs };
      const { result, rejected, closing, bytes } = await session(destination, signal);
      const flood = throughput ? await floodTo(parts, destination, caps, signal) : undefined;
      const link = nodeId(destination);
      const look = {
        session: result,
        floor: floor.of,
        ...(flood === undefined ? {} : { throughput: flood.throughput }),
        linkFailures: await linkFailures(link),
        linkPower: await energy.linkPower(link),
      };
      const { roundTripMs: _r, oneWayMs: _o, jitterMs: _j, ...counts } = result;
      const cpu = process.cpuUsage(cpuBefore);
      return {
        link: {
          source: nodeOf(self()),
          destination: nodeOf(destination),
          measuredAt: new Date(Number(clock.now().wallNs / 1_000_000n)).toISOString(),
          measurements: [...measurementsOf(look)],
        },
        counts: { ...counts, rejected, closing },
        cost: {
          stampBytes: bytes,
          throughputBytes: flood?.bytes ?? 0,
          cpuMs: (cpu.user + cpu.system) / 1e3,
          tookMs: performance.now() - startMs,
        },
      };
    },
  };
}

/** Within the hour's budget, and while no other test occupies this node. */
async function floodTo({ self, keys, slot, budget }: MeterParts, to: ProbeAgent, caps: Caps, signal: AbortSignal): Promise<Flood> {
  const not = (throughput: Flood["throughput"]): Flood => ({ throughput, bytes: 0 });
  if (slot.isTaken) return not(refuse("PROBE_BUSY", "this node is in another throughput test"));
  if (!budget.reserve(caps.bytes)) return not(refuse("PROBE_BUDGET_SPENT", "this node has used up this hour's bytes for tests"));
  slot.isTaken = true;
  let bytes = 0;
  try {
    const flood = await runFlood({
      from: self().address,
      to: { address: to.address, port: to.throughputPort },
      hmac: keys.throughput,
      caps,
      signal,
    });
    bytes = flood.bytes;
    return flood;
  } finally {
    slot.isTaken = false;
    budget.giveBack(Math.max(0, caps.bytes - bytes));
  }
}
