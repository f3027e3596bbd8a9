import { emptyRun, type Environment, ENVIRONMENT, podsOf, record, type Run, scaleTo, type Workload } from "./simulate.ts";

/*
 * The cheapest that anybody could have done who had known the whole demand: an exact dynamic programme, backwards in time, over the pods that
 * are ready and those that start. It lets no backlog build up, which only makes it cheaper: a true lower bound for every policy.
 */

interface Choice {
  /** Pods that serve this tick. */
  readonly ready: number;
  readonly pods: number;
  readonly moved: number;
  readonly next: number;
}

interface States {
  readonly keys: readonly string[];
  readonly choices: readonly (readonly Choice[])[];
  readonly initial: number;
}

const keyOf = ({ ready, starting }: Workload): string => `${ready} ${starting.join(" ")}`;

/** Every state that can be reached before a decision, with what each decision makes of it; first the one that a run starts in. */
function statesOf(environment: Environment): States {
  const start: Workload = { ready: environment.initialReplicas, starting: Array<number>(environment.startUpTicks).fill(0), backlog: 0 };
  const indices = new Map([[keyOf(start), 0]]);
  const found = [start];
  const choices: Choice[][] = [];
  for (let i = 0; i < found.length; i += 1) {
    const from = found[i] as Workload;
    choices[i] = [];
    for (let wanted = environment.minReplicas; wanted <= environment.maxReplicas; wanted += 1) {
      const to: Workload = { ...from, starting: [...from.starting] };
      const moved = scaleTo(to, wanted, environment);
      const { ready } = to;
      const pods = podsOf(to);
      to.ready += to.starting.shift() ?? 0;
      if (environment.startUpTicks > 0) to.starting.push(0);
      const key = keyOf(to);
      if (!indices.has(key)) indices.set(key, found.push(to) - 1);
      choices[i]?.push({ ready, pods, moved, next: indices.get(key) as number });
    }
  }
  return { keys: [...indices.keys()], choices, initial: 0 };
}

/** The cheapest run of a demand that is known beforehand. The first tick is served by the initial replicas, as in `simulate`. */
export function optimalRun(demand: Float32Array, environment: Environment = ENVIRONMENT): Run {
  const { keys, choices } = statesOf(environment);
  const ticks = demand.length;
  const chosen = new Uint8Array(ticks * keys.length);
  let later = new Float64Array(keys.length);
  for (let t = ticks - 1; t > 0; t -= 1) {
    const now = new Float64Array(keys.length);
    const work = demand[t] as number;
    for (let s = 0; s < keys.length; s += 1) {
      const options = choices[s] as readonly Choice[];
      let least = Number.POSITIVE_INFINITY;
      for (let a = 0; a < options.length; a += 1) {
        const { ready, pods, moved, next } = options[a] as Choice;
        const violated = work / ready > environment.violationUtilisation;
        const cost = pods + (violated ? environment.violationCost : 0) + environment.moveCost * moved + (later[next] as number);
        if (cost < least) {
          least = cost;
          chosen[t * keys.length + s] = a;
        }
      }
      now[s] = least;
    }
    later = now;
  }
  return replay(demand, chosen, choices, environment);
}

function replay(demand: Float32Array, chosen: Uint8Array, choices: States["choices"], environment: Environment): Run {
  const run = emptyRun(demand.length);
  const isViolated = (work: number, ready: number): boolean => work / ready > environment.violationUtilisation;
  const { initialReplicas } = environment;
  if (demand.length > 0) record(run, 0, initialReplicas, isViolated(demand[0] as number, initialReplicas), 0, environment);
  let state = 0;
  for (let t = 1; t < demand.length; t += 1) {
    const { ready, pods, moved, next } = (choices[state] as readonly Choice[])[chosen[t * choices.length + state] as number] as Choice;
    record(run, t, pods, isViolated(demand[t] as number, ready), moved, environment);
    state = next;
  }
  return run;
}
