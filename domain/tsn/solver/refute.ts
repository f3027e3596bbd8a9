import { gcd, lcm, mod } from "./arithmetic.ts";
import type { Job, Network } from "./network.ts";
import { phaseWindow } from "./no-wait.ts";
import type { Route } from "./route.ts";

/*
 * Exhaustive search over a few jobs. All times are multiples of some q, and where there is a schedule there is one on multiples of q (difference
 * constraints with such bounds have such solutions), so phases are from a finite set. Waiting is allowed for by counting only those collisions
 * that no wait within the slack can avoid: what is refuted has no strictly periodic schedule at all.
 */

/** A way for a job to go, and how long its frames may wait on it altogether. */
interface Option {
  readonly route: Route;
  readonly first: number;
  readonly last: number;
  readonly slack: number;
}

interface Arc {
  readonly lo: number;
  readonly hi: number;
}

const MOST_VALUES = 8192;

export type Refutation = "refuted" | "satisfiable" | "unknown";

/** `routesOf` gives all routes there are; undefined where they are too many to be known. */
export function refute(
  network: Network,
  jobs: readonly Job[],
  routesOf: (job: Job) => readonly Route[] | undefined,
  nodeLimit: number,
): Refutation {
  const options = jobs.map((job) => optionsOf(network, job, routesOf(job)));
  if (options.includes(undefined)) return "unknown";
  const field = openField(jobs, options as readonly (readonly Option[])[]);
  if (field === undefined) return "unknown";
  let nodes = 0;
  const next = (placed: ReadonlySet<number>): Refutation => {
    if (placed.size === jobs.length) return "satisfiable";
    const job = field.mostConstrained(placed);
    if (field.count(job) === 0) return "refuted";
    let verdict: Refutation = "refuted";
    for (const value of field.values(job, placed.size === 0)) {
      if (++nodes > nodeLimit) return "unknown";
      field.assign(job, value, placed, 1);
      const found = next(new Set([...placed, job]));
      field.assign(job, value, placed, -1);
      if (found === "satisfiable") return found;
      if (found === "unknown") verdict = found;
    }
    return verdict;
  };
  return next(new Set());
}

function optionsOf({ problem }: Network, job: Job, routes: readonly Route[] | undefined): readonly Option[] | undefined {
  if (routes === undefined || job.stream.trees > 1 || job.listeners.length > 1) return undefined;
  const { latencyFrom } = problem.semantics;
  return routes.flatMap((route): Option[] => {
    const { first, last } = phaseWindow(job, route.spanNs, latencyFrom);
    const earliest = latencyFrom === "interval" ? first : 0;
    return last < first ? [] : [{ route, first, last, slack: job.stream.maxLatencyNs - route.spanNs - earliest }];
  });
}

/** Differences (phase of a) - (phase of b), modulo g, at which they collide on some link however they wait. */
function arcsBetween(a: Job, oa: Option, b: Job, ob: Option, g: number): readonly Arc[] {
  const arcs: Arc[] = [];
  for (const [i, link] of oa.route.links.entries()) {
    const k = ob.route.links.indexOf(link);
    if (k < 0) continue;
    const la = (oa.route.txNs[i] as number) + 2 * a.padNs;
    const lb = (ob.route.txNs[k] as number) + 2 * b.padNs;
    if (la + lb > g) return [{ lo: 0, hi: g + 1 }];
    const shift = (oa.route.offsets[i] as number) - a.padNs + la - (ob.route.offsets[k] as number) + b.padNs;
    const lo = (k === 0 ? 0 : ob.slack) - shift;
    const hi = la + lb - (i === 0 ? 0 : oa.slack) - shift;
    if (hi > lo) arcs.push({ lo: mod(lo, g), hi: mod(lo, g) + hi - lo });
  }
  return arcs;
}

interface Field {
  count(job: number): number;
  mostConstrained(placed: ReadonlySet<number>): number;
  /** Free values; of the first job only one a route where all phases are alike. */
  values(job: number, isFirst: boolean): readonly number[];
  assign(job: number, value: number, placed: ReadonlySet<number>, by: 1 | -1): void;
}

