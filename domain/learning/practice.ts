import { act, best, normalise } from "./act.ts";
import { drawSegment } from "./load.ts";
import { DEVIATIONS, EnvelopeSettings, type Mask, type Model, type Random, type State, type Transition, WINDOW_TICKS } from "./model.ts";
import { type Activations, activationsFor, forward } from "./network.ts";
import { costOf, type Environment, ENVIRONMENT, newWorkload, podsOf, scaleTo, serve, type Tick, type Workload } from "./simulate.ts";
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

/**
 * An endless stream of ticks: each gives one transition for every allowed action, its return that of taking the action and then following
 * `model` for `steps` ticks. The simulator itself goes on with an epsilon-greedy action. `model` may change between the ticks.
 */
export function* practise(
  model: Model,
  perMinute: Float32Array,
  random: Random,
  settings: PracticeSettings,
  epsilon: () => number,
  shape: (reward: number) => number = (reward) => reward,
  environment: Environment = ENVIRONMENT,
): Generator<readonly Transition[], never> {
  const activations: Activations = activationsFor(model.weights.layout);
  const input = new Float32Array(model.weights.layout[0] ?? 0);
  const greedy = ({ state, mask }: Place): number =>
    best(forward(model.weights, normalise(state.features, model.normalisation, input), activations), mask);
  const take = ({ workload, state }: Place, action: number): number => scaleTo(workload, state.centre + (DEVIATIONS[action] ?? 0), environment);
  // What demand alone costs is taken out of the reward: nothing that is done changes it, and it would drown the rest.
  const rewardOf = (tick: Tick, moved: number): number =>
    shape(-settings.rewardScale * (costOf(tick, moved, environment) - tick.demand / environment.violationUtilisation));

  for (;;) {
    const demand = drawSegment(perMinute, random);
    const outlooks = outlooksOf(demand);
    const after = (place: Place, t: number): { readonly place: Place; readonly tick: Tick } => {
      const tick = serve(place.workload, demand[t] as number, environment);
      return { tick, place: placeOf(place.workload, outlooks[t] as Outlook, tick) };
    };
    const tryOut = (from: Place, action: number, t: number): Transition => {
      let place: Place = { ...from, workload: copy(from.workload) };
      let reward = 0;
      let moved = take(place, action);
      for (let k = 0; k < settings.steps; k += 1) {
        const next = after(place, t + 1 + k);
        reward += settings.gamma ** k * rewardOf(next.tick, moved);
        place = next.place;
        if (k < settings.steps - 1) moved = take(place, greedy(place));
      }
      return { features: from.state.features, action, reward, steps: settings.steps, nextFeatures: place.state.features, nextMask: place.mask };
    };
    let { place } = after({ workload: newWorkload(environment), state: { features: input, centre: 0 }, mask: [] }, 0);
    for (let t = 0; t < demand.length - settings.steps - 1; t += 1) {
      yield place.mask.flatMap((allowed, action) => (allowed ? [tryOut(place, action, t)] : []));
      take(place, act(model, place.state, place.mask, { epsilon: epsilon(), random }, activations).action);
      place = after(place, t + 1).place;
    }
  }
}
