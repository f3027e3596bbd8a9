import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";

export interface Metrics {
  readonly registry: Registry;
  invoked(fn: string, called: { readonly kind: string; readonly code?: string }, seconds: number): void;
  redelivered(fn: string): void;
  isolated(fn: string): void;
  deadLettered(fn: string, code: string): void;
  published(types: Iterable<string>): void;
}

/** One registry a process, and none of prom-client's global state, so that tests and hosts do not see each other's numbers. */
export function openMetrics({ ofProcess = false }: { readonly ofProcess?: boolean } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const invocations = new Counter({
    name: "invocations_total",
    help: "Calls of a function's handler by outcome.",
    labelNames: ["fn", "outcome", "code"] as const,
    registers,
  });
  const seconds = new Histogram({
    name: "invocation_seconds",
    help: "Time that a handler took.",
    labelNames: ["fn"] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const redeliveries = new Counter({
    name: "redeliveries_total",
    help: "Messages that the broker delivered again.",
    labelNames: ["fn"] as const,
    registers,
  });
  const isolations = new Counter({
    name: "isolations_total",
    help: "Messages set apart to be taken alone, since the process that took them ended.",
    labelNames: ["fn"] as const,
    registers,
  });
  const deadLetters = new Counter({
    name: "dead_letters_total",
    help: "Messages kept for redrive, by the last fault.",
    labelNames: ["fn", "code"] as const,
    registers,
  });
  const published = new Counter({
    name: "events_published_total",
    help: "Events that the broker or the sink confirmed.",
    labelNames: ["type"] as const,
    registers,
  });
  return {
    registry,
    invoked: (fn, { kind, code = "" }, took) => {
      invocations.inc({ fn, outcome: kind, code });
      seconds.observe({ fn }, took);
    },
    redelivered: (fn) => redeliveries.inc({ fn }),
    isolated: (fn) => isolations.inc({ fn }),
    deadLettered: (fn, code) => deadLetters.inc({ fn, code }),
    published: (types) => {
      for (const type of types) published.inc({ type });
    },
  };
}
