import { forecast, HORIZON, marginReplicas, violationChance, VIOLATION_UTILISATION } from "./demand.ts";
import { DEVIATIONS, type EnvelopeSettings, type Mask, type Replicas, type State } from "./model.ts";

/** What the network takes in. All are relative to the level or to the noise of the demand, so that one network suits large and small workloads. */
export const FEATURES = [
  "level",
  "lastOverLevel",
  "rise1min",
  "rise3min",
  "rise10min",
  "max5min",
  "max10min",
  "min10min",
  "noise",
  "worst",
  "margin",
  "marginOfLast",
  "marginOfPeak",
  "marginOfTrend",
  "grain",
  "risk-2",
  "risk-1",
  "risk+0",
  "risk+1",
  "risk+2",
  "utilisation",
  "readyMinusCentre",
  "podsMinusCentre",
] as const;

/** The part of the state that no decision changes: what the demand has been, and the rule's answer to it. */
export interface Outlook {
  readonly features: readonly number[];
  readonly centre: number;
  readonly least: number;
}

/** A certain violation costs as much as so many pods; beyond this it makes no difference by how much. */
const VIOLATION_PODS = 20;

const bounded = (x: number, bound: number): number => Math.min(Math.max(x, -bound), bound);

/** @param demand pods of work a period, oldest first, at least one. */
export function outlookOf(demand: readonly number[]): Outlook {
  const at = (back: number): number => demand.at(-1 - back) ?? (demand[0] as number);
  const expected = forecast(demand);
  const { level, noise, errors } = expected;
  const centre = marginReplicas(expected);
  const scale = level + 0.5;
  const last = at(0);
  const relative = (x: number): number => bounded((x - level) / scale, 4);
  const margin = (pods: number, load: number): number => bounded((VIOLATION_UTILISATION * pods - load) / noise, 6);
  const peak = Math.max(...demand.slice(-20));
  const features = [
    Math.log1p(level),
    relative(last),
    bounded((last - at(2)) / scale, 3),
    bounded((last - at(6)) / scale, 3),
    bounded((last - at(20)) / scale, 3),
    relative(Math.max(...demand.slice(-10))),
    relative(peak),
    relative(Math.min(...demand.slice(-20))),
    bounded(noise / scale, 2),
    bounded(Math.max(0, ...errors) / scale, 4),
    margin(centre, level),
    margin(centre, last),
    margin(centre, peak),
    margin(centre, last + ((last - at(6)) / 6) * HORIZON),
    1 / centre,
    ...DEVIATIONS.map((by) => bounded(VIOLATION_PODS * violationChance(expected, Math.max(1, centre + by)), 4)),
  ];
  return { features, centre, least: Math.ceil(level / VIOLATION_UTILISATION) };
}

/** @param utilisation offered load over ready capacity; above 1 where there is a backlog. */
export const stateOf = ({ features, centre, least }: Outlook, { ready, starting }: Replicas, utilisation: number): State => ({
  features: Float32Array.of(...features, bounded(utilisation, 2), bounded(ready - centre, 4), bounded(ready + starting - centre, 4)),
  centre,
  least,
});

/**
 * Actions that may be taken: within min, max and the step, and enough for the level of the demand. At least one is allowed, and it is the
 * nearest to that where none is.
 */
export function maskOf({ centre, least }: State, { ready, starting }: Replicas, settings: EnvelopeSettings): Mask {
  const current = ready + starting;
  const most = Math.min(settings.maxReplicas, current + settings.maxStepUp);
  const fewest = Math.min(most, Math.max(settings.minReplicas, current - settings.maxStepDown, least));
  const mask = DEVIATIONS.map((by) => centre + by >= fewest && centre + by <= most);
  if (mask.includes(true)) return mask;
  return mask.with(centre > most ? 0 : DEVIATIONS.length - 1, true);
}
