import { encodeFloats, toBase64 } from "../../domain/learning/codec.ts";
import { learn as step, workspaceFor } from "../../domain/learning/learn.ts";
import type { Model, Random, Transition } from "../../domain/learning/model.ts";
import { isSound } from "../../domain/learning/network.ts";
import { below, seeded } from "../../domain/learning/random.ts";
import { TRAIN_DEFAULTS } from "../../domain/learning/train.ts";
import { decodeTransition, TRANSITION_BYTES } from "../../domain/scaling/experience.ts";
import { derivedId, type Event } from "../../events/define.ts";
import { LearningUpdated } from "../../events/learning.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Events, Received, Scope } from "../../runtime/function.ts";
import type { PolicyStore } from "../../state/policies.ts";
import type { ScalingStore } from "../../state/scaling.ts";
import type { Switches } from "../../state/switches.ts";
import { sha256, signUpdate } from "../federation.ts";
import type { Models } from "./models.ts";
import type { Settings } from "../settings.ts";
import { decodeTrainee, encodeTrainee, newTrainee, type Trainee } from "./trainee.ts";

export interface LearnParts {
  readonly settings: Settings;
  readonly scaling: ScalingStore;
  readonly switches: Switches;
  readonly policies: PolicyStore;
  readonly models: Models;
}

/**
 * Trains the client's copy of the model on what the cluster's workloads went through, and once a round sends what that changed. Nothing
 * acts with the copy: only a global model that passed the canary does.
 */
export async function learn(event: Received<unknown>, scope: Scope<LearnParts>): Promise<Events> {
  const { scaling, switches, policies, models } = scope.resources;
  const { client, clientKey, training: plan } = scope.resources.settings();
  const cause = derivedId(event, LearningUpdated.type, 0);
  const [told, { killed }, { head, model }, training] = await Promise.all([
    policies.told(client, cause),
    switches.modes(),
    models.current(client),
    policies.training(client),
  ]);
  if (told !== undefined) return JSON.parse(told) as Events;
  if (killed || typeof model === "string") return [];
  const random = seeded(Number.parseInt(sha256(cause).slice(0, 8), 16));
  const { size, transitions } = await drawFrom(scaling, plan.stepsADue * TRAIN_DEFAULTS.batch, random);
  if (size < plan.minTransitions) return [];

  const baseSha256 = head.link.modelSha256;
  const known = training.learner === undefined ? undefined : decodeTrainee(training.learner);
  const before = known?.baseSha256 === baseSha256 ? known : newTrainee(model.weights, baseSha256);
  const trained = train(before, transitions, model);
  const round = head.link.round + 1;
  const isDue = trained.steps >= plan.stepsARound && trained.sentRound < round;
  const after = isDue ? { ...trained, sentRound: round } : trained;
  const events = isDue ? [tell(event, { client, round, baseSha256, samples: size }, deltaOf(trained, model), clientKey)] : [];
  scope.reached("trained");
  const kept = await policies.train(client, {
    cause,
    version: training.version,
    learner: encodeTrainee(after),
    told: JSON.stringify(events),
  });
  scope.reached("kept");
  if (kept.kind === "told") return JSON.parse(kept.told) as Events;
  if (kept.kind === "conflict") throw new TransientError("TRAINING_CONFLICT", "another worker trained meanwhile");
  scope.log.info({ round, steps: after.steps, transitions: size, sent: isDue }, "policy trained");
  return events;
}

/** Uniformly over all transitions of all workloads. */
async function drawFrom(
  scaling: ScalingStore,
  count: number,
  random: Random,
): Promise<{ size: number; transitions: readonly Transition[] }> {
  const workloads = await scaling.workloads();
  const sizes = await Promise.all(workloads.map((workload) => scaling.ringSize(workload, TRANSITION_BYTES)));
  const size = sizes.reduce((sum, one) => sum + one, 0);
  if (size === 0) return { size, transitions: [] };
  const places = workloads.map((): number[] => []);
  for (let i = 0; i < count; i += 1) {
    let place = below(random, size);
    const at = sizes.findIndex((one) => (place < one ? true : ((place -= one), false)));
    places[at]?.push(place);
  }
  const drawn = await Promise.all(workloads.map((workload, i) => scaling.draw(workload, TRANSITION_BYTES, places[i] ?? [])));
  const transitions = drawn.flat().map(decodeTransition);
  // By workload as they came: a batch should be of all of them.
  for (let i = transitions.length - 1; i > 0; i -= 1) {
    const j = below(random, i + 1);
    [transitions[i], transitions[j]] = [transitions[j] as Transition, transitions[i] as Transition];
  }
  return { size, transitions };
}

/** What diverges is thrown away, and training starts again from the model. */
function train(trainee: Trainee, transitions: readonly Transition[], { weights, normalisation }: Model): Trainee {
  const workspace = workspaceFor(weights);
  let { steps } = trainee;
  for (let at = 0; at < transitions.length; at += TRAIN_DEFAULTS.batch) {
    step(trainee.learner, transitions.slice(at, at + TRAIN_DEFAULTS.batch), normalisation, TRAIN_DEFAULTS, workspace);
    steps += 1;
  }
  const { weights: now, target } = trainee.learner;
  return isSound(now) && isSound(target) ? { ...trainee, steps } : newTrainee(weights, trainee.baseSha256);
}

/** Of the target network, which follows the trained one smoothly, as the shipped model was taken. */
const deltaOf = ({ learner }: Trainee, { weights }: Model): Float32Array =>
  learner.target.values.map((x, i) => x - (weights.values[i] as number));

function tell(
  cause: Received<unknown>,
  about: { readonly client: string; readonly round: number; readonly baseSha256: string; readonly samples: number },
  delta: Float32Array,
  clientKey: string,
): Event {
  const bytes = encodeFloats(delta);
  const claims = { ...about, deltaSha256: sha256(bytes) };
  const data = { ...claims, delta: toBase64(bytes), signature: signUpdate(claims, clientKey) };
  return LearningUpdated.make({ source: "/mncc/cfdrl-step", subject: about.client, cause, data });
}
