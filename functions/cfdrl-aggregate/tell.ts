import { toBase64 } from "../../domain/learning/codec.ts";
import type { AggregationRule } from "../../domain/learning/model.ts";
import type { Canary } from "../../domain/scaling/canary.ts";
import type { Link } from "../../domain/scaling/federation.ts";
import type { LearningSettings } from "../../domain/scaling/settings.ts";
import { derivedId, type Event } from "../../events/define.ts";
import { PolicyUpdated } from "../../events/learning.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Events, Received, Scope } from "../../runtime/function.ts";
import type { Round, RoundStore } from "../../state/rounds.ts";
import { linkSha256, sha256, signLink } from "../federation.ts";
import { GENESIS_HEAD } from "../genesis.ts";
import type { Settings } from "../settings.ts";

/** Enough for a client that was away for hours to find where it stood. */
const CHAIN = 63;

/** Names what a cause led to, so that its redelivery says the same. */
export const causeOf = (event: Event): string => derivedId(event, PolicyUpdated.type, 0);

export type Working = Scope<{ readonly settings: Settings; readonly rounds: RoundStore }>;

interface Ending {
  readonly event: Received<unknown>;
  readonly current: Round;
  readonly outcome: Exclude<Link["outcome"], "genesis">;
  readonly verdict: {
    readonly code?: string;
    readonly reason: string;
    readonly rule: AggregationRule;
    readonly clients: readonly string[];
    readonly canary?: Canary;
  };
  /** Of the model that holds from now on. */
  readonly model: Uint8Array;
  readonly isNew: boolean;
}

/** Signs the newest link, commits it, and tells of it. One atomic step: a round ends once. */
export async function end(ending: Ending, { resources: { rounds }, reached }: Working, settings: LearningSettings): Promise<Events> {
  const { event, current, outcome, verdict, model, isNew } = ending;
  if (settings.aggregatorKey === undefined) throw new Error("cfdrl-aggregate was opened without the aggregator's key");
  const former = current.link ?? GENESIS_HEAD.link;
  const link: Link = {
    round: current.round,
    outcome,
    modelSha256: sha256(model),
    previous: current.linkSha256 ?? GENESIS_HEAD.linkSha256,
  };
  const data = {
    ...verdict,
    clients: [...verdict.clients],
    link,
    signature: signLink(link, settings.aggregatorKey),
    chain: [...(await rounds.links(CHAIN)), link],
    // Every time: who missed the round in which it was new has it then.
    model: toBase64(model),
  };
  const events = [PolicyUpdated.make({ source: "/mncc/cfdrl-aggregate", subject: `round/${String(link.round)}`, cause: event, data })];
  const closed = await rounds.close({
    cause: causeOf(event),
    round: current.round,
    link,
    linkSha256: linkSha256(link),
    ...(isNew ? { model } : {}),
    formerSha256: former.modelSha256,
    told: JSON.stringify(events),
  });
  reached("closed");
  if (closed.kind === "told") return JSON.parse(closed.told) as Events;
  if (closed.kind === "conflict") throw new TransientError("ROUND_CONFLICT", "another worker ended the round meanwhile");
  return events;
}
