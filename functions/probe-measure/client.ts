import { Agent, request } from "undici";
import { agentAddress, type ProbeAgent } from "../../domain/probe/agents.ts";
import { nodeId, type Pair } from "../../domain/probe/model.ts";
import { AgentReport } from "../../domain/probe/report.ts";
import type { Probing } from "../../domain/probe/schedule.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Backing } from "../../state/backing.ts";

/** The probe agents as their caller sees them. */
export interface Agents {
  /** Absent: nothing is to be measured here. */
  readonly probing: Probing | undefined;
  /** Lets one agent measure its link to another one. An agent that cannot is a refusal, one that is busy a TransientError. */
  measure(pair: Pair<ProbeAgent>, options: { throughput: boolean; signal: AbortSignal }): Promise<Outcome<AgentReport>>;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** A path on which everything is lost takes its time. */
const ANSWER_TIMEOUT_MS = 30_000;
const REPORT_LIMIT = 256 * 1024;
const BUSY_RETRY_MS = 1_000;

const unreachable = (agent: ProbeAgent, why: string): Outcome<never> =>
  refuse("PROBE_AGENT_UNREACHABLE", `no measurement from the agent of ${nodeId(agent)}: ${why}`);

export function openAgents({ probing }: Backing): Agents {
  const pool = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    keepAliveTimeout: 4_000,
  });
  return {
    probing,
    async measure({ source, destination }, { throughput, signal }) {
      const { cluster, node } = destination;
      let status: number;
      let text = "";
      try {
        const { statusCode, body } = await request(new URL("/v1/measurements", agentAddress(source)), {
          method: "POST",
          headers: { authorization: `Bearer ${probing?.token ?? ""}`, "content-type": "application/json" },
          body: JSON.stringify({ destination: { cluster, node }, throughput }),
          dispatcher: pool,
          signal,
        });
        status = statusCode;
        for await (const chunk of body) {
          text += String(chunk);
          if (text.length > REPORT_LIMIT) return unreachable(source, "its answer has no end");
        }
      } catch (error) {
        signal.throwIfAborted();
        return unreachable(source, causeOf(error));
      }
      return readAnswer(source, destination, status, text);
    },
  };
}

function readAnswer(source: ProbeAgent, destination: ProbeAgent, status: number, text: string): Outcome<AgentReport> {
  if (status === 503)
    throw new TransientError("PROBE_BUSY", `${nodeId(source)} is at another measurement`, { retryAfterMs: BUSY_RETRY_MS });
  if (status === 401) return refuse("PROBE_TOKEN_WRONG", `the agent of ${nodeId(source)} has another token`);
  if (status === 403)
    return refuse("PROBE_TARGET_NOT_ALLOWED", `the agent of ${nodeId(source)} does not have ${nodeId(destination)} among its targets`);
  if (status !== 200) return unreachable(source, `it answered ${String(status)}`);
  try {
    const report = AgentReport.parse(JSON.parse(text));
    // It may only speak for itself, and of what it was asked.
    if (nodeId(report.link.source) === nodeId(source) && nodeId(report.link.destination) === nodeId(destination)) return ok(report);
  } catch {
    // told below: what is no report is as good as no answer
  }
  return unreachable(source, "its answer is no report of this link");
}

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  return "code" in error ? String(error.code) : error.message;
};
