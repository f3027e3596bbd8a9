import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { encodeModel } from "../../domain/learning/codec.ts";
import type { Random } from "../../domain/learning/model.ts";
import { ok, type Outcome, type Refusal, refuse } from "../../domain/outcome.ts";
import type { Event } from "../../events/define.ts";
import { ClientRejected, type LearningUpdated, type RollbackRequested } from "../../events/learning.ts";
import { PermanentError } from "../../runtime/errors.ts";
import type { Events, Received } from "../../runtime/function.ts";
import type { Round, RoundStore } from "../../state/rounds.ts";
import { GENESIS_HEAD } from "../genesis.ts";
import { admissible, authentic } from "./admit.ts";
import { candidateOf, membersOf, ruleFor, tryOut } from "./close.ts";
import { bytesOf, standing } from "./models.ts";
import { causeOf, end, type Working } from "./tell.ts";

type Update = z.infer<typeof LearningUpdated.data>;
type Submission = Parameters<RoundStore["submit"]>[0];

/** A client's update: into the round, or rejected. The last one that can come ends the round. */
export async function take(event: Received<unknown>, update: Update, scope: Working): Promise<Events> {
  const { rounds } = scope.resources;
  const { federation } = scope.resources.settings();
  const delta = authentic(update, federation);
  if (!delta.ok) return [reject(event, update, delta)];
  const told = await rounds.told(causeOf(event));
  if (told !== undefined) return JSON.parse(told) as Events;

  const current = await rounds.current();
  const isCurrent = update.round === current.round;
  const submission: Submission = {
    round: update.round,
    client: update.client,
    // With the event's name: delivered again it is the same, sent again by somebody else it is a replay.
    json: JSON.stringify({ cause: causeOf(event), delta: update.delta }),
    nowMs: scope.now().getTime(),
  };
  const admitted = isCurrent ? await admit(update, delta.value, submission, current, scope) : ok(undefined);
  if (!admitted.ok) return [reject(event, update, admitted)];
  // A round that is over takes nothing, but knows what it took: that is no replay, only a late redelivery.
  const submitted = await rounds.submit(submission);
  scope.reached("submitted");
  switch (submitted.kind) {
    case "closed":
      return [reject(event, update, refuse("ROUND_MISMATCH", `round ${update.round} is not in progress`))];
    case "duplicate":
      return [reject(event, update, refuse("UPDATE_DUPLICATE", "another update of this client is in the round"))];
    case "same":
    case "taken":
      scope.log.info({ client: update.client, round: update.round, updates: submitted.updates }, "update taken");
      return isCurrent && submitted.updates >= Object.keys(federation.clients).length ? close(event, current, scope) : [];
    default:
      return submitted satisfies never;
  }
}

/** What only an update of the round in progress has to pass, unless it is in there already. */
async function admit(
  update: Update,
  delta: Float32Array,
  { json, nowMs }: Submission,
  current: Round,
  { resources: { rounds, settings } }: Working,
): Promise<Outcome<void, string>> {
  if ((await rounds.update(current.round, update.client)) === json) return ok(undefined);
  const { maxNorm, deadlineMs } = settings().federation.settings;
  const baseSha256 = baseOf(current);
  const { model } = await standing(rounds, baseSha256);
  const expected = {
    round: current.round,
    baseSha256,
    parameters: model.weights.values.length,
    maxNorm,
    deadlineMs: current.openedAtMs === undefined ? undefined : current.openedAtMs + deadlineMs,
  };
  return admissible(update, delta, expected, nowMs);
}

/** Ends the round in progress when its time is up. One that nobody has sent anything to goes on. */
export async function closeIfDue(event: Received<unknown>, scope: Working): Promise<Events> {
  const { rounds } = scope.resources;
  const told = await rounds.told(causeOf(event));
  if (told !== undefined) return JSON.parse(told) as Events;
  const current = await rounds.current();
  const { deadlineMs } = scope.resources.settings().federation.settings;
  if (current.openedAtMs === undefined || scope.now().getTime() <= current.openedAtMs + deadlineMs) return [];
  return close(event, current, scope);
}

/** Ends the round in progress without an aggregate, and makes an earlier model the global one again. */
export async function rollBack(
  event: Received<unknown>,
  { toSha256, reason }: z.infer<typeof RollbackRequested.data>,
  scope: Working,
): Promise<Events> {
  const { rounds } = scope.resources;
  const settings = scope.resources.settings();
  const told = await rounds.told(causeOf(event));
  if (told !== undefined) return JSON.parse(told) as Events;
  const model = await bytesOf(rounds, toSha256);
  if (model === undefined) throw new PermanentError("ROLLBACK_IMPOSSIBLE", "no global model of that hash is kept");
  const verdict = { reason, rule: settings.federation.settings.rule, clients: [] };
  return end({ event, current: await rounds.current(), outcome: "rolled-back", verdict, model, isNew: false }, scope, settings);
}

async function close(event: Received<unknown>, current: Round, scope: Working): Promise<Events> {
  const { rounds } = scope.resources;
  const settings = scope.resources.settings();
  const { bytes, model: base } = await standing(rounds, baseOf(current));
  const members = membersOf(await rounds.updates(current.round));
  const candidate = candidateOf(members, base, settings.federation.settings, chance);
  const trial = candidate.ok ? await tryOut(candidate.value, base) : { canary: undefined, verdict: candidate };
  const verdict: Outcome<string, string> = trial.verdict;
  scope.reached("judged");
  const adopted = candidate.ok && verdict.ok ? encodeModel(candidate.value) : undefined;
  const outcome = adopted === undefined ? "kept" : "adopted";
  const about = {
    rule: ruleFor(settings.federation.settings, members.length),
    clients: members.map(({ client }) => client),
    ...(trial.canary === undefined ? {} : { canary: trial.canary }),
    ...(verdict.ok ? { reason: verdict.value } : { code: verdict.code, reason: verdict.reason }),
  };
  scope.log.info({ round: current.round, outcome, reason: about.reason, clients: members.length }, "round closed");
  return end({ event, current, outcome, verdict: about, model: adopted ?? bytes, isNew: adopted !== undefined }, scope, settings);
}

const baseOf = ({ link }: Round): string => (link ?? GENESIS_HEAD.link).modelSha256;

/** For noise that hides what a client has learnt it must not be known beforehand. */
const chance: Random = () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;

const reject = (cause: Received<unknown>, { client, round }: Update, { code, reason }: Refusal<string>): Event =>
  ClientRejected.make({ source: "/mncc/cfdrl-aggregate", subject: client, cause, data: { client, round, code, reason } });
