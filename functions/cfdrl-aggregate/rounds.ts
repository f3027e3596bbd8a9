import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { encodeModel } from "../../domain/learning/codec.ts";
import type { Random } from "../../domain/learning/model.ts";
import { type Outcome, type Refusal, refuse } from "../../domain/outcome.ts";
import type { Event } from "../../events/define.ts";
import { ClientRejected, type LearningUpdated, type RollbackRequested } from "../../events/learning.ts";
import { PermanentError } from "../../runtime/errors.ts";
import type { Events, Received } from "../../runtime/function.ts";
import type { Round } from "../../state/rounds.ts";
import { GENESIS_HEAD } from "../genesis.ts";
import { admissible, authentic } from "./admit.ts";
import { candidateOf, membersOf, ruleFor, tryOut } from "./close.ts";
import { bytesOf, standing } from "./models.ts";
import { causeOf, end, type Working } from "./tell.ts";

type Update = z.infer<typeof LearningUpdated.data>;

/** A client's update: into the round, or rejected. The last one that can come ends the round. */
export async function take(event: Received<unknown>, update: Update, scope: Working): Promise<Events> {
  const { rounds } = scope.resources;
  const { federation } = scope.resources.settings();
  const delta = authentic(update, federation);
  if (!delta.ok) return [reject(event, update, delta)];
  const told = await rounds.told(causeOf(event));
  if (told !== undefined) return JSON.parse(told) as Events;

  const current = await rounds.current();
  const { round, openedAtMs } = current;
  // With the event's name: delivered again it is the same, sent again by somebody else it is a replay.
  const json = JSON.stringify({ cause: causeOf(event), delta: update.delta });
  const nowMs = scope.now().getTime();
  const asked = { round: update.round, client: update.client, json, nowMs };
  if (update.round === round) {
    const { model: base } = await standing(rounds, baseOf(current));
    const deadlineMs = openedAtMs === undefined ? undefined : openedAtMs + federation.settings.deadlineMs;
    const expected = { round, baseSha256: baseOf(current), parameters: base.weights.values.length, ...federation.settings, deadlineMs };
    const known = await rounds.update(round, update.client);
    const admitted = known === json ? undefined : admissible(update, delta.value, expected, nowMs);
    if (admitted?.ok === false) return [reject(event, update, admitted)];
  }
  // A round that is over takes nothing, but knows what it took: that is no replay, only a late redelivery.
  const submitted = await rounds.submit(asked);
  scope.reached("submitted");
  switch (submitted.kind) {
    case "closed":
      return [reject(event, update, refuse("ROUND_MISMATCH", `it is of round ${update.round}, this is ${round}`))];
    case "duplicate":
      return [reject(event, update, refuse("UPDATE_DUPLICATE", "another update of this client is in the round"))];
    case "same":
    case "taken":
      scope.log.info({ client: update.client, round: update.round, updates: submitted.updates }, "update taken");
      return update.round === round && submitted.updates >= Object.keys(federation.clients).length ? close(event, current, scope) : [];
    default:
      return submitted satisfies never;
  }
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
  const trial = candidate.ok ? tryOut(candidate.value, base) : { canary: undefined, verdict: candidate };
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
