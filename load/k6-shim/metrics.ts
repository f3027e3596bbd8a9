export type Kind = "counter" | "rate" | "trend";

/** Every metric by name, as k6 has one of each for the whole test. */
export const metrics = new Map<string, Metric>();

export class Metric {
  readonly name: string;
  readonly kind: Kind;
  readonly values: number[] = [];

  constructor(name: string, kind: Kind) {
    this.name = name;
    this.kind = kind;
    const known = metrics.get(name);
    if (known !== undefined) throw new Error(`there are two metrics ${name}`);
    metrics.set(name, this);
  }

  add(value: number | boolean): void {
    const number = Number(value);
    if (Number.isNaN(number)) throw new TypeError(`${name(this)} was given something that is not a number`);
    this.values.push(number);
  }
}

const name = (metric: Metric): string => metric.name;

export class Counter extends Metric {
  constructor(called: string) {
    super(called, "counter");
  }
}

export class Rate extends Metric {
  constructor(called: string) {
    super(called, "rate");
  }
}

export class Trend extends Metric {
  constructor(called: string) {
    super(called, "trend");
  }
}

export const builtIn = {
  checks: new Rate("checks"),
  httpReqs: new Counter("http_reqs"),
  httpReqDuration: new Trend("http_req_duration"),
  httpReqFailed: new Rate("http_req_failed"),
  iterations: new Counter("iterations"),
  iterationDuration: new Trend("iteration_duration"),
  droppedIterations: new Counter("dropped_iterations"),
  /** From the instant at which the iteration was due; k6 has no such thing, so a script cannot have a threshold on it. */
  iterationFromIntended: new Trend("iteration_from_intended"),
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** As k6: between the two nearest samples, in proportion. */
function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (p / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** What a threshold or a summary asks of a metric; undefined where a metric of this kind has no such thing. */
export function aggregate({ kind, values }: Metric, method: string, seconds: number): number | undefined {
  switch (kind) {
    case "counter":
      return method === "count" ? sum(values) : method === "rate" ? sum(values) / seconds : undefined;
    case "rate":
      return method === "rate" ? (values.length === 0 ? 0 : sum(values) / values.length) : undefined;
    case "trend": {
      const p = /^p\((\d+(?:\.\d+)?)\)$/.exec(method)?.[1];
      if (p !== undefined) return percentile(values, Number(p));
      if (method === "avg") return sum(values) / Math.max(1, values.length);
      if (method === "med") return percentile(values, 50);
      if (method === "min") return percentile(values, 0);
      if (method === "max") return percentile(values, 100);
      return undefined;
    }
    default:
      return kind satisfies never;
  }
}
