import { type Round, takeRound } from "../../domain/twin/fuse-round.ts";
import type { ProxyScrape, Series } from "../../domain/twin/proxy.ts";
import type { ContainerUsage, Reading } from "../../domain/twin/reading.ts";
import type { TwinRecord } from "../../domain/twin/record.ts";

const MIDNIGHT_MS = Date.UTC(2026, 0, 1);
export const BOUNDS = [1, 10, 100, 1_000];

interface Said {
  /** Responses by code since the proxy started. */
  readonly codes?: Readonly<Record<string, number>>;
  /** By bucket of BOUNDS, since the proxy started. */
  readonly latency?: readonly number[];
  readonly startedAt?: number;
}

/** What a proxy says whose counters stand so. */
export function scrapeOf({ codes = {}, latency = [], startedAt = 0 }: Said): ProxyScrape {
  const series = new Map<string, Series>(
    Object.entries(codes).map(([code, value]) => [
      code,
      { direction: "inbound", what: "responses", value, code, grpc: undefined, succeeded: !code.startsWith("5"), destination: undefined },
    ]),
  );
  const counts = [...BOUNDS, Infinity].map((_, i) => latency[i] ?? 0);
  series.set("latency", { direction: "inbound", what: "latency", counts });
  return { startedAt, series, bounds: BOUNDS, openConnections: { inbound: 1, outbound: 0 } };
}

export const proxySaid =
  (said: Said, uid = "u1") =>
  (nowMs: number) => ({
    source: "proxy" as const,
    answers: new Map([[uid, { kind: "scraped" as const, atMs: nowMs, scrape: scrapeOf(said) }]]),
  });
export const proxySilent =
  (reason: string, uid = "u1") =>
  () => ({
    source: "proxy" as const,
    answers: new Map([[uid, { kind: "silent" as const, reason }]]),
  });

export const usageSaid =
  (containers: readonly Partial<ContainerUsage>[]) =>
  (at: string): Reading => ({
    usage: {
      source: "cadvisor",
      answer: { kind: "answered", at },
      containers: containers.map((one) => ({
        pod: "web-5d9c7b8f6d-1",
        container: "web",
        cpuSecondsTotal: null,
        cpuCores: null,
        memoryBytes: null,
        at,
        ...one,
      })),
    },
  });

export interface Heard {
  readonly seconds: number;
  readonly proxies?: (nowMs: number) => NonNullable<Round["proxies"]>;
  readonly reading?: (at: string) => Reading;
}

/** A round of half a minute, at so many seconds after midnight. */
export const hear = (record: TwinRecord, { seconds, proxies, reading }: Heard): TwinRecord => {
  const nowMs = MIDNIGHT_MS + seconds * 1_000;
  return takeRound(record, {
    round: Math.round(seconds / 30),
    nowMs,
    proxies: proxies?.(nowMs),
    reading: reading?.(new Date(nowMs).toISOString()),
    staleAfterMs: 90_000,
  });
};
