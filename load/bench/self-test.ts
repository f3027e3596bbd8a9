import { setTimeout as sleep } from "node:timers/promises";
import { type Latency, latencyOf, openHistogram, openLoop, record } from "./open-loop.ts";

export interface SelfTest {
  readonly rate: number;
  readonly delayMs: number;
  readonly seen: Latency;
}

const DELAY_MS = 20;
const RATES = [50, 400] as const;

/** A sink with a known delay has to be reported as that delay at every rate: an error that follows 1 / rate is one of the generator. */
export async function selfTest(durationMs = 1_000): Promise<readonly SelfTest[]> {
  const tests: SelfTest[] = [];
  for (const rate of RATES) {
    const histogram = openHistogram();
    const answers: Promise<void>[] = [];
    await openLoop(rate, durationMs, (dueAt) => {
      answers.push(sleep(DELAY_MS).then(() => record(histogram, performance.now() - dueAt)));
    });
    await Promise.all(answers);
    tests.push({ rate, delayMs: DELAY_MS, seen: latencyOf(histogram) });
  }
  return tests;
}

/** Two timers' worth of lateness is allowed; a period of the slower rate is not. */
export const isTrue = ({ seen, delayMs }: SelfTest): boolean => seen.p50Ms >= delayMs - 1 && seen.p50Ms < delayMs + 5;
