import { ruleReplicas } from "./demand.ts";
import { DEVIATIONS, type EnvelopeSettings, type Mask, type Replicas, type State } from "./model.ts";

/** What the network takes in. All are relative to the level or to the noise of the demand, so that one network suits large and small workloads. */
export const FEATURES = [
  "level",
  "last",
  "rise1min",
  "rise3min",
  "max5min",
  "max10min",
  "min10min",
  "noise",
  "worstRise",
  "utilisation",
  "readyOverCentre",
  "startingOverCentre",
  "marginBelow",
  "margin",
  "marginAbove",
  "marginOfPeak",
  "marginOfTrend",
  "grain",
] as const;

/** Utilisation beyond which response times are held to break the objective. */
export const VIOLATION_UTILISATION = 0.8;
/** Periods until a change made now serves: one of metric lag, two of start-up. */
const HORIZON = 3;
const RULE_TARGET = 0.65;
const bounded = (x: number, bound: number): number => Math.min(Math.max(x, -bound), bound);

/**
 * @param demand pods of work a period, oldest first, at least one.
 * @param utilisation offered load over ready capacity; above 1 where there is a backlog.
 */
export function stateOf(demand: readonly number[], replicas: Replicas, utilisation: number): State {
  const at = (back: number): number => demand.at(-1 - back) ?? (demand[0] as number);
  const recent = (ticks: number): readonly number[] => demand.slice(-ticks);
  const last = at(0);
  const level = recent(10).reduce((sum, x) => sum + x, 0) / recent(10).length;
  const scale = level + 0.5;
  const rises = demand.slice(HORIZON).map((x, i) => x - (demand[i] as number));
  const noise = Math.sqrt(rises.reduce((sum, x) => sum + x * x, 0.01 * scale * scale) / (rises.length + 1));
  const centre = ruleReplicas(demand, RULE_TARGET);
  const margin = (pods: number, load: number): number => bounded((VIOLATION_UTILISATION * pods - load) / noise, 6);
  const features = Float32Array.of(
    Math.log1p(level),
    bounded((last - level) / scale, 3),
    bounded((last - at(2)) / scale, 3),
    bounded((last - at(6)) / scale, 3),
    bounded(Math.max(...recent(10)) / scale, 4),
    bounded(Math.max(...recent(20)) / scale, 4),
    bounded(Math.min(...recent(20)) / scale, 4),
    bounded(noise / scale, 2),
    bounded(Math.max(0, ...rises) / scale, 4),
    bounded(utilisation, 2),
    bounded(replicas.ready / centre, 3),
    bounded(replicas.starting / centre, 3),
    margin(centre - 1, last),
    margin(centre, last),
    margin(centre + 1, last),
    margin(centre, Math.max(...recent(20))),
    margin(centre, last + ((last - at(6)) / 6) * HORIZON),
    1 / centre,
  );
  return { features, centre };
}

/** Actions whose replicas the envelope would not forbid outright: within min, max and the step. At least one is allowed. */
export function maskOf({ centre }: State, { ready, starting }: Replicas, settings: EnvelopeSettings): Mask {
  const current = ready + starting;
  const least = Math.max(settings.minReplicas, current - settings.maxStepDown);
  const most = Math.min(settings.maxReplicas, current + settings.maxStepUp);
  const mask = DEVIATIONS.map((by) => centre + by >= least && centre + by <= most);
  // A rule that is far away from what there is leaves nothing: then the action that comes nearest is the way there.
  if (mask.includes(true)) return mask;
  const nearest = centre > most ? 0 : DEVIATIONS.length - 1;
  return mask.with(nearest, true);
}
