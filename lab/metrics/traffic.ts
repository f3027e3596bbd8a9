/** What a Linkerd proxy has counted of one direction, since it started. */
export interface Counters {
  requests: number;
  /** By HTTP status; `none` for a response that failed before its status. */
  readonly responses: Map<string, number>;
  /** By HTTP status and place among the bounds. */
  readonly latency: Map<string, number[]>;
  readBytes: number;
  writeBytes: number;
  openConnections: number;
  /** Responses that it got from others, by `<namespace>/<deployment>` and then by HTTP status. */
  readonly called: Map<string, Map<string, number>>;
}

/** Upper bounds of linkerd2-proxy's latency buckets in ms (linkerd/metrics/src/latency.rs); the last one is infinite. */
export const BOUNDS: readonly number[] = [
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10000, 20000, 30000, 40000, 50000,
];

export const noCounters = (): Counters => ({
  requests: 0,
  responses: new Map(),
  latency: new Map(),
  readBytes: 0,
  writeBytes: 0,
  openConnections: 0,
  called: new Map(),
});

/** Counts `n` responses of one status that took as long as each other. */
export function answer(counters: Counters, code: string, n: number, latencyMs: number): void {
  counters.requests += n;
  counters.responses.set(code, (counters.responses.get(code) ?? 0) + n);
  const buckets = counters.latency.get(code) ?? Array.from({ length: BOUNDS.length + 1 }, () => 0);
  const at = BOUNDS.findIndex((bound) => latencyMs <= bound);
  const place = at === -1 ? BOUNDS.length : at;
  buckets[place] = (buckets[place] ?? 0) + n;
  counters.latency.set(code, buckets);
  counters.readBytes += 200 * n;
  counters.writeBytes += 1_500 * n;
}

/** Counts `n` responses of one status from another Deployment. */
export function call(counters: Counters, to: string, code: string, n: number): void {
  const responses = counters.called.get(to) ?? new Map<string, number>();
  responses.set(code, (responses.get(code) ?? 0) + n);
  counters.called.set(to, responses);
}

/** What the users of a workload do. */
export interface Habits {
  readonly requestsPerSecond: number;
  readonly latencyMs: number;
  /** Every so often everything takes longer, and some of it fails. */
  readonly troubledEverySeconds: number;
  readonly troubledForSeconds: number;
  /** Whom it asks, once for every four requests, as `<namespace>/<app>`. */
  readonly asks?: string;
}

export const habitsOf = (app: string): Habits => ({
  requestsPerSecond: app === "web" ? 4 : app === "checkout" ? 1 : 0.2,
  latencyMs: app === "web" ? 8 : 35,
  troubledEverySeconds: app === "checkout" ? 600 : 1_800,
  troubledForSeconds: 120,
  ...(app === "web" ? { asks: "shop/checkout" } : {}),
});

/** How many of a steady stream fall between two moments: what is counted in parts is counted as a whole. */
const between = (perSecond: number, fromMs: number, toMs: number): number =>
  Math.max(0, Math.floor((perSecond * toMs) / 1000) - Math.floor((perSecond * fromMs) / 1000));

/** Lets time pass for a proxy. */
export function live(counters: Counters, habits: Habits, fromMs: number, toMs: number): void {
  const { requestsPerSecond, latencyMs, asks } = habits;
  const isTroubled = isTroubledAt(habits, toMs);
  const requests = between(requestsPerSecond, fromMs, toMs);
  const slow = Math.floor(requests / 10);
  const failed = isTroubled ? Math.ceil(requests / 5) : 0;
  const slowness = isTroubled ? 8 : 1;
  answer(counters, "200", Math.max(0, requests - slow - failed), latencyMs * slowness);
  if (slow > 0) answer(counters, "200", slow, latencyMs * slowness * 3);
  if (failed > 0) answer(counters, "503", failed, latencyMs * slowness * 5);
  counters.openConnections = requests === 0 ? 0 : 4;
  const [, other = ""] = asks?.split("/") ?? [];
  const asked = asks === undefined ? 0 : between(requestsPerSecond / 4, fromMs, toMs);
  const unanswered = isTroubledAt(habitsOf(other), toMs) ? Math.ceil(asked / 5) : 0;
  if (asks !== undefined && asked > unanswered) call(counters, asks, "200", asked - unanswered);
  if (asks !== undefined && unanswered > 0) call(counters, asks, "503", unanswered);
}

const isTroubledAt = ({ troubledEverySeconds, troubledForSeconds }: Habits, atMs: number): boolean =>
  (atMs / 1000) % troubledEverySeconds >= troubledEverySeconds - troubledForSeconds;
