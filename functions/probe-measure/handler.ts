import { type LinkMeasured, nodeId, pairId } from "../../domain/probe/model.ts";
import { notMeasured } from "../../domain/probe/report.ts";
import { CONCURRENCY, findPair } from "../../domain/probe/schedule.ts";
import { ProbeDue, ProbeMeasured } from "../../events/probe.ts";
import { TransientError } from "../../runtime/errors.ts";
import { defineFunction } from "../../runtime/function.ts";
import { openProbeLeases } from "../../state/probe-leases.ts";
import { openAgents } from "./client.ts";
import { handOutDue } from "./due.ts";

/** Longer than any measurement takes: only a dead worker's lease runs out. */
const LEASE_MS = 45_000;
const BUSY_RETRY_MS = 500;
const source = "/mncc/probe-measure";

export default defineFunction({
  name: "probe-measure",
  summary: "Lets probe agents measure the links between nodes, those whose period is over or one that somebody asks for.",
  on: [ProbeDue],
  emits: [ProbeDue, ProbeMeasured],
  every: "* * * * *",
  timeoutMs: 40_000,
  concurrency: CONCURRENCY,
  resources: { agents: openAgents, leases: openProbeLeases },

  async handle(event, { resources: { agents, leases }, now, signal, log }) {
    const { probing } = agents;
    const { pair, throughput } = event.data;
    if (probing === undefined) return [];
    if (pair === undefined) {
      const due = await handOutDue(probing, leases, Date.parse(event.time ?? "") || now().getTime());
      const data = { trigger: "period" as const, throughput: throughput && probing.throughput };
      return due.map((next, index) =>
        ProbeDue.make({ source, subject: pairId(next), cause: event, index, data: { ...data, pair: { ...next } } }),
      );
    }

    const tell = (link: LinkMeasured) => [ProbeMeasured.make({ source, subject: pairId(pair), cause: event, data: link })];
    const agentsOf = findPair(probing.agents, pair);
    if (!agentsOf.ok) return tell(notMeasured(pair, agentsOf, now().toISOString()));
    const nodes = [nodeId(pair.source), nodeId(pair.destination)];
    const taken = await leases.take(nodes, event.id, LEASE_MS);
    if (taken.kind === "busy") throw new TransientError("PROBE_BUSY", `${taken.node} is being measured`, { retryAfterMs: BUSY_RETRY_MS });
    try {
      const report = await agents.measure(agentsOf.value, { throughput, signal });
      if (!report.ok) log.warn({ pair: pairId(pair), code: report.code, reason: report.reason }, "link not measured");
      return tell(report.ok ? report.value.link : notMeasured(pair, report, now().toISOString()));
    } finally {
      await leases.giveBack(nodes, event.id);
    }
  },

  exhausted(event, fault) {
    const { pair } = event.data;
    if (pair === undefined) return [];
    const data = notMeasured(pair, fault, new Date(event.time ?? 0).toISOString());
    return [ProbeMeasured.make({ source, subject: pairId(pair), cause: event, data })];
  },
});
