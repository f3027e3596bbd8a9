import { drawSegment } from "./load.ts";
import { DEVIATIONS, EnvelopeSettings, type Mask, type Random, type State, type Transition, WINDOW_TICKS } from "./model.ts";
import { below } from "./random.ts";
import { type Environment, ENVIRONMENT, newWorkload, podsOf, scaleTo, serve, type Tick, type Workload } from "./simulate.ts";
import { maskOf, type Outlook, outlookOf, stateOf } from "./state.ts";

/*
 * Experience from the simulator. Demand does not care what we do, so one demand tells what every action would have led to: all of them are
 * tried on it side by side, and compared without the chance of the demand between them (Sinclair et al., "Hindsight Learning for MDPs with
 * Exogenous Inputs", ICML 2023).
 */

export interface PracticeSettings {
  readonly gamma: number;
  /** n of the n-step return. */
  readonly steps: number;
  readonly rewardScale: number;
}

/** One place of the simulator: what is decided on, and with which pods. */
interface Place {
  readonly workload: Workload;
  readonly state: State;
  readonly mask: Mask;
}

const ENVELOPE = EnvelopeSettings.parse({});

const copy = ({ ready, starting, backlog }: Workload): Workload => ({ ready, starting: [...starting], backlog });

function placeOf(workload: Workload, outlook: Outlook, tick: Tick): Place {
  const replicas = { ready: workload.ready, starting: podsOf(workload) - workload.ready };
  const state = stateOf(outlook, replicas, tick.demand / Math.max(1, replicas.ready));
  return { workload, state, mask: maskOf(state, replicas, ENVELOPE) };
}

/** What the demand's past looks like from every tick of it. */
const outlooksOf = (demand: Float32Array): Outlook[] =>
  Array.from(demand, (_, t) => outlookOf([...demand.subarray(Math.max(0, t + 1 - WINDOW_TICKS), t + 1)]));

/** Chooses among the allowed actions. */
export type Chooser = (state: State, mask: Mask) => number;

/**
 * An endless stream of ticks: each gives one transition for every allowed action, its return that of taking the action and then following
 * `choose` for `steps` ticks. The simulator itself goes on with `choose`, or with any allowed action at `epsilon()`'s rate.
 */
export function* practise(
  choose: Chooser,
  perMinute: Float32Array,
  random: Random,
  settings: PracticeSettings,
  epsilon: () => number,
  shape: (reward: number) => number = (reward) => reward,
  environment: Environment = ENVIRONMENT,
): Generator<readonly Transition[], never> {
  const { violationUtilisation, violationCost, moveCost } = environment;
  const take = ({ workload, state }: Place, action: number): number =>
    scaleTo(workload, state.centre + (DEVIATIONS[action] ?? 0), environment);

  for (;;) {
    const segment = drawSegment(perMinute, random);
    const { demand } = segment;
    const outlooks = outlooksOf(demand);
    const after = (place: Place, t: number, moved: number): { readonly place: Place; readonly reward: number } => {
      const isBehind = place.workload.backlog > 0;
      const tick = serve(place.workload, demand[t] as number, environment);
      const violation = isBehind ? Number(tick.violated) : segment.chanceAbove(t, violationUtilisation * tick.ready);
      // What demand alone costs is taken out of the reward: nothing that is done changes it, and it would drown the rest.
      const cost = tick.pods + violationCost * violation + moveCost * moved - tick.demand / violationUtilisation;
      return { place: placeOf(place.workload, outlooks[t] as Outlook, tick), reward: shape(-settings.rewardScale * cost) };
    };
    const tryOut = (from: Place, action: number, t: number): Transition => {
      let place: Place = { ...from, workload: copy(from.workload) };
      let reward = 0;
      let moved = take(place, action);
      for (let k = 0; k < settings.steps; k += 1) {
        const next = after(place, t + 1 + k, moved);
        reward += settings.gamma ** k * next.reward;
        place = next.place;
        if (k < settings.steps - 1) moved = take(place, choose(place.state, place.mask));
      }
      return {
        features: from.state.features,
        action,
        reward,
        steps: settings.steps,
        nextFeatures: place.state.features,
        nextMask: place.mask,
      };
    };
    const start = newWorkload(environment);
    let place = placeOf(start, outlooks[0] as Outlook, serve(start, demand[0] as number, environment));
    for (let t = 0; t < demand.length - settings.steps - 1; t += 1) {
      yield place.mask.flatMap((allowed, action) => (allowed ? [tryOut(place, action, t)] : []));
      const { state, mask } = place;
      const allowed = mask.flatMap((may, i) => (may ? [i] : []));
      const action = random() < epsilon() ? (allowed[below(random, allowed.length)] as number) : choose(state, mask);
      const moved = take(place, action);
      place = after(place, t + 1, moved).place;
    }
  }
}
