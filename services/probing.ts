import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { type ProbeAgent, ProbeAgents } from "../domain/probe/agents.ts";
import { type Probing, roundCost, TICK_MS } from "../domain/probe/schedule.ts";
import { pairsOf } from "../domain/probe/strategy.ts";
import type { Config } from "../runtime/config.ts";

/** A token is 32 characters at least: who guesses it may have nodes flooded. */
const LEAST_TOKEN = 32;

/** The file that `PROBE_AGENTS_FILE` names: a list of nodes in YAML or JSON. Everything that is wrong with it is told at once. */
export function readAgentsFile(file: string): readonly ProbeAgent[] {
  const parsed = ProbeAgents.safeParse(parse(readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new Error(`bad probe agents in ${file}\n${z.prettifyError(parsed.error)}`);
}

export function readToken(file: string): string {
  const token = readFileSync(file, "utf8").trim();
  if (token.length >= LEAST_TOKEN) return token;
  throw new Error(`the token in ${file} is shorter than ${String(LEAST_TOKEN)} characters: \`openssl rand -hex 32\` makes one`);
}

type ProbeConfig = Pick<
  Config,
  "PROBE_AGENTS_FILE" | "PROBE_TOKEN_FILE" | "PROBE_PERIOD_S" | "PROBE_STRATEGY" | "PROBE_FAN_OUT" | "PROBE_THROUGHPUT"
>;

/** What is measured, and how often; undefined where no agents are named. */
export function probingOf(config: ProbeConfig): Probing | undefined {
  const { PROBE_AGENTS_FILE, PROBE_TOKEN_FILE } = config;
  if (PROBE_AGENTS_FILE === undefined) return undefined;
  if (PROBE_TOKEN_FILE === undefined)
    throw new Error("PROBE_AGENTS_FILE needs PROBE_TOKEN_FILE beside it: agents answer nobody without the token");
  return probingWith(config, { agents: readAgentsFile(PROBE_AGENTS_FILE), token: readToken(PROBE_TOKEN_FILE) });
}

/** D2.3 §4.2.2.1: every hour. */
const PERIOD_S = 3_600;

export function probingWith(
  { PROBE_PERIOD_S = PERIOD_S, PROBE_STRATEGY: strategy, PROBE_FAN_OUT: fanOut, PROBE_THROUGHPUT }: ProbeConfig,
  known: Pick<Probing, "agents" | "token">,
): Probing {
  const periodMs = 1_000 * PROBE_PERIOD_S;
  const { leastPeriodMs, pairs } = roundCost(pairsOf(known.agents, { strategy, fanOut, round: 0 }), periodMs, { bytes: 0, ms: 0 });
  if (leastPeriodMs > Math.max(periodMs, TICK_MS))
    throw new Error(
      `${String(pairs)} links (${strategy} of ${String(known.agents.length)} nodes) take ${String(leastPeriodMs / 1_000)} s at least, and PROBE_PERIOD_S is ${String(PROBE_PERIOD_S)}: a longer period, or PROBE_STRATEGY=ring or sampled`,
    );
  return { ...known, periodMs, strategy, fanOut, throughput: PROBE_THROUGHPUT === "on" };
}
