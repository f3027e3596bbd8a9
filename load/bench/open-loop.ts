import { build, type Histogram } from "hdr-histogram-js";

/** Microseconds, up to a minute, three digits. */
export const openHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });

export const record = (histogram: Histogram, ms: number): void => histogram.recordValue(Math.max(1, Math.round(ms * 1000)));

export interface Latency {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export const latencyOf = (histogram: Histogram): Latency => ({
  samples: histogram.totalCount,
  p50Ms: histogram.getValueAtPercentile(50) / 1000,
  p99Ms: histogram.getValueAtPercentile(99) / 1000,
  maxMs: histogram.maxValue / 1000,
});

/**
 * Calls `start` when each event is due, whatever became of those before. `dueAt` is the instant that was meant, from which latency counts:
 * counting from the send would leave out exactly the time in which the system, or this process, was too busy to take it.
 * The timer ticks every 1.1 ms, which is in every figure.
 */
export async function openLoop(rate: number, durationMs: number, start: (dueAt: number) => void): Promise<void> {
  const from = performance.now();
  const total = Math.round((rate * durationMs) / 1000);
  let next = 0;
  await new Promise<void>((resolve) => {
    const tick = setInterval(() => {
      const due = Math.floor(((performance.now() - from) * rate) / 1000);
      for (; next <= due && next < total; next += 1) start(from + (next * 1000) / rate);
      if (next < total) return;
      clearInterval(tick);
      resolve();
    }, 1);
  });
}
