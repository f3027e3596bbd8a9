import { addressOf, type Claim, type ConflictKind, type Filter, type Held } from "./claim.ts";
import type { Limit, Limits } from "./limits.ts";

/** Why a claim cannot be granted: another's, or a limit of the thing itself. */
export interface Conflict {
  readonly kind: ConflictKind;
  readonly newcomer: Held;
  /** Who has what is asked for; absent where the thing itself cannot give it. */
  readonly holder?: Held;
  readonly limit?: Limit;
  /** The nearest value that would do, in words; absent where nothing would. */
  readonly nearest?: string;
}

type RuleOf<K extends Claim["rule"]["is"]> = Extract<Claim["rule"], { is: K }>;

/**
 * What stands against these claims. `others` are all claims on the same things, also by other expectations of the same intent; the order of
 * both lists does not matter to whether there is a conflict. `own` is what stands of the newcomers' intents: a measurement, which their own
 * traffic may have lowered, is not held against what they have already.
 */
export function conflictsOf(
  newcomers: readonly Held[],
  others: readonly Held[],
  limits: Limits,
  own: readonly Held[] = [],
): readonly Conflict[] {
  return newcomers.flatMap((newcomer, i) => {
    const on = newcomer.claim.on;
    if (limits.of(on)?.source === "measured" && sharesOf(newcomer, newcomers) <= sharesOf(newcomer, own)) return [];
    const near = [...others, ...newcomers.slice(0, i)].filter((o) => o.claim.on === on && timesMeet(o.claim, newcomer.claim));
    return judge(newcomer, near, limits);
  });
}

function judge(newcomer: Held, near: readonly Held[], limits: Limits): readonly Conflict[] {
  const { claim } = newcomer;
  const limit = limits.of(claim.on);
  const against = (holder: Held, nearest?: string, kind = claim.kind): Conflict => ({
    kind,
    newcomer,
    holder,
    ...(nearest === undefined ? {} : { nearest }),
  });
  const beyond = (kind: ConflictKind, nearest?: string): Conflict => ({
    kind,
    newcomer,
    ...(limit === undefined ? {} : { limit }),
    ...(nearest === undefined ? {} : { nearest }),
  });
  switch (claim.rule.is) {
    case "number":
      return numberConflicts(claim.rule, near, limit, against, beyond);
    case "whole": {
      const { otherwise } = claim.rule;
      return near.map((holder) => against(holder, otherwise));
    }
    case "range": {
      const { rule } = claim;
      const hits = near.filter((o) => o.claim.rule.is === "range" && meet(o.claim.rule.range, rule.range));
      return hits.map((holder) => against(holder, nearestRange(rule, near)));
    }
    case "fact": {
      const { value } = claim.rule;
      const other = near.find((o) => o.claim.rule.is === "fact" && o.claim.rule.value !== value);
      return other === undefined ? [] : [against(other, other.claim.wants)];
    }
    case "share": {
      if (limit?.capacity === undefined) return [];
      const left = limit.capacity - peak(claim, near);
      if (claim.rule.amount <= left * (1 + 1e-9)) return [];
      const nearest = left > 1e-9 ? `at most ${amount(left)} ${claim.unit}` : undefined;
      const [largest] = near.toSorted((a, b) => amountOf(b) - amountOf(a));
      return [largest === undefined ? beyond(claim.kind, nearest) : { ...beyond(claim.kind, nearest), holder: largest }];
    }
    case "bound":
      return limit?.least === undefined || claim.rule.atMost >= limit.least
        ? []
        : [beyond(claim.kind, `at least ${amount(limit.least)} ${claim.unit}`)];
    case "filter": {
      const { filter } = claim.rule;
      const hits = near.filter((o) => o.claim.rule.is === "filter" && filtersMeet(o.claim.rule.filter, filter));
      return hits.map((holder) => against(holder, freedAfter(holder)));
    }
    case "known":
      return limit === undefined && limits.knows(claim.on) ? [beyond(claim.kind)] : [];
    default:
      return claim.rule satisfies never;
  }
}

function numberConflicts(
  rule: RuleOf<"number">,
  near: readonly Held[],
  limit: Limit | undefined,
  against: (holder: Held, nearest?: string, kind?: ConflictKind) => Conflict,
  beyond: (kind: ConflictKind, nearest?: string) => Conflict,
): readonly Conflict[] {
  const numbered = near.flatMap((held) => (held.claim.rule.is === "number" ? [{ held, value: held.claim.rule.value }] : []));
  const { value } = rule;
  // Who takes a port without a VLAN takes all of it.
  if (value === undefined) return numbered.map(({ held }) => against(held, undefined, "PORT_TAKEN"));
  const whole = numbered.find((o) => o.value === undefined);
  if (whole !== undefined) return [against(whole.held, undefined, "PORT_TAKEN")];
  const taken = new Set(numbered.map((o) => o.value));
  const isAllowed = (n: number): boolean => limit?.allowed?.some(([from, to]) => n >= from && n <= to) ?? true;
  const free = nearestFree(value, rule, (n) => !taken.has(n) && isAllowed(n));
  const nearest = free === undefined ? undefined : String(free);
  if (!isAllowed(value)) return [beyond("VLAN_NOT_ALLOWED", nearest)];
  return numbered.filter((o) => o.value === value).map(({ held }) => against(held, nearest));
}

