import type { Change, EnvelopeSettings, Observation, Recommendation, Shadow, Standing } from "./model.ts";
import { costOf, type Environment, ENVIRONMENT, observe, scaleTo, serve } from "./simulate.ts";

/*
 * Whether the learner earns its place on this very workload. Both it and the HPA scale an imagined workload under the demand that there really
 * is; what each would have cost is compared, from the past alone. Who is behind does not act, so that a load that the learner was never trained
 * for, or a model that was spoilt, costs little more than the HPA would have.
 */

/** Periods after which a comparison counts for a third: six hours of 30 s. */
const FORGET_TICKS = 720;
/** By how much the learner begins behind, in pods a period: it is not let in by one lucky decision. */
const DEBT = 0.1;

/** Scales an imagined workload, with a past of its own. */
export type Scaler = (observation: Observation, past: Past) => Past & { readonly replicas: number };

interface Past {
  readonly recommendations: readonly Recommendation[];
  readonly changes: readonly Change[];
}

const freshShadow = (ready: number, { startUpTicks }: Environment): Shadow => ({
  ready: Math.max(1, ready),
  starting: Array<number>(startUpTicks).fill(0),
  backlog: 0,
  moved: 0,
  recommendations: [],
  changes: [],
});

/**
 * One more period of the comparison.
 * @param demand pods of work that the period brought.
 */
export function compare(
  before: Standing | undefined,
  { observation, demand, envelope }: { readonly observation: Observation; readonly demand: number; readonly envelope: EnvelopeSettings },
  scalers: { readonly hpa: Scaler; readonly learner: Scaler },
): Standing {
  const { atMs, periodMs, replicas } = observation;
  const { minReplicas, maxReplicas } = envelope;
  const environment = { ...ENVIRONMENT, tickMs: periodMs, minReplicas, maxReplicas };
  const pass = (shadow: Shadow, scaler: Scaler): { readonly shadow: Shadow; readonly cost: number } => {
    const workload = { ready: shadow.ready, starting: [...shadow.starting], backlog: shadow.backlog };
    const tick = serve(workload, demand, environment);
    const { replicas: wanted, recommendations, changes } = scaler({ ...observe(workload, tick, 0, environment), atMs }, shadow);
    const moved = scaleTo(workload, wanted, environment);
    return { shadow: { ...workload, moved, recommendations, changes }, cost: costOf(tick, shadow.moved, environment) };
  };
  const from = before ?? {
    advantage: -DEBT,
    hpa: freshShadow(replicas.ready, environment),
    learner: freshShadow(replicas.ready, environment),
  };
  const [hpa, learner] = [pass(from.hpa, scalers.hpa), pass(from.learner, scalers.learner)];
  const saved = hpa.cost - learner.cost;
  return { advantage: from.advantage + (saved - from.advantage) / FORGET_TICKS, hpa: hpa.shadow, learner: learner.shadow };
}
