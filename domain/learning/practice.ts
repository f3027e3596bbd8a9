import { drawSegment } from "./load.ts";
import { DEVIATIONS, EnvelopeSettings, type Mask, type Random, type State, type Transition, WINDOW_TICKS } from "./model.ts";
import { below } from "./random.ts";
import { type Environment, ENVIRONMENT, newWorkload, podsOf, scaleTo, serve, type Workload } from "./simulate.ts";
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

/** What is known when a decision is due, and what is decided. */
interface Situation {
  readonly state: State;
  readonly mask: Mask;
  readonly action: number;
}

/** Ticks that have one demand: traces are of minutes. Trying everything out on each of them would tell the same twice. */
const TICKS_OF_DEMAND = 2;

const ENVELOPE = EnvelopeSettings.parse({});

const copy = ({ ready, starting, backlog }: Workload): Workload => ({ ready, starting: [...starting], backlog });

/** What the demand's past looks like from every tick of it. */
const outlooksOf = (demand: Float32Array): Outlook[] =>
  Array.from(demand, (_, t) => outlookOf([...demand.subarray(Math.max(0, t + 1 - WINDOW_TICKS), t + 1)]));

/** Chooses among the allowed actions. */
export type Chooser = (state: State, mask: Mask) => number;

/**
 * An endless stream of minutes: each gives one transition for every allowed action, its return that of taking the action and then following
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
  const scale = (workload: Workload, { state }: Situation, action: number): number =>
    scaleTo(workload, state.centre + (DEVIATIONS[action] ?? 0), environment);

  for (;;) {
    const segment = drawSegment(perMinute, random);
    const { demand } = segment;
    const outlooks = outlooksOf(demand);
    // Ways that part come together again after some ticks: what was decided there needs not be asked twice.
    const known = Array.from(demand, () => new Map<string, Situation>());
    const situationAt = (t: number, workload: Workload): Situation => {
      const key = `${workload.ready} ${workload.starting.join(" ")}`;
      const seen = known[t]?.get(key);
      if (seen !== undefined) return seen;
      const replicas = { ready: workload.ready, starting: podsOf(workload) - workload.ready };
      const state = stateOf(outlooks[t] as Outlook, replicas, (demand[t] as number) / Math.max(1, replicas.ready));
      const mask = maskOf(state, replicas, ENVELOPE);
      const situation = { state, mask, action: choose(state, mask) };
      known[t]?.set(key, situation);
      return situation;
    };
    const pass = (workload: Workload, t: number, moved: number): number => {
      const isBehind = workload.backlog > 0;
      const tick = serve(workload, demand[t] as number, environment);
      const violation = isBehind ? Number(tick.violated) : segment.chanceAbove(t, violationUtilisation * tick.ready);
      // What demand alone costs is taken out of the reward: nothing that is done changes it, and it would drown the rest.
      const cost = tick.pods + violationCost * violation + moveCost * moved - tick.demand / violationUtilisation;
      return shape(-settings.rewardScale * cost);
    };
    const tryOut = (from: Workload, situation: Situation, action: number, t: number): Transition => {
      const workload = copy(from);
      let here = situation;
      let next = action;
      let reward = 0;
      for (let k = 0; k < settings.steps; k += 1) {
        reward += settings.gamma ** k * pass(workload, t + 1 + k, scale(workload, here, next));
        here = situationAt(t + 1 + k, workload);
        next = here.action;
      }
      const { features } = situation.state;
      return { features, action, reward, steps: settings.steps, nextFeatures: here.state.features, nextMask: here.mask };
    };
    const workload = newWorkload(environment);
    pass(workload, 0, 0);
    for (let t = 0; t < demand.length - settings.steps - 1; t += 1) {
      const situation = situationAt(t, workload);
      const allowed = situation.mask.flatMap((may, i) => (may ? [i] : []));
      if (t % TICKS_OF_DEMAND === 0) yield allowed.map((action) => tryOut(workload, situation, action, t));
      const action = random() < epsilon() ? (allowed[below(random, allowed.length)] as number) : situation.action;
      pass(workload, t + 1, scale(workload, situation, action));
      known[t]?.clear();
    }
  }
}