/** The lower one of two that are equally near. */
function nearestFree(value: number, { from, to }: { from: number; to: number }, isFree: (n: number) => boolean): number | undefined {
  for (let step = 1; step <= to - from; step += 1) {
    if (value - step >= from && isFree(value - step)) return value - step;
    if (value + step <= to && isFree(value + step)) return value + step;
  }
  return undefined;
}

/** A block of the same size that nobody has a part of: the next one above, else the next one below. */
function nearestRange({ range: [first, last], within: [from, to] }: RuleOf<"range">, near: readonly Held[]): string | undefined {
  const size = last - first + 1;
  const isFree = (start: number): boolean =>
    near.every((o) => o.claim.rule.is !== "range" || !meet(o.claim.rule.range, [start, start + size - 1]));
  const starts = (step: number): number | undefined => {
    // One step past every holder is enough: at most as many blocks are taken as there are holders, each over at most its size more.
    for (let start = first + step, tries = 0; start >= from && start + size - 1 <= to && tries < 65_536; start += step, tries += 1)
      if (isFree(start)) return start;
    return undefined;
  };
  const start = starts(size) ?? starts(-size);
  return start === undefined ? undefined : `${addressOf(start)}/${String(32 - Math.log2(size))}`;
}

/** The most that others have at one moment while the claim lasts. */
function peak(claim: Claim, near: readonly Held[]): number {
  const starts = [claim.from ?? "", ...near.map((o) => o.claim.from ?? "")].filter(
    (at) => at >= (claim.from ?? "") && (claim.until === undefined || at < claim.until),
  );
  const at = (moment: string): number =>
    near.reduce(
      (sum, o) => ((o.claim.from ?? "") <= moment && (o.claim.until === undefined || moment < o.claim.until) ? sum + amountOf(o) : sum),
      0,
    );
  return Math.max(0, ...starts.map(at));
}

/** What one intent has of one thing, all in all: of an expectation that is changing the larger of the old and the new. */
function sharesOf({ intentId, claim: { on } }: Held, list: readonly Held[]): number {
  const most = new Map<string, number>();
  for (const held of list)
    if (held.intentId === intentId && held.claim.on === on)
      most.set(held.expectationId, Math.max(most.get(held.expectationId) ?? 0, amountOf(held)));
  return [...most.values()].reduce((sum, one) => sum + one, 0);
}

const amountOf = ({ claim: { rule } }: Held): number => (rule.is === "share" ? rule.amount : 0);

/** ISO 8601 in UTC compares as text. */
const timesMeet = (a: Claim, b: Claim): boolean =>
  (a.until === undefined || b.from === undefined || b.from < a.until) &&
  (b.until === undefined || a.from === undefined || a.from < b.until);

const freedAfter = ({ claim: { until } }: Held): string | undefined => (until === undefined ? undefined : `from ${until} on`);

const meet = (a: readonly [number, number], b: readonly [number, number]): boolean => a[0] <= b[1] && b[0] <= a[1];

/** Some packet could be of both, and neither is the narrower one, which a core would give precedence (TS 23.501 5.7.1.9). */
function filtersMeet(a: Filter, b: Filter): boolean {
  const isSameWay = a.direction === b.direction || a.direction === "BOTH" || b.direction === "BOTH";
  const axes = [axis(protocols[a.protocol], protocols[b.protocol]), axis([a.addresses], [b.addresses]), axis(a.ports, b.ports)];
  const isNarrower = axes.every((one) => one.isWithin) !== axes.every((one) => one.isAround);
  return isSameWay && axes.every((one) => one.meets) && !isNarrower;
}

type Ranges = readonly (readonly [number, number])[];
const protocols: Readonly<Record<Filter["protocol"], Ranges>> = { TCP: [[6, 6]], UDP: [[17, 17]], ANY: [[0, 255]] };

const axis = (a: Ranges, b: Ranges) => ({
  meets: a.some((p) => b.some((q) => meet(p, q))),
  isWithin: covers(b, a),
  isAround: covers(a, b),
});

const covers = (outer: Ranges, inner: Ranges): boolean => inner.every(([from, to]) => outer.some((o) => o[0] <= from && to <= o[1]));

const amount = (n: number): string => String(Number(n.toPrecision(6)));
