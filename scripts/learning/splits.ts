import { join } from "node:path";
import { MINUTES_OF_DAY, podRequestsPerMinute, readTrace, type Trace } from "./trace.ts";

/*
 * What was learnt from, what was chosen by, and what was never looked at before the end. The traces' origins and licences are in
 * traces/NOTICE.md.
 */

const at = (file: string): string => join(import.meta.dirname, "traces", file);
const TRAIN_DAYS = 21;
const VALIDATION_DAYS = 6;
export const PEAK_PODS = 6.3;

const days = (trace: Trace, from: number, to: number): Trace => ({
  ...trace,
  requests: trace.requests.slice(from * MINUTES_OF_DAY, to * MINUTES_OF_DAY),
});

export interface Part {
  readonly trace: Trace;
  /** Requests a minute that a pod serves. */
  readonly perPod: number;
}

const part = (trace: Trace, perPod = podRequestsPerMinute(trace.requests, PEAK_PODS)): Part => ({ trace, perPod });

/** NASA-HTTP, July 1995: days 0 to 20 to learn from, days 21 to 26 to choose by, both in pods of the first. */
export function developmentParts(): { readonly train: Part; readonly validation: Part } {
  const nasa = readTrace(at("nasa-http-1995-07.csv"));
  const train = part({ ...days(nasa, 0, TRAIN_DAYS), name: "nasa-train" });
  return { train, validation: part({ ...days(nasa, TRAIN_DAYS, TRAIN_DAYS + VALIDATION_DAYS), name: "nasa-validation" }, train.perPod) };
}

/** Traces that go by a name. Everything else is a path. */
export const NAMED = {
  "nasa-train": () => developmentParts().train,
  "nasa-validation": () => developmentParts().validation,
  "google-2019": () => part(readTrace(at("google-2019.csv"))),
  "nab-elb": () => part(readTrace(at("nab-elb.csv"))),
  "nab-asg": () => part(readTrace(at("nab-asg.csv"))),
  "nab-tweets": () => part(readTrace(at("nab-tweets.csv"))),
} as const satisfies Readonly<Record<string, () => Part>>;

export type NamedTrace = keyof typeof NAMED;
export const isNamed = (name: string): name is NamedTrace => name in NAMED;

export const partOf = (name: string, peakPods = PEAK_PODS): Part => {
  if (isNamed(name)) return NAMED[name]();
  const trace = readTrace(name);
  return part(trace, podRequestsPerMinute(trace.requests, peakPods));
};
