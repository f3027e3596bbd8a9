import { setTimeout } from "node:timers/promises";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { type Broker, type Consumer, LOG_EXCHANGE, type Message, type Settlement } from "../../runtime/broker/broker.ts";
import { decodeAmqp } from "../../runtime/codec/amqp.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { Scaler } from "./scale.ts";

/** Our own queue of proposals that are on their way out. */
export const RELAY_QUEUE = "nemo.scaling";
const PUT_BACK_AFTER_MS = 500;

interface Parts {
  readonly broker: Broker;
  /** The meta-orchestrator's; absent: it is not told. */
  readonly queue?: string;
  /** Absent: no Deployment is touched. */
  readonly scaler?: Scaler;
  readonly now: () => Date;
  readonly log: Record<"info" | "warn" | "error", (fields: object, phrase: string) => void>;
}

/** Proposals in work at once: a cluster that does not answer must not keep the others waiting. */
const PREFETCH = 50;

type Step = (record: ScalingRecord) => Promise<void>;

/**
 * Hands proposals on: those of `advise` and `act` to the meta-orchestrator's queue as plain JSON, and those of `act` to the Deployments where
 * that is wanted. Targets are absolute and go forwards in time, so that twice is as good as once; what is too old is worth nothing any more.
 */
export async function relayProposals({ broker, queue, scaler, ...parts }: Parts): Promise<Consumer> {
  if (queue !== undefined) await broker.provide({ name: queue, bindings: [] });
  const tell = forwards(async (record) => {
    if (queue === undefined) return;
    const body = Buffer.from(JSON.stringify(record));
    const message = { routingKey: queue, body, contentType: "application/json", messageId: record.decisionId };
    await broker.publish([{ exchange: "", ...message, headers: {} }]);
  });
  const scale = forwards(async (record) => {
    if (record.mode === "act") await scaler?.scale(record);
  });
  const hand = inTurn(async (record) => {
    await tell(record);
    await scale(record);
  });
  return broker.consume(
    {
      name: RELAY_QUEUE,
      bindings: [{ exchange: LOG_EXCHANGE, exchangeType: "topic", key: `${ScalingProposed.type}.#` }],
      prefetch: PREFETCH,
      deliveryLimit: 1_000,
    },
    (message) => relay(message, hand, parts),
  );
}

/** Does nothing for a record that is no newer than the newest of its workload that was done: a redelivery must not bring an old target back. */
function forwards(step: Step): Step {
  const done = new Map<string, string>();
  return async (record) => {
    if (record.takenAt <= (done.get(record.workload) ?? "")) return;
    await step(record);
    done.set(record.workload, record.takenAt);
  };
}

/** One record of a workload after the other. */
function inTurn(step: Step): Step {
  const last = new Map<string, Promise<void>>();
  return (record) => {
    const turn = (last.get(record.workload) ?? Promise.resolve()).catch(() => undefined).then(() => step(record));
    last.set(record.workload, turn);
    return turn;
  };
}

async function relay(message: Message, hand: Step, { now, log }: Pick<Parts, "now" | "log">): Promise<Settlement> {
  try {
    const record = ScalingProposed.data.parse(decodeAmqp(message).data);
    if (record.mode === "shadow" || record.mode === "off") return "ack";
    if (now() > new Date(record.validUntil)) {
      log.warn({ workload: record.workload, decisionId: record.decisionId }, "proposal too old to be handed on");
      return "ack";
    }
    await hand(record);
    return "ack";
  } catch (error) {
    if (error instanceof TransientError) {
      log.warn({ code: error.code, reason: error.message }, "proposal put back");
      await setTimeout(PUT_BACK_AFTER_MS);
      return "requeue";
    }
    if (error instanceof PermanentError) log.error({ code: error.code, reason: error.message }, "proposal not handed on");
    else log.error({ reason: error instanceof Error ? error.name : "" }, "proposal not readable");
    return "dead-letter";
  }
}
