import { z } from "zod";

const port = z
  .string()
  .regex(/^\d{1,5}$/, "a whole number")
  .transform(Number)
  .pipe(z.int().max(65_535));
const count = (unit: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}$/, `a whole number of ${unit}, more than 0`)
    .transform(Number);
const path = z.string().min(1);
const names = z
  .string()
  .regex(/^[a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*$/, "names of functions, separated by commas")
  .transform((list): readonly string[] => Object.freeze(list.split(",").map((name) => name.trim())));
const step = z
  .string()
  .regex(/^(?:[a-z0-9-]+:)?[a-z0-9-]+(?:#[1-9]\d?)?$/, "<function>:<step> or <step>, and #2 for the second time there");

const amqpName = z.string().regex(/^[\w.:/-]{0,255}$/, "letters, digits and . : / _ -, at most 255");

/** Secrets come from files, never from a variable's value; addresses have no default. */
export const Environment = z.object({
  PORT: port.default(8080).describe("Where it listens for HTTP."),
  HOST: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("The address it listens on: loopback unless you say otherwise, as 0.0.0.0 in a container."),
  AMQP_URL: z
    .url({ protocol: /^amqps?$/ })
    .optional()
    .describe("RabbitMQ. Absent: a broker in memory, gone with the process."),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe("Redis. Absent: stores in memory, gone with the process."),
  CONTROLLERS_FILE: path.optional().describe("The controllers that may be reached, as YAML or JSON."),
  SEAL_KEY_FILE: path.optional().describe("The key that seals the secrets of intents: 32 bytes, or a directory that holds the file."),
  CLUSTER: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/)
    .optional()
    .describe("The name of the cluster that services/pod-watch watches, as twins have it."),
  WATCH: z
    .enum(["everything", "nodes"])
    .default("everything")
    .describe("What services/pod-watch tells of: pods and nodes, or nodes only, for which deploy/kubernetes/rbac-nodes.yaml is enough."),
  KUBECONFIG: path
    .optional()
    .describe("How services/pod-watch reaches its cluster. Absent: as the service account of its pod, else as kubectl would."),
  TENANTS_FILE: path.optional().describe("Whose tokens the API takes, as YAML or JSON. Absent: whoever reaches it may do everything."),
  CMDT_QUEUE: z
    .string()
    .regex(/^[\w.:/#-]{1,255}$/, "letters, digits and . : / _ - #, at most 255")
    .optional()
    .describe("NEMO's queue of twins, #CMDT in D2.3: they are sent on to it as plain JSON. Absent: they are not."),
  LEARNING_FILE: path
    .optional()
    .describe("How workloads are scaled and with whom this cluster learns, as YAML or JSON. Absent: shadow mode, alone."),
  FUSE: names.default([]).describe("Functions that hand events to each other in memory, separated by commas."),
  FUNCTIONS: names
    .optional()
    .describe(
      "The functions that this process runs, or that services/bridge carries events to, separated by commas; none for none. Absent: all.",
    ),
  FUNCTIONS_URL: z
    .url({ protocol: /^https?$/ })
    .refine((template) => template.includes("{function}"), "has {function} where a function's name belongs")
    .optional()
    .describe("Where services/bridge finds functions, as http://gateway.openfaas:8080/function/{function}."),
  CLOCK: z
    .enum(["on", "off"])
    .default("on")
    .describe("Whether this process ticks for functions with a schedule: off where a platform's cron does."),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info").describe("The least that is worth a line."),
  ATTEMPTS: count("tries").default(8).describe("Tries of an event before it is given up, unless a fault says when to come back."),
  PATIENCE_MS: count("milliseconds").default(120_000).describe("How long faults may go on saying when to come back."),
  STOP_GRACE_MS: count("milliseconds")
    .default(10_000)
    .describe("How long an event may go on waiting for its next try when the process is told to stop, before it goes back to its queue."),
  DRIFT: z
    .enum(["off", "report", "repair"])
    .default("report")
    .describe("What comes of it when controllers have otherwise what was carried out: intents are reported DEGRADED, or also repaired."),
  DRIFT_EVERY_S: count("seconds").default(300).describe("How often all controllers are looked at for drift."),
  CRASH_AT: step.optional().describe("For crash tests: the step at which the process kills itself, as exec-tfs:claimed or confirmed."),
  LAB: z.enum(["on", "off"]).optional().describe("Whether the simulated controllers run beside it."),
  PROBE_AGENTS_FILE: path.optional().describe("The nodes that have a probe agent, as YAML or JSON: docs/probes.md."),
  PROBE_TOKEN_FILE: path.optional().describe("The token that probe agents ask for."),
  PROBE_PERIOD_S: count("seconds").optional().describe("How often every link is measured. Absent: 3600, in the lab 120."),
  PROBE_STRATEGY: z.enum(["full-mesh", "ring", "sampled"]).default("full-mesh").describe("Which links are measured."),
  PROBE_FAN_OUT: count("nodes").default(4).describe("How many others each node measures in a period, where links are sampled."),
  PROBE_THROUGHPUT: z.enum(["on", "off"]).default("on").describe("Whether the throughput of links is measured too."),
  COST_MAP_EVERY_MS: count("milliseconds")
    .default(3_600_000)
    .describe("A cluster's cost map is published at least so often, changed or not; readings older than three of these are stale."),
  NEMEX_EXCHANGE: amqpName
    .default("")
    .describe("Where cost maps go as D2.3's plain JSON. Empty: straight to the queue that NEMEX_QUEUE names."),
  NEMEX_KEY: amqpName.default("costs-map").describe("The routing key on NEMEX_EXCHANGE; without an exchange it says nothing."),
  NEMEX_QUEUE: amqpName
    .min(1)
    .default("mncc_cmv")
    .describe("NEMO's queue of cost maps: used as found, and declared durable where it is missing."),
  K_SINK: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Where a function posts the events that a reply cannot carry; Knative's SinkBinding sets it."),
});

export type Config = Readonly<z.output<typeof Environment>>;

/**
 * Called once by each entry, and reports everything that is wrong with the environment, not just the first thing.
 * An empty value counts as absent, as in `${AMQP_URL:-}` of a compose file.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = Environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== "")));
  if (parsed.success) return Object.freeze(parsed.data);
  throw new Error(`bad environment\n${z.prettifyError(parsed.error)}`);
}
