import { z } from "zod";
import { BUDGET_BYTES } from "./agent.ts";
import { CAPS } from "./transfer.ts";

const path = z.string().min(1);
const count = z
  .string()
  .regex(/^[1-9]\d{0,11}$/, "a whole number, more than 0")
  .transform(Number);

/** The agent's own environment: docs/probes.md has the table. */
const Environment = z.object({
  /** Who it is: `cluster/node`, or the node's name where it stands once in the file. */
  PROBE_NODE: z.string().min(1),
  PROBE_AGENTS_FILE: path,
  PROBE_TOKEN_FILE: path,
  PROBE_STAMP: z.enum(["open", "authenticated"]).default("open"),
  PROBE_CLOCK_ERROR_US: count.optional(),
  PROBE_THROUGHPUT_MS: count.default(CAPS.ms),
  PROBE_THROUGHPUT_BYTES: count.default(CAPS.bytes),
  PROBE_BUDGET_BYTES: count.default(BUDGET_BYTES),
  PROBE_KEPLER_URL: z.url({ protocol: /^https?$/ }).optional(),
  PROBE_SYS: path.default("/sys"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

export type AgentConfig = Readonly<z.output<typeof Environment>>;

/** Reports everything that is wrong with the environment, not just the first thing. */
export function readAgentConfig(env: Readonly<Record<string, string | undefined>>): AgentConfig {
  const parsed = Environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== "")));
  if (parsed.success) return parsed.data;
  throw new Error(`bad environment\n${z.prettifyError(parsed.error)}`);
}