function openField(jobs: readonly Job[], options: readonly (readonly Option[])[]): Field | undefined {
  const g = jobs.map((a) => jobs.map((b) => gcd(a.periodNs, b.periodNs)));
  const arcs = jobs.map((a, i) =>
    jobs.map((b, k) =>
      i === k ? [] : (options[i] ?? []).map((oa) => (options[k] ?? []).map((ob) => arcsBetween(a, oa, b, ob, g[i]?.[k] as number))),
    ),
  );
  const isCyclic = options.every((own, i) => own.every((o) => o.first === 0 && o.last === (jobs[i] as Job).periodNs - 1));
  let q = 0;
  for (const [i, row] of arcs.entries())
    for (const [k, table] of row.entries())
      for (const line of table)
        for (const list of line)
          for (const { lo, hi } of list)
            if (hi <= (g[i]?.[k] as number)) q = gcd(gcd(q, lo), gcd(hi, g[i]?.[k] as number));
            else q = gcd(gcd(q, lo), gcd(mod(hi, g[i]?.[k] as number), g[i]?.[k] as number));
  if (!isCyclic) for (const own of options) for (const o of own) q = gcd(q, o.first);
  if (q === 0) return undefined;
  const moduli = jobs.map((job, i) => (isCyclic ? jobs.reduce((m, _, k) => (k === i ? m : lcm(m, g[i]?.[k] as number)), q) : job.periodNs));
  const sizes = moduli.map((m) => Math.floor(m / q));
  if (sizes.some((s) => s > MOST_VALUES)) return undefined;
  const blocked = jobs.map((_, i) => new Int16Array((options[i]?.length ?? 0) * (sizes[i] as number)));
  const free = blocked.map((b) => b.length);
  for (const [i, own] of options.entries()) {
    if (isCyclic) continue;
    for (const [r, o] of own.entries())
      for (let v = 0; v < (sizes[i] as number); v++) if (v * q < o.first || v * q > o.last) block(i, r * (sizes[i] as number) + v, 1);
  }

  function block(job: number, at: number, by: 1 | -1): void {
    const list = blocked[job] as Int16Array;
    const before = list[at] as number;
    list[at] = before + by;
    if (before === 0) free[job] = (free[job] as number) - 1;
    else if (before + by === 0) free[job] = (free[job] as number) + 1;
  }

  return {
    count: (job) => free[job] as number,
    mostConstrained(placed) {
      let best = -1;
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < jobs.length; i++) {
        if (placed.has(i)) continue;
        const share = (free[i] as number) / (blocked[i] as Int16Array).length;
        if (share < least) [best, least] = [i, share];
      }
      return best;
    },
    values(job, isFirst) {
      const size = sizes[job] as number;
      const found: number[] = [];
      for (const [v, count] of (blocked[job] as Int16Array).entries()) {
        if (count === 0 && (!isFirst || !isCyclic || v % size === 0)) found.push(v);
      }
      return found;
    },
    assign(job, value, placed, by) {
      const size = sizes[job] as number;
      const [route, phase] = [Math.floor(value / size), (value % size) * (q as number)];
      for (let other = 0; other < jobs.length; other++) {
        if (other === job || placed.has(other)) continue;
        const modulus = g[other]?.[job] as number;
        const otherSize = sizes[other] as number;
        for (let r = 0; r < (options[other]?.length ?? 0); r++) {
          for (const { lo, hi } of arcs[other]?.[job]?.[r]?.[route] ?? []) {
            // Open at both ends: values strictly between.
            for (let base = mod(lo + phase, modulus) - modulus; base < otherSize * q; base += modulus) {
              const from = Math.max(0, Math.floor(base / q) + 1);
              const to = Math.min(otherSize - 1, Math.ceil((base + hi - lo) / q) - 1);
              for (let v = from; v <= to; v++) block(other, r * otherSize + v, by);
            }
          }
        }
      }
    },
  };
}
